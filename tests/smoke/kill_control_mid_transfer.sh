#!/usr/bin/env bash
# Control decides, the dataplane carries: with both control processes killed a transfer goes on.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a transfer goes on while control is killed and started again"
bed_up 2 --link veth
make_slow "$smoke_work/file"
plane_a=$(node_pid a dataplane) plane_b=$(node_pid b dataplane)
transfer_start a "$smoke_work/file" b
kill -KILL "$(node_pid a control)" "$(node_pid b control)"
smoke_say "both control processes killed"
sleep 1
kill -0 "$transfer_pid" 2>/dev/null || smoke_say "(the transfer ended before control was started again)"
expect 3 sl a status
bed_node start a
bed_node start b
[ "$(node_pid a dataplane) $(node_pid b dataplane)" = "$plane_a $plane_b" ] ||
	smoke_fail "a restarted control did not attach to the running dataplane"
transfer_end
[ "$transfer_code" = 0 ] || smoke_fail "the transfer ended with $transfer_code"
expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
smoke_say "the next transfer"
make_random "$smoke_work/next" 1000000
expect 0 sl a send "$smoke_work/next" b
expect_same "$smoke_work/next" "$SLUICE_TESTBED/b/inbox/next"
smoke_end
