#!/usr/bin/env bash
# What three nodes agreed on: any of them answers and takes writes, one may be lost, and two alone say so.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "what the cluster acknowledged is there on every node, whichever is killed"
bed_up 3 --memory 64

leader() { sl "$1" raft show --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["leader"])'; }
voters() { sl "$1" raft show --json | python3 -c '
import json, sys
print(" ".join(sorted(m["name"] for m in json.load(sys.stdin)["members"] if m["role"] == "voter")))'; }
has() { [ "$(sl "$1" kv get "$2" 2>/dev/null)" = "$3" ]; } # NODE KEY VALUE
leads() { [ "$(leader a)" = "$1" ]; }
votes() { [[ " $(voters "$lead") " == *" $1 "* ]]; } # as the leader has it
votes_not() { ! votes "$1"; }
others() { local n; for n in a b c; do [ "$n" = "$1" ] || printf '%s ' "$n"; done; }

smoke_say "testbed up ends with three voters and a leader"
for node in a b c; do
	[ "$(voters "$node")" = "a b c" ] || smoke_fail "node $node has the voters $(voters "$node")"
	expect 0 sl "$node" raft show --json
	expect_json "j['leader'] in ('a', 'b', 'c') and j['term'] > 0 and j['commit'] > 0 and len(j['members']) == 3"
done

smoke_say "every node takes a write, and every other has it at once"
for node in a b c; do
	expect 0 sl "$node" kv put "from/$node" "value of $node"
	for reader in a b c; do
		has "$reader" "from/$node" "value of $node" || smoke_fail "node $reader does not see the write of $node"
	done
done
expect 0 sl b kv list --prefix from/ --json
expect_json "[i['key'] for i in j['items']] == ['from/a', 'from/b', 'from/c']"
expect 0 sl c kv delete from/ --prefix
expect_says '3 keys deleted'
expect 1 sl a kv get from/a
expect_says "there is no key 'from/a'"

smoke_say "bytes come back as they were, and are all that is printed"
head -c 60000 /dev/urandom >"$smoke_work/bytes"
expect 0 sl a kv put bytes --file "$smoke_work/bytes"
sl b kv get bytes >"$smoke_work/back"
expect_same "$smoke_work/bytes" "$smoke_work/back"

smoke_say "a put at a revision is done once"
expect 0 sl a kv put once 1 --if-revision 0
expect 1 sl b kv put once 2 --if-revision 0
expect_says 'nothing was done'
revision=$(sl c kv get once --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["mod_revision"])')
expect 0 sl c kv put once 3 --if-revision "$revision"
has a once 3 || smoke_fail "the second put at a revision is not there"

smoke_say "the leader is killed: a write goes on, and it comes back with all of them"
first=$(leader a)
rest=$(others "$first")
kill -KILL "$(node_pid "$first" control)"
expect 0 sl "${rest%% *}" kv put after-the-kill yes --timeout-ms 30000
[ "$(leader "${rest%% *}")" != "$first" ] || smoke_fail "the killed node $first still leads"
bed_node start "$first"
expect_soon 20 "node $first has what it missed" has "$first" after-the-kill yes
has "$first" once 3 || smoke_fail "node $first lost what it had"

smoke_say "leadership is handed over, and stays there"
first=$(leader a)
to=$(others "$first") to=${to%% *}
expect 0 sl "$first" raft transfer "$to"
expect_soon 10 "node $to leads" leads "$to"
expect 0 sl a kv put after-the-transfer yes

smoke_say "without a majority nothing is promised: a write says so, a stale read is one by name"
stopped=$(others "$to")
for node in $stopped; do bed_node stop "$node"; done
expect 1 sl "$to" kv put alone yes --timeout-ms 2000
expect 1 sl "$to" kv get once --timeout-ms 2000
expect 0 sl "$to" kv get once --stale
expect_says '^3$'
for node in $stopped; do bed_node start "$node"; done
expect_soon 20 "the cluster goes on" sl "$to" kv put together yes --timeout-ms 3000
for node in a b c; do has "$node" together yes || smoke_fail "node $node does not see the write"; done

smoke_say "a member is removed, and added again"
lead=$(leader a)
gone=$(others "$lead") gone=${gone%% *}
expect 0 sl "$lead" raft member remove "$gone"
expect_soon 10 "node $gone is no voter" votes_not "$gone"
expect 0 sl "$lead" kv put without yes
expect 0 sl "$lead" raft member add "$gone"
expect_soon 20 "node $gone is a voter again" votes "$gone"
expect_soon 10 "node $gone has what it missed" has "$gone" without yes

smoke_say "a second cluster is not begun by mistake"
expect 1 sl a raft bootstrap
expect_says 'is a member of a cluster'
smoke_end
