# shellcheck shell=bash
# What a person sees: steps with a mark and a duration, on standard error; colour on a terminal only.

if [ -t 2 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR:-}" ]; then
	ui_tty=1
	ui_bold=$'\e[1m' ui_dim=$'\e[2m' ui_red=$'\e[31m' ui_green=$'\e[32m' ui_yellow=$'\e[33m' ui_off=$'\e[0m'
else
	ui_tty=''
	ui_bold='' ui_dim='' ui_red='' ui_green='' ui_yellow='' ui_off=''
fi

# A step that runs in the background: its process group, so that Ctrl-C reaches what it started.
ui_child=''
ui_child_keep=''

ui_title() { printf '\n%s%s%s\n\n' "$ui_bold" "$*" "$ui_off" >&2; }
ui_note() { printf '    %s%s%s\n' "$ui_dim" "$*" "$ui_off" >&2; }
ui_warn() { printf '  %s!%s %s\n' "$ui_yellow" "$ui_off" "$*" >&2; }
ui_error() { printf '%s%s:%s %s\n' "$ui_red" "${0##*/}" "$ui_off" "$*" >&2; }

# die MESSAGE: refused (exit 1). usage_die MESSAGE: the command line is wrong (exit 2).
die() {
	ui_error "$*"
	exit 1
}

usage_die() {
	ui_error "$* (${0##*/} --help tells how)"
	exit 2
}

ui_now_ms() {
	local now=${EPOCHREALTIME/[.,]/}
	printf '%s' "${now%???}"
}

# ui_duration START_MS -> "0.4 s", "2 min 05 s"
ui_duration() {
	local ms=$(($(ui_now_ms) - $1))
	if [ "$ms" -lt 60000 ]; then
		printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
	else
		printf '%d min %02d s' $((ms / 60000)) $((ms % 60000 / 1000))
	fi
}

ui_clear() { [ -z "$ui_tty" ] || printf '\r\e[2K' >&2; }

ui_done() { # MARK COLOUR LABEL DETAIL
	ui_clear
	printf '  %s%s%s %-34s %s%s%s\n' "$2" "$1" "$ui_off" "$3" "$ui_dim" "$4" "$ui_off" >&2
}

# ui_ok LABEL DETAIL: a step that is already over.
ui_ok() { ui_done ✓ "$ui_green" "$1" "${2:-}"; }

# ui_begin LABEL ... ui_end [DETAIL]: a step whose work the caller does itself.
ui_begin() {
	ui_step_label=$1
	ui_step_ms=$(ui_now_ms)
	[ -z "$ui_tty" ] || printf '  %s…%s %s' "$ui_dim" "$ui_off" "$1" >&2
}

# shellcheck disable=SC2120 # the argument is optional
ui_end() { ui_done ✓ "$ui_green" "$ui_step_label" "$(ui_duration "$ui_step_ms")${1:+, $1}"; }

# shellcheck disable=SC2120
ui_fail() { ui_done ✗ "$ui_red" "$ui_step_label" "${1:-$(ui_duration "$ui_step_ms")}"; }

# ui_run [--keep] LABEL LOG COMMAND...: runs the command with its output in LOG and shows how far a build
# is ("[12/80]"). --keep: an interrupt waits for its end (a package installation must not be cut in two).
ui_run() {
	local keep='' label log rc=0 frames='⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏' i=0 at
	[ "$1" != --keep ] || { keep=1 && shift; }
	label=$1 log=$2
	shift 2
	ui_begin "$label"
	: >"$log"
	setsid "$@" >"$log" 2>&1 </dev/null &
	ui_child=$! ui_child_keep=$keep
	while [ -n "$ui_tty" ] && kill -0 "$ui_child" 2>/dev/null; do
		at=$(tail -c 400 "$log" | tr '\r' '\n' | grep -ao '\[[0-9]*/[0-9]*\]' | tail -n 1) || true
		printf '\r\e[2K  %s %s %s%s  %s%s' "${frames:i++ % 10:1}" "$label" "$ui_dim" "$at" \
			"$(ui_duration "$ui_step_ms")" "$ui_off" >&2
		sleep 0.12
	done
	wait "$ui_child" || rc=$?
	ui_child=''
	if [ "$rc" = 0 ]; then
		ui_end ''
		return 0
	fi
	ui_fail ''
	ui_tail "$log"
	return "$rc"
}

# ui_interrupt: what a script's exit trap calls first; nothing of a running step stays behind.
ui_interrupt() {
	[ -n "$ui_child" ] || return 0
	ui_clear
	if [ -n "$ui_child_keep" ]; then
		ui_note "finishing the package installation first"
	else
		kill -TERM -- "-$ui_child" 2>/dev/null || true
	fi
	wait "$ui_child" 2>/dev/null || true
	ui_child=''
}

# ui_tail LOG [LINES]: the end of a log, indented; what a person needs when a step failed.
ui_tail() {
	[ -s "$1" ] || return 0
	printf '    %s--- %s\n' "$ui_dim" "$1" >&2
	tail -n "${2:-15}" "$1" | sed 's/^/    | /' >&2
	printf '%s' "$ui_off" >&2
}

# ui_bytes N -> "64.0 MiB"
ui_bytes() {
	awk -v n="$1" 'BEGIN { split("B KiB MiB GiB TiB", u); i = 1
		while (n >= 1024 && i < 5) { n /= 1024; i++ }
		printf i == 1 ? "%d %s" : "%.1f %s", n, u[i] }'
}
