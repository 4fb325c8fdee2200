# shellcheck shell=bash
# What every smoke test uses: a testbed of its own, expectations that say what they saw, an end that always cleans up.
#
# A smoke test is one promise, named by its first line to the reader and by `smoke_begin` to the log:
#
#	. "$(dirname "$0")/lib.sh"
#	smoke_begin "a file arrives as it was sent"
#	bed_up 2 --link veth
#	...
#	smoke_end
#
# Exit 0: kept, 1: broken, 77: cannot be tried here (the reason is printed).

set -euo pipefail

smoke_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
smoke_work='' smoke_before='' smoke_promise='' smoke_done=''
smoke_children=()
# shellcheck source=scripts/lib/proc.sh
. "$smoke_root/scripts/lib/proc.sh"
# shellcheck source=scripts/lib/packages.sh
. "$smoke_root/scripts/lib/packages.sh"

smoke_skip() {
	printf 'skipped: %s\n' "$*"
	smoke_done=1
	exit 77
}

smoke_say() { printf -- '- %s\n' "$*"; }

# smoke_fail WHAT: the test is over; the logs of the nodes follow.
smoke_fail() {
	printf 'FAILED: %s\n' "$*"
	exit 1
}

# What the machine looks like, as far as it is ours to change. SLUICE_SMOKE_SHARED=1: others run testbeds on it too, so
# what belongs to the whole machine says nothing about us.
smoke_machine() {
	local file
	[ -z "${SLUICE_SMOKE_SHARED:-}" ] || return 0
	printf 'nr_hugepages %s\n' "$(cat /proc/sys/vm/nr_hugepages)"
	ip netns list 2>/dev/null | awk '/^sluice-/ { print "netns", $1 }' | sort
	awk '$3 == "hugetlbfs" || /sluice/ { print "mount", $2 }' /proc/mounts | sort
	for file in /dev/hugepages/* /dev/shm/*sluice* /run/dpdk/* /run/sluice* /tmp/sluice-quickstart.*; do
		[ ! -e "$file" ] || printf 'file %s\n' "$file"
	done
	for file in /proc/[0-9]*/exe; do
		[[ $(readlink "$file" 2>/dev/null) != "$SLUICE_BUILD"/* ]] || printf 'process %s\n' "$(readlink "$file")"
	done
}

smoke_begin() { # PROMISE
	smoke_promise=$1
	printf 'promise: %s\n' "$1"
	SLUICE_BUILD=${SLUICE_BUILD:-$smoke_root/build/release}
	export SLUICE_BUILD
	[ "$(id -u)" = 0 ] || smoke_skip "needs root (packet memory, network namespaces)"
	[ -x "$SLUICE_BUILD/dataplane/sluice-dataplane" ] || smoke_skip "this build has no sluice-dataplane"
	[ -x "$SLUICE_BUILD/control/sluice" ] || smoke_fail "this build has no sluice command line"
	smoke_work=$(mktemp -d "${TMPDIR:-/tmp}/sluice-smoke.XXXXXX")
	export SLUICE_TESTBED=$smoke_work/bed
	trap smoke_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	bed_down >/dev/null 2>&1 || true # what a killed run left is not what the machine looks like
	smoke_before=$(smoke_machine)
}

# smoke_end: the promise holds if the machine is as it was, too.
smoke_end() {
	local after pid
	for pid in "${smoke_children[@]}"; do
		kill -TERM "$pid" 2>/dev/null || true
		wait "$pid" || true
	done
	bed_down
	for ((try = 0; try < 50; try++)); do
		after=$(smoke_machine)
		[ "$after" != "$smoke_before" ] || break
		sleep 0.1
	done
	if [ "$after" != "$smoke_before" ]; then
		diff <(printf '%s\n' "$smoke_before") <(printf '%s\n' "$after") || true
		smoke_fail "the machine is not as it was before"
	fi
	smoke_done=1
	printf 'kept: %s\n' "$smoke_promise"
}

smoke_cleanup() {
	local rc=$? pid
	trap '' INT TERM HUP
	trap - EXIT
	set +e
	[ -n "$smoke_done" ] || smoke_logs
	for pid in "${smoke_children[@]}"; do
		kill -KILL "$pid" 2>/dev/null
	done
	bed_down >/dev/null 2>&1
	mountpoint -q "$smoke_work/disk" && umount "$smoke_work/disk"
	rm -rf -- "$smoke_work"
	[ -n "$smoke_done" ] || [ "$rc" != 0 ] || rc=1
	exit "$rc"
}

smoke_logs() {
	local file
	for file in "$smoke_work"/bed/?/*.log "$smoke_work"/*.log "$smoke_work"/out "$smoke_work"/err; do
		[ -s "$file" ] || continue
		printf -- '--- %s\n' "${file#"$smoke_work"/}"
		tail -n 25 "$file" | cut -c1-400
	done
}

bed_up() {
	"$smoke_root/scripts/testbed" up "$@" --owner $$ >"$smoke_work/testbed.log" 2>&1 || smoke_fail "testbed up $*"
}

bed_down() { "$smoke_root/scripts/testbed" down 2>&1; }

bed_node() { # start|stop NODE
	"$smoke_root/scripts/testbed" "$@" >>"$smoke_work/testbed.log" 2>&1 || smoke_fail "testbed $*"
}

# sl NODE ARGS...: the command line of that node
sl() {
	local node=$1
	shift
	"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/$node/control.sock" "$@"
}

# expect CODE COMMAND...: runs it (standard output in $smoke_work/out, error in err) and checks the exit code.
expect() {
	local want=$1 got=0
	shift
	"$@" >"$smoke_work/out" 2>"$smoke_work/err" || got=$?
	[ "$got" = "$want" ] || smoke_fail "$* ended with $got instead of $want"
}

expect_says() { # PATTERN: in what the last `expect` printed
	grep -Eqi -- "$1" "$smoke_work/out" "$smoke_work/err" || smoke_fail "nothing says '$1'"
}

expect_same() { # FILE FILE
	cmp -- "$1" "$2" || smoke_fail "$2 differs from $1"
}

expect_gone() { # PATH...
	local path
	for path in "$@"; do
		[ ! -e "$path" ] || smoke_fail "$path is there and must not be"
	done
}

# expect_soon SECONDS WHAT COMMAND...: becomes true in time.
expect_soon() {
	local deadline=$((SECONDS + $1)) what=$2
	shift 2
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$deadline" ] || smoke_fail "did not happen: $what"
		sleep 0.1
	done
}

# json FILE EXPRESSION: a Python expression over `j`, the last line of FILE.
json() {
	python3 -c 'import json, sys
j = json.loads(open(sys.argv[1]).read().strip().splitlines()[-1])
v = eval(sys.argv[2])
print(v if isinstance(v, str) else json.dumps(v))' "$1" "$2"
}

expect_json() { # EXPRESSION that must be true of the last `expect`'s output
	[ "$(json "$smoke_work/out" "$1" 2>&1)" = true ] || smoke_fail "not true of its JSON: $1"
}

node_pid() { # NODE control|dataplane
	sl "$1" status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]]["pid"])' "$2"
}

# No file that is being received, or was, and is not complete.
expect_no_partial() { # FOLDER
	[ -z "$(find "$1" -name '*.part')" ] || smoke_fail "a partial file is left: $(find "$1" -name '*.part')"
}

make_random() { head -c "$2" /dev/urandom >"$1"; } # FILE BYTES

# A file that a bridge takes seconds to carry, so that a test can do something meanwhile.
make_slow() { make_random "$1" "${2:-400000000}"; }

# transfer_start NODE FILE TO [OPTION...]: in the background, with its words in $smoke_work/send.log; sets transfer_pid. Returns when
# the receiver has the first bytes of it.
transfer_start() {
	"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/$1/control.sock" send --json "${@:4}" "$2" "$3" \
		>"$smoke_work/send.out" 2>"$smoke_work/send.log" &
	transfer_pid=$!
	smoke_children+=("$transfer_pid")
	expect_soon 20 "the transfer begins" \
		sh -c "find '${receive_dir:-$SLUICE_TESTBED/$3/inbox}' -name '*.part' -size +0 | grep -q ."
}

# serve_signal NODE SIGNAL: STOP, and a transfer to it stands when credit ends: however slow a test looks, it is still there.
serve_signal() { kill -"$2" "$(cut -d: -f1 "$SLUICE_TESTBED/$1/serve.pid")"; }

# transfer_end: sets transfer_code.
# shellcheck disable=SC2034 # for the test that calls it
transfer_end() {
	transfer_code=0
	wait "$transfer_pid" || transfer_code=$?
}

# smoke_quickstart LINK: the first command of the README: a real file, verified, and nothing left behind; twice in a row.
smoke_quickstart() {
	local round
	for round in first second; do
		smoke_say "$round run"
		expect 0 env -u SLUICE_TESTBED "$smoke_root/scripts/quickstart" --link "$1" --json
		expect_json 'j["verified"] is True'
		expect_json 'j["bytes"] >= 64000000 and j["wire_bytes"] > 0 and j["packets"] > 0 and j["goodput_bps"] > 0'
		expect_json 'j["retransmits"] >= 0 and j["srtt_us"] >= 0 and len(j["sha256"]) == 64 and j["codec"] == "lz4" and j["cipher"] == "aes-256-gcm"'
		# shellcheck disable=SC2154 # smoke_begin's
		[ "$(smoke_machine)" = "$smoke_before" ] || smoke_fail "the $round run left something behind"
	done
}
