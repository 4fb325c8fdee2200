#!/usr/bin/env bash
# What lies in the inbox is nobody's to replace, unless the receiver said --overwrite.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "an existing file is refused, and replaced only with --overwrite"
bed_up 2
inbox=$SLUICE_TESTBED/b/inbox
make_random "$smoke_work/file" 300000
echo "mine" >"$inbox/file"
expect 1 sl a send "$smoke_work/file" b
expect_says 'exists'
[ "$(cat "$inbox/file")" = mine ] || smoke_fail "the existing file was touched"
expect_no_partial "$inbox"
smoke_say "with --overwrite (an ordinary serve goes before the testbed's own)"
"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/b/control.sock" serve --dir "$inbox" --overwrite \
	>"$smoke_work/serve.log" 2>&1 &
smoke_children+=($!)
expect_soon 10 "the file is replaced" sl a send "$smoke_work/file" b
expect_same "$smoke_work/file" "$inbox/file"
smoke_say "a link in its place is replaced, not followed"
echo "precious" >"$smoke_work/precious"
ln -sf "$smoke_work/precious" "$inbox/file"
expect 0 sl a send "$smoke_work/file" b
[ "$(cat "$smoke_work/precious")" = precious ] || smoke_fail "the receiver followed a link out of its folder"
[ ! -L "$inbox/file" ] || smoke_fail "the link is still there"
expect_same "$smoke_work/file" "$inbox/file"
smoke_end
