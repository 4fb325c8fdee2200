#!/usr/bin/env bash
# Control connections are pooled: they are reused, no address of a peer is needed, and a peer that restarts costs at most one request.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "requests to peers reuse connections, peers are found by name, and a restart costs at most one request"
bed_up 2 --link memif
make_random "$smoke_work/file" 300000

smoke_say "connections are reused"
for _ in 1 2 3 4 5 6 7 8 9 10; do expect 0 sl a session open b; done
expect 0 sl a pool show --json
expect_json '[n["connections"] for n in j["nodes"] if n["name"] == "b"] in ([1], [2])'
expect_json 'j["options"]["node_max"] == 64 and j["options"]["breaker"] is True and j["options"]["idle_timeout_ms"] == 60000'
expect_json '[n["reuse_ratio"] > 0.8 for n in j["nodes"] if n["name"] == "b"] == [True] and j["total"]["leaked"] == 0'

smoke_say "an operator drains, explains, resumes and warms"
expect 0 sl a pool drain b
expect 3 sl a session open b
expect_says 'no control connection to node b'
expect 0 sl a pool explain b --json
expect_json 'j["result"] == "refused" and j["why"] == "draining"'
expect 0 sl a pool resume b
expect 0 sl a pool warm b --connections 2
expect_soon 10 "two are ready" sh -c \
	"$(declare -f sl); SLUICE_BUILD=$SLUICE_BUILD; sl a pool show --json | grep -Eq '\"connections\": *2'"
expect 0 sl a session open b

smoke_say "b's control is killed and started again"
plane=$(node_pid b dataplane) failed=0
kill -KILL "$(node_pid b control)"
bed_node start b
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sl a session open b >/dev/null 2>"$smoke_work/err" || failed=$((failed + 1))
done
[ "$failed" -le 1 ] || smoke_fail "$failed of 10 requests failed after the restart"
[ "$(node_pid b dataplane)" = "$plane" ] || smoke_fail "b has another dataplane"
expect 0 sl a send "$smoke_work/file" b
expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"

smoke_say "neither knows an address of the other's dataplane: one seed is enough"
seed=$(sed -n 's/^  listen: //p' "$SLUICE_TESTBED/b/node.yaml")
for node in a b; do
	bed_node stop "$node"
	sed -i '/^peers:/,$d' "$SLUICE_TESTBED/$node/node.yaml"
done
printf 'pool:\n  node_max: 32\n  stream_slots: 8\n  idle_timeout_ms: 30000\nmembership:\n  seeds: ["%s"]\n' "$seed" >>"$SLUICE_TESTBED/a/node.yaml"
bed_node start b
bed_node start a
expect_soon 20 "a sees b" sl a ping b
expect 0 sl a pool show --json
expect_json 'j["options"]["node_max"] == 32 and j["options"]["stream_slots"] == 8 and j["options"]["idle_timeout_ms"] == 30000'
expect 0 sl a pool show
expect_says '32 requests to a node at once, 4096 in all, 8 on a connection'
rm -f -- "$SLUICE_TESTBED/b/inbox/file"
expect_soon 10 "a sends to b" sl a send "$smoke_work/file" b
expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
expect 1 sl a session open c
expect_says 'the peers of node a are: b'
smoke_end
