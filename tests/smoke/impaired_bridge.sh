#!/usr/bin/env bash
# The bridge drops, duplicates, corrupts and reorders frames: the file arrives all the same.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a file arrives through a bridge that drops, duplicates, corrupts and reorders"
[ -x "$SLUICE_BUILD/tests/support/impair" ] || smoke_skip "tests/support/impair is not built (clang, libbpf-dev)"
impair() { "$smoke_root/tests/support/impair.sh" --netns sluice-net "$@"; }
bed_up 2 --link veth
make_random "$smoke_work/file" 30000000
for port in port-a port-b; do
	impair on "$port" --drop 10 --duplicate 20 --corrupt 10 --reorder 10 || smoke_fail "impairment of $port"
done
for round in 1 2; do
	expect 0 sl a send --json "$smoke_work/file" b
	expect_json 'j["verified"] is True and j["retransmits"] > 0'
	expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
	rm -- "$SLUICE_TESTBED/b/inbox/file"
	smoke_say "round $round: $(json "$smoke_work/out" '"%d packets, %d retransmitted" % (j["packets"], j["retransmits"])')"
done
impair stats port-b >"$smoke_work/out"
smoke_say "at port-b: $(cat "$smoke_work/out")"
expect_json 'j["dropped"] > 0 and j["duplicated"] > 0 and j["corrupted"] > 0'
smoke_end
