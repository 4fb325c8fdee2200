#!/usr/bin/env bash
# Every size at which a record, a segment or a buffer begins or ends, and names as people write them.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "files of every size and name arrive byte for byte, with mode and time"
bed_up 2
sizes_send() { # FILE
	expect 0 sl a send --json "$1" b
	expect_json 'j["verified"] is True'
	expect_same "$1" "$SLUICE_TESTBED/b/inbox/$(basename -- "$1")"
	expect_no_partial "$SLUICE_TESTBED/b/inbox"
}
for size in 0 1 1407 1408 1409 65519 65520 65521 65535 65536 65537 131072 1048577 200000000; do
	smoke_say "$size bytes"
	make_random "$smoke_work/size-$size" "$size"
	sizes_send "$smoke_work/size-$size"
	rm -f -- "$smoke_work/size-$size" "$SLUICE_TESTBED/b/inbox/size-$size"
done
smoke_say "names"
for name in "two words" "übergröße ☃ 測試.txt" "-dash" "a'quote\"s" "$(printf 'x%.0s' {1..200})"; do
	make_random "$smoke_work/$name" 5000
	sizes_send "$smoke_work/$name"
done
smoke_say "several files in one command"
make_random "$smoke_work/one" 100000
make_random "$smoke_work/two" 70000
expect 0 sl a send "$smoke_work/one" "$smoke_work/two" b
expect_same "$smoke_work/one" "$SLUICE_TESTBED/b/inbox/one"
expect_same "$smoke_work/two" "$SLUICE_TESTBED/b/inbox/two"
smoke_say "compressible data on the wire is smaller"
seq 1 3000000 >"$smoke_work/text"
sizes_send "$smoke_work/text"
expect_json 'j["wire_bytes"] < j["bytes"] * 0.8'
smoke_end
