#!/usr/bin/env bash
# The sending application dies in the middle, again and again: its blocks come back and the receiver keeps nothing half-done.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a killed sender leaves no partial file, and its memory comes back"
bed_up 2 --link veth
make_slow "$smoke_work/file"
for round in 1 2 3 4 5 6; do
	transfer_start a "$smoke_work/file" b
	sleep "0.$round"
	kill -KILL "$transfer_pid"
	transfer_end
	expect_soon 20 "the partial file is gone (round $round)" sh -c "! find '$SLUICE_TESTBED/b/inbox' -name '*.part' | grep -q ."
	expect_gone "$SLUICE_TESTBED/b/inbox/file"
done
expect_soon 10 "no session is left at a" sh -c "$(declare -f sl); SLUICE_BUILD=$SLUICE_BUILD; \
	sl a status --json | tr -d '\\n ' | grep -q '\"sessions\":0'"
smoke_say "the whole file, after six dead senders"
expect 0 sl a send "$smoke_work/file" b
expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
smoke_end
