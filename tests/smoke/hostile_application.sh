#!/usr/bin/env bash
# Applications that break the contract in every way we know: each is hung up on, and nobody else notices.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a hostile application harms only itself"
bed_up 2 --link veth
hostile=$SLUICE_BUILD/tests/smoke/hostile_application
make_slow "$smoke_work/file"
dataplane_a=$(node_pid a dataplane)
dataplane_b=$(node_pid b dataplane)
transfer_start a "$smoke_work/file" b
for way in garbage_descriptors garbage_tail garbage_head offset_out_of_range foreign_block holes unsealed no_region \
	garbage_message; do
	for node in a b; do
		expect 0 "$hostile" "$SLUICE_TESTBED/$node/data.sock" "$way"
	done
	smoke_say "$way: hung up on"
done
smoke_say "a stopped application, and one that is killed, beside them"
SLUICE_DATA=$SLUICE_TESTBED/b/data.sock "$SLUICE_BUILD/docs/examples/echo" serve >/dev/null 2>&1 &
stopped=$!
smoke_children+=("$stopped")
sleep 0.3
kill -STOP "$stopped"
SLUICE_DATA=$SLUICE_TESTBED/a/data.sock timeout -s KILL 2 "$SLUICE_BUILD/docs/examples/echo" b 100000 >/dev/null 2>&1 || true
kill -CONT "$stopped"
wait "$transfer_pid" || smoke_fail "the honest transfer ended with $?: $(cat "$smoke_work/send.log")"
expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
[ "$(node_pid a dataplane)" = "$dataplane_a" ] || smoke_fail "the dataplane of a is another one"
[ "$(node_pid b dataplane)" = "$dataplane_b" ] || smoke_fail "the dataplane of b is another one"
smoke_end
