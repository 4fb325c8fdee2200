#!/usr/bin/env bash
# Five nodes: one is killed, one is stopped, two are cut off, and all are exchanged one after another.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "members notice who is dead, stopped or out of reach, and all of them are back when it is over"
bed_up 5 --link veth --memory 64
nodes=(a b c d e)

# All of the first list see all of the second like that: "a b" "c d" STATE
see() {
	local one
	for one in $1; do
		sl "$one" members --down --json >"$smoke_work/members-$one" || return 1
		[ "$(json "$smoke_work/members-$one" "all({m['name']: m['state'] for m in j['members']}.get(n) == '$3'
			for n in '$2'.split())")" = true ] || return 1
	done
}
whole() { see "${nodes[*]}" "${nodes[*]}" alive; }
incarnation() { # NODE OF
	sl "$1" members --json >"$smoke_work/members-$1" &&
		json "$smoke_work/members-$1" "next(m['incarnation'] for m in j['members'] if m['name'] == '$2')"
}
suspicions() { sl "$1" metrics | sed -n 's/^sluice_swim_suspicions_total{kind="raised"} //p'; }

expect_soon 15 "all five know all five" whole

smoke_say "kill -9: everybody knows that e is dead, and that it is back"
before=$(incarnation a e)
kill -KILL "$(node_pid e control)"
expect_soon 20 "e is dead to the others" see "a b c d" e dead
bed_node start e
expect_soon 15 "e is alive to all" whole
[ "$(incarnation a e)" -gt "$before" ] || smoke_fail "e came back with the incarnation $before"

smoke_say "SIGSTOP: b is dead to the others, and accuses nobody when it goes on"
stopped=$(node_pid b control)
accused=$(suspicions b)
kill -STOP "$stopped"
expect_soon 20 "b is dead to the others" see "a c d e" b dead
kill -CONT "$stopped"
expect_soon 20 "b is alive to all" whole
[ "$(node_pid b control)" = "$stopped" ] || smoke_fail "b was started again"
[ "$(suspicions b)" = "$accused" ] || smoke_fail "b accused others of its own sleep"

smoke_say "the management bridge in two parts: each sees itself"
ip -n sluice-mgmt link add br1 type bridge stp_state 0 forward_delay 0
ip -n sluice-mgmt link set br1 up
ip -n sluice-mgmt link set mgmt-d master br1
ip -n sluice-mgmt link set mgmt-e master br1
parted() {
	see "a b c" "d e" dead && see "d e" "a b c" dead && see "a b c" "a b c" alive && see "d e" "d e" alive
}
expect_soon 30 "both parts know only themselves" parted
smoke_say "and in one again"
ip -n sluice-mgmt link set mgmt-d master br0
ip -n sluice-mgmt link set mgmt-e master br0
expect_soon 30 "all see all again" whole

smoke_say "every node is exchanged while a sends to b"
make_slow "$smoke_work/file"
transfer_start a "$smoke_work/file" b
serve_signal b STOP
# Of those in between the whole node; of the two whose workers carry it, control.
for node in c d e; do
	bed_node stop "$node"
	bed_node start "$node"
	expect_soon 20 "all see $node again" whole
done
for node in a b; do
	kill -KILL "$(node_pid "$node" control)"
	[ "$node" = a ] || serve_signal b CONT
	bed_node start "$node"
	expect_soon 20 "all see $node again" whole
done
transfer_end
[ "$transfer_code" = 0 ] || smoke_fail "the transfer ended with $transfer_code"
expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
smoke_end
