#!/usr/bin/env bash
# The receiver's disk is full: both ends say so, nothing half-done stays, and the next file that fits arrives.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a full disk is a clear error at both ends"
bed_up 2 --no-serve
mkdir "$smoke_work/disk"
mount -t tmpfs -o size=20m tmpfs "$smoke_work/disk" || smoke_skip "cannot mount a tmpfs here"
"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/b/control.sock" serve --dir "$smoke_work/disk" \
	>"$smoke_work/serve.log" 2>&1 &
smoke_children+=($!)
make_random "$smoke_work/big" 60000000
make_random "$smoke_work/small" 5000000
expect_soon 10 "serve listens" sl a send "$smoke_work/small" b
expect_same "$smoke_work/small" "$smoke_work/disk/small"
expect 1 sl a send "$smoke_work/big" b
expect_says 'room|space'
grep -Eqi 'room|space' "$smoke_work/serve.log" || smoke_fail "serve said nothing of the full disk"
expect_gone "$smoke_work/disk/big"
expect_no_partial "$smoke_work/disk"
rm "$smoke_work/disk/small"
expect 0 sl a send "$smoke_work/small" b
expect_same "$smoke_work/small" "$smoke_work/disk/small"
kill -TERM "${smoke_children[0]}"
wait "${smoke_children[0]}" || true
umount "$smoke_work/disk"
smoke_end
