# shellcheck shell=bash
# Processes by pid *and* start time: a pid alone may belong to a stranger by the time we end it.

# proc_start PID -> clock ticks since boot at which it started; fails when there is none.
# The second field of stat is a name in parentheses that may itself hold spaces and parentheses.
proc_start() {
	local stat fields
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	read -ra fields <<<"${stat##*) }"
	[ "${fields[0]}" != Z ] || return 1 # a zombie is dead: its parent only has not looked yet
	printf '%s' "${fields[19]}"
}

# proc_alive PID START
proc_alive() {
	local now
	[ -n "${1:-}" ] && [ -n "${2:-}" ] && now=$(proc_start "$1") && [ "$now" = "$2" ]
}

# proc_marked MARK -> pids of processes with NAME=VALUE in their environment: whatever a daemon of ours
# started later (a restarted dataplane) inherits the mark, and no process of anyone else has it.
proc_marked() {
	{ grep -lzxF -- "$1" /proc/[0-9]*/environ || true; } 2>/dev/null | cut -d/ -f3
}

# proc_wait_gone SECONDS PID:START... -> 0 when all are gone in time
proc_wait_gone() {
	local deadline=$(($(date +%s%N) / 1000000 + $1 * 1000)) one left
	shift
	while :; do
		left=0
		for one in "$@"; do
			! proc_alive "${one%:*}" "${one#*:}" || left=1
		done
		[ "$left" = 1 ] || return 0
		[ $(($(date +%s%N) / 1000000)) -lt "$deadline" ] || return 1
		sleep 0.05
	done
}

# proc_end SECONDS PID:START...: asks with SIGTERM, waits, insists with SIGKILL.
proc_end() {
	local seconds=$1 one
	shift
	[ $# -gt 0 ] || return 0
	for one in "$@"; do
		! proc_alive "${one%:*}" "${one#*:}" || kill -TERM "${one%:*}" 2>/dev/null || true
	done
	! proc_wait_gone "$seconds" "$@" || return 0
	for one in "$@"; do
		! proc_alive "${one%:*}" "${one#*:}" || kill -KILL "${one%:*}" 2>/dev/null || true
	done
	proc_wait_gone 5 "$@"
}

# proc_close_files: in a child that will outlive us, closes all but the standard descriptors: a lock, or a
# pipe that somebody reads to its end, must not stay open for the life of a daemon.
proc_close_files() {
	local fd
	for fd in /proc/self/fd/*; do
		fd=${fd##*/}
		[ "$fd" -le 2 ] || eval "exec $fd>&-" 2>/dev/null || true
	done
}
