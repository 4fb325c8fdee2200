#!/usr/bin/env bash
# The receiving application dies in the middle: the sender hears of it, the node stays, another receiver takes over.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a killed receiver is an error at the sender and harms nobody else"
bed_up 3 --link veth --no-serve
mkdir "$smoke_work/in" "$smoke_work/in-c"
serve_start() { # NODE FOLDER
	"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/$1/control.sock" serve --dir "$2" >>"$smoke_work/serve.log" 2>&1 &
	serve_pid=$!
	smoke_children+=("$serve_pid")
	expect_soon 10 "serve listens" sh -c "$(declare -f sl); SLUICE_BUILD=$SLUICE_BUILD; \
		sl $1 status --json | tr -d '\\n ' | grep -q '\"listeners\":\[{'"
}
receive_dir=$smoke_work/in
serve_start c "$smoke_work/in-c"
serve_start b "$receive_dir"
make_slow "$smoke_work/file"
make_random "$smoke_work/bystander" 20000000
transfer_start a "$smoke_work/file" b
kill -KILL "$serve_pid"
smoke_say "serve of b killed; a sends to c meanwhile"
expect 0 sl a send "$smoke_work/bystander" c
expect_same "$smoke_work/bystander" "$smoke_work/in-c/bystander"
transfer_end
[ "$transfer_code" = 1 ] || [ "$transfer_code" = 3 ] || smoke_fail "send ended with $transfer_code"
[ -s "$smoke_work/send.log" ] || [ -s "$smoke_work/send.out" ] || smoke_fail "send gave no reason"
expect_gone "$receive_dir/file"
smoke_say "a new serve clears what the dead one left, and receives"
serve_start b "$receive_dir"
expect 0 sl a send "$smoke_work/file" b
expect_same "$smoke_work/file" "$receive_dir/file"
expect_no_partial "$receive_dir"
smoke_end
