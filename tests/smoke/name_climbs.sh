#!/usr/bin/env bash
# A hostile sender offers names that climb out of the folder: refused, each with a sentence.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "names that climb out of the receiver's folder are refused"
hostile=$SLUICE_BUILD/tests/smoke/hostile_sender
[ -x "$hostile" ] || smoke_skip "hostile_sender is not built"
bed_up 2
for name in "../climbed" "/climbed" "a/../../climbed" ".." "." "" "sub/climbed"; do
	smoke_say "'$name'"
	expect 1 "$hostile" "$SLUICE_TESTBED/a/data.sock" b "$name"
	expect_says 'name|field' # an empty one is not even a well-formed offer
done
[ -z "$(find "$SLUICE_TESTBED" / -maxdepth 1 -name climbed)" ] || smoke_fail "a file was written outside the folder"
[ -z "$(ls -A "$SLUICE_TESTBED/b/inbox")" ] || smoke_fail "the inbox is not empty"
smoke_say "an honest file afterwards"
make_random "$smoke_work/file" 1000
expect 0 sl a send "$smoke_work/file" b
smoke_end
