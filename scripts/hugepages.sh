#!/usr/bin/env bash
# Hugepages on loan: takes 2 MiB pages for a run, counts who uses them, and gives back exactly what was there before.
set -euo pipefail
here=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
# shellcheck source=scripts/lib/ui.sh
. "$here/lib/ui.sh"
# shellcheck source=scripts/lib/proc.sh
. "$here/lib/proc.sh"
# shellcheck source=scripts/lib/lock.sh
. "$here/lib/lock.sh"

usage() {
	cat <<-'TEXT'
		usage: scripts/hugepages.sh status [--json]
		       scripts/hugepages.sh set SIZE            e.g. 512M, 2G; stays until clear
		       scripts/hugepages.sh clear               gives back what set took, and what the dead left
		       scripts/hugepages.sh ensure MB [--owner PID|FILE]
		       scripts/hugepages.sh release [--owner PID|FILE]

		ensure adds MB for one owner: a process (default: the caller), or a file that stands for a run and is
		removed at its end. Several owners add up; an owner that is gone is taken off at the next call. With
		the last one the number of pages becomes what it was before the first.

		exit: 0 done, 1 the kernel gave fewer pages (ensure keeps what it got), not root, 2 usage
	TEXT
}

state=${SLUICE_HUGEPAGES_STATE:-/run/sluice-hugepages}
knob=/proc/sys/vm/nr_hugepages
lock='' # descriptor of the state's lock while it is ours

hugepages_meminfo() { awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo; }
hugepages_page_kb() { hugepages_meminfo Hugepagesize; }
hugepages_now() { cat "$knob"; }

hugepages_need_root() {
	[ "$(id -u)" = 0 ] || die "changing the number of hugepages needs root (sudo scripts/hugepages.sh ...)"
	[ -w "$knob" ] || die "this kernel has no hugepages, or $knob is read-only (a container?)"
}

# The state folder: former (before us), wrote (what we last saw after writing), owners/<key> = "pages identity".
# What an earlier boot left is void.
hugepages_open() {
	local boot
	boot=$(cat /proc/sys/kernel/random/boot_id)
	lock_take lock "$state.lock" || die "another run has held $state.lock for a minute"
	if [ -d "$state" ] && [ "$(cat "$state/boot" 2>/dev/null)" != "$boot" ]; then
		rm -rf -- "$state"
	fi
	[ ! -d "$state" ] || return 0
	mkdir -p "$state.new/owners"
	hugepages_now >"$state.new/former"
	hugepages_now >"$state.new/wrote"
	printf '%s\n' "$boot" >"$state.new/boot"
	mv "$state.new" "$state"
}

hugepages_owner_key() { printf '%s' "$1" | tr -c 'A-Za-z0-9.\n' '_'; }

# An owner is "set", a file ("/...") that still exists, or a process ("pid:start") that still runs.
hugepages_owner_lives() {
	case $1 in
	set) return 0 ;;
	/*) [ -e "$1" ] ;;
	*) proc_alive "${1%:*}" "${1#*:}" ;;
	esac
}

hugepages_reclaim() {
	local file pages identity
	for file in "$state"/owners/*; do
		[ -f "$file" ] || continue
		read -r pages identity <"$file"
		hugepages_owner_lives "$identity" || rm -f -- "$file"
	done
}

hugepages_owned() {
	local file pages _ sum=0
	for file in "$state"/owners/*; do
		[ -f "$file" ] || continue
		read -r pages _ <"$file"
		sum=$((sum + pages))
	done
	printf '%s' "$sum"
}

# Writes former + what the owners have; if somebody else changed the number meanwhile, only our part moves.
hugepages_apply() {
	local former wrote now want
	former=$(cat "$state/former") wrote=$(cat "$state/wrote") now=$(hugepages_now)
	if [ "$now" != "$wrote" ]; then
		former=$((former + now - wrote))
		[ "$former" -ge 0 ] || former=0
		printf '%s\n' "$former" >"$state/former"
	fi
	want=$((former + $(hugepages_owned)))
	if [ "$want" != "$now" ]; then
		printf '%s\n' "$want" >"$knob" 2>/dev/null || true
		# Pages of a process that is just ending come back late; shrinking again is cheap.
		if [ "$(hugepages_now)" -lt "$want" ]; then
			printf '1\n' >/proc/sys/vm/compact_memory 2>/dev/null || true
			printf '%s\n' "$want" >"$knob" 2>/dev/null || true
		fi
	fi
	hugepages_now >"$state/wrote"
}

hugepages_close() {
	if [ -n "$(ls -A "$state/owners")" ]; then
		lock_give "$lock"
		return
	fi
	rm -rf -- "$state"
	lock_give "$lock" "$state.lock"
}

# hugepages_take IDENTITY PAGES: -> 0 all, 1 fewer (the owner is recorded with what it got)
hugepages_take() {
	local identity=$1 pages=$2 key before got
	key=$(hugepages_owner_key "$identity")
	hugepages_reclaim
	rm -f -- "$state/owners/$key"
	hugepages_apply
	before=$(hugepages_now)
	printf '%s %s\n' "$pages" "$identity" >"$state/owners/$key"
	hugepages_apply
	got=$(($(hugepages_now) - before))
	[ "$got" -lt "$pages" ] || return 0
	[ "$got" -ge 0 ] || got=0
	if [ "$got" = 0 ]; then
		rm -f -- "$state/owners/$key"
	else
		printf '%s %s\n' "$got" "$identity" >"$state/owners/$key"
	fi
	printf 'hugepages: the kernel gave %s of %s pages (%s of %s MiB)\n' "$got" "$pages" \
		$((got * $(hugepages_page_kb) / 1024)) $((pages * $(hugepages_page_kb) / 1024)) >&2
	return 1
}

hugepages_drop() {
	rm -f -- "$state/owners/$(hugepages_owner_key "$1")"
	hugepages_reclaim
	hugepages_apply
	hugepages_close
}

# 512, 512M, 2G -> MiB
hugepages_size_mb() {
	case $1 in
	*[!0-9]?*) return 1 ;;
	*[0-9][gG]) printf '%s' $((10#${1%?} * 1024)) ;;
	*[0-9][mM]) printf '%s' $((10#${1%?})) ;;
	*[0-9]) printf '%s' $((10#$1)) ;;
	*) return 1 ;;
	esac
}

hugepages_pages() { printf '%s' $((($1 * 1024 + $(hugepages_page_kb) - 1) / $(hugepages_page_kb))); }

hugepages_status() {
	local owners=0 former mount page_kb total free
	page_kb=$(hugepages_page_kb) total=$(hugepages_meminfo HugePages_Total) free=$(hugepages_meminfo HugePages_Free)
	former=$total
	if [ -d "$state" ]; then
		former=$(cat "$state/former")
		owners=$(find "$state/owners" -type f | wc -l)
	fi
	mount=$(awk '$3 == "hugetlbfs" { print $2; exit }' /proc/mounts)
	if [ "${1:-}" = --json ]; then
		printf '{"page_kb":%s,"total":%s,"free":%s,"former":%s,"owners":%s,"mount":"%s"}\n' \
			"${page_kb:-0}" "${total:-0}" "${free:-0}" "${former:-0}" "$owners" "$mount"
		return
	fi
	printf 'pages     %s of %s KiB, %s free\n' "${total:-0}" "${page_kb:-0}" "${free:-0}"
	printf 'mounted   %s\n' "${mount:-nowhere (not needed: Sluice maps them without a mount)}"
	printf 'on loan   %s owner(s); %s pages before the first\n' "$owners" "${former:-0}"
	for file in "$state"/owners/*; do
		[ ! -f "$file" ] || awk '{ printf "          %s pages for %s\n", $1, $2 }' "$file"
	done
}

# hugepages_identity [--owner X]: -> "/file" or "pid:start"; without the option the process that called us.
hugepages_identity() {
	local owner=$PPID
	if [ $# -gt 0 ]; then
		if [ "$1" != --owner ] || [ $# != 2 ]; then
			usage_die "what is '$1'?"
		fi
		owner=$2
	fi
	case $owner in
	/*) printf '%s' "$owner" ;;
	'' | *[!0-9]*) usage_die "--owner takes a process id or an absolute path, not '$owner'" ;;
	*) printf '%s:%s' "$owner" "$(proc_start "$owner" || die "no process $owner")" ;;
	esac
}

main() {
	local verb=${1:-} mb identity rc=0
	[ $# -eq 0 ] || shift
	case $verb in
	status)
		case $# in
		0) ;;
		1) [ "$1" = --json ] || usage_die "what is '$1'?" ;;
		*) usage_die "status takes --json only" ;;
		esac
		hugepages_status "$@"
		;;
	set | ensure)
		mb=$(hugepages_size_mb "${1:-}") || usage_die "$verb takes a size such as 512M or 2G, not '${1:-}'"
		[ "$mb" -gt 0 ] || usage_die "$verb takes a size above 0 (clear gives all back)"
		shift
		identity='set'
		[ "$verb" = set ] || identity=$(hugepages_identity "$@")
		hugepages_need_root
		hugepages_open
		hugepages_take "$identity" "$(hugepages_pages "$mb")" || rc=1
		hugepages_close
		;;
	clear | release)
		identity='set'
		[ "$verb" = clear ] || identity=$(hugepages_identity "$@")
		hugepages_need_root
		[ -d "$state" ] || return 0
		hugepages_open
		hugepages_drop "$identity"
		;;
	-h | --help | help) usage ;;
	'') usage >&2 && return 2 ;;
	*) usage_die "unknown command '$verb'" ;;
	esac
	return "$rc"
}

main "$@"
