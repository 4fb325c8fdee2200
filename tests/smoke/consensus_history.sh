#!/usr/bin/env bash
# Clients write and read on all nodes while these are killed, stopped and cut off; their history is checked.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
nodes=$1
smoke_begin "what clients of $nodes nodes saw is linearizable, whatever happens to the nodes"
names=$(printf '%s ' a b c d e | cut -d' ' -f"1-$nodes")
bed_up "$nodes" --link veth --memory 64 --no-serve

sockets=()
for node in $names; do sockets+=("$SLUICE_TESTBED/$node/control.sock"); done
(exec python3 "$smoke_root/tests/smoke/consensus_clients.py" "$smoke_work/history" "${sockets[@]}") &
clients=$!
smoke_children+=("$clients")
expect_soon 20 "the clients write" test -s "$smoke_work/history"

leader() { # as any node that answers says
	local node
	for node in $names; do
		sl "$node" raft show --json 2>/dev/null | python3 -c '
import json, sys
name = json.load(sys.stdin)["leader"]
sys.exit(1) if name is None else print(name)' 2>/dev/null && return
	done
	return 1
}
wait_leader() { expect_soon 20 "somebody leads" leader; }
# Acknowledged writes so far.
acknowledged() { grep -c '"op": "put".*"outcome": "ok"' "$smoke_work/history" || true; }
more_than() { [ "$(acknowledged)" -gt "$1" ]; }
goes_on() { # after WHAT
	expect_soon 30 "writes are acknowledged after $1" more_than $(($(acknowledged) + 20))
	smoke_say "$1"
}
goes_on "nothing yet"

wait_leader && one=$(leader)
kill -KILL "$(node_pid "$one" control)"
goes_on "the leader, $one, was killed"
bed_node start "$one"

wait_leader && one=$(leader)
stopped=$(node_pid "$one" control)
kill -STOP "$stopped"
goes_on "the leader, $one, was stopped"
kill -CONT "$stopped"
goes_on "it goes on, and thinks that it leads"

wait_leader && one=$(leader)
ip -n sluice-mgmt link set "mgmt-$one" down
goes_on "the leader, $one, was cut off"
ip -n sluice-mgmt link set "mgmt-$one" up

for node in $names; do
	kill -KILL "$(node_pid "$node" control)" 2>/dev/null || true
done
for node in $names; do bed_node start "$node"; done
goes_on "all were killed, and started again"

kill -TERM "$clients"
wait "$clients" || smoke_fail "the clients ended with an error"
expect 0 "$SLUICE_BUILD/tests/linear/linear-check" "$smoke_work/history"
smoke_say "$(wc -l <"$smoke_work/history") operations, $(acknowledged) acknowledged puts: linearizable"
# And what was acknowledged last is what every node has.
for node in $names; do
	sl "$node" kv list --json >"$smoke_work/list-$node"
	expect_same "$smoke_work/list-a" "$smoke_work/list-$node"
done
smoke_end
