#!/usr/bin/env bash
# A bad network at one interface: drops, duplicates, corrupts, reorders the UDP frames that pass it.
set -euo pipefail

usage() {
	cat <<-'TEXT'
		usage: tests/support/impair.sh [--netns NAME] on IFACE [--drop N] [--duplicate N] [--corrupt N] [--reorder N]
		       tests/support/impair.sh [--netns NAME] off|stats IFACE

		Rates are per mille, at egress of IFACE (on a bridge's port: towards the node behind it). Corruption
		turns one bit of the UDP payload and mends no checksum. --reorder sends N per mille through a slower
		lane (HTB). Needs root, and in SLUICE_BUILD a build with tests (default build/test-plain).
	TEXT
}

netns=()
if [ "${1:-}" = --netns ]; then
	[ $# -ge 2 ] || { usage >&2 && exit 2; }
	netns=(nsenter "--net=/run/netns/$2")
	shift 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=${SLUICE_BUILD:-$root/build/test-plain}/tests/support/impair
verb=${1:-} iface=${2:-}
case $verb in
-h | --help) usage && exit 0 ;;
on | off | stats) [ -n "$iface" ] || { usage >&2 && exit 2; } ;;
*) usage >&2 && exit 2 ;;
esac
if [ ! -x "$program" ]; then
	echo "impair: $program is not built (clang and libbpf-dev, a build with -Dtests=true, then ninja -C BUILD tests/support/impair)" >&2
	exit 1
fi

# The lanes: all by 1:10 at any speed, the delayed by 1:20, which needs about a millisecond per full frame.
lanes() {
	"${netns[@]}" tc qdisc replace dev "$iface" root handle 1: htb default 10
	"${netns[@]}" tc class replace dev "$iface" parent 1: classid 1:10 htb rate 40gbit burst 256k quantum 60000
	"${netns[@]}" tc class replace dev "$iface" parent 1: classid 1:20 htb rate 12mbit burst 1600 quantum 9000
	"${netns[@]}" tc qdisc replace dev "$iface" parent 1:20 handle 20: pfifo limit 16
}

case $verb in
on)
	[[ " $* " != *" --reorder "* ]] || lanes
	"${netns[@]}" "$program" "$@"
	;;
off)
	"${netns[@]}" "$program" "$@"
	"${netns[@]}" tc qdisc del dev "$iface" root 2>/dev/null || true
	;;
stats)
	"${netns[@]}" "$program" "$@"
	;;
esac
