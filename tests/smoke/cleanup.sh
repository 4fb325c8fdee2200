#!/usr/bin/env bash
# Ctrl-C at any moment, kill -9 of anything, a second testbed in the way: nothing stays.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "whatever ends quickstart, nothing stays: at once after Ctrl-C, after testbed down when it was killed"
unset SLUICE_TESTBED
as_it_was() {
	local after
	for ((try = 0; try < 30; try++)); do
		after=$(smoke_machine)
		[ "$after" != "$smoke_before" ] || return 0
		sleep 0.1
	done
	diff <(printf '%s\n' "$smoke_before") <(printf '%s\n' "$after") || true
	smoke_fail "$*"
}
interrupted() { # SIGNAL SECONDS
	local code=0
	# Its own session: the signal reaches the whole group, as a terminal sends it.
	env --default-signal=INT setsid "$smoke_root/scripts/quickstart" --link veth >"$smoke_work/out" 2>"$smoke_work/err" &
	local pid=$!
	smoke_children+=("$pid")
	sleep "$2"
	case $1 in
	INT) kill -INT -- "-$pid" 2>/dev/null || true ;;
	*) kill "-$1" "$pid" 2>/dev/null || true ;;
	esac
	wait "$pid" || code=$?
	smoke_say "SIG$1 after $2 s: exit $code"
}
for moment in 0.$((RANDOM % 9 + 1)) $((RANDOM % 2 + 1)).$((RANDOM % 10)) $((RANDOM % 3 + 3)).$((RANDOM % 10)); do
	interrupted INT "$moment"
	as_it_was "Ctrl-C after $moment s left something"
done
interrupted TERM 2.5
as_it_was "SIGTERM left something"
for moment in 0.$((RANDOM % 9 + 1)) $((RANDOM % 2 + 1)).$((RANDOM % 10)) $((RANDOM % 2 + 3)).$((RANDOM % 10)); do
	interrupted KILL "$moment"
	"$smoke_root/scripts/testbed" down >/dev/null 2>&1 || smoke_fail "testbed down failed"
	as_it_was "after kill -9 at $moment s, testbed down left something"
done
smoke_say "Ctrl-C while a run clears what a killed one left"
for moment in 0.1 0.$((RANDOM % 9 + 1)); do
	interrupted KILL 3
	started=$SECONDS
	interrupted INT "$moment"
	[ $((SECONDS - started)) -lt 30 ] || smoke_fail "it took $((SECONDS - started)) s: it waited for a lock of its own"
	"$smoke_root/scripts/testbed" down >/dev/null 2>&1 || smoke_fail "testbed down failed"
	as_it_was "Ctrl-C while clearing, then testbed down, left something"
done
smoke_say "kill -9 of every process of a testbed"
export SLUICE_TESTBED=$smoke_work/bed
bed_up 2 --link veth
kill -KILL "$(node_pid a control)" "$(node_pid a dataplane)" "$(node_pid b dataplane)"
bed_down
as_it_was "testbed down after kill -9 of its processes left something"
bed_down # twice is once
smoke_end
