#!/usr/bin/env bash
# sluice-perf run --peers: who is installed runs, who is not is named, and nothing stays, whoever is killed.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "every installed transport runs for an instant over the link, beside Sluice, and nothing is left"
perf=$SLUICE_BUILD/perf/sluice-perf
[ -x "$perf" ] || smoke_skip "this build has no sluice-perf"

smoke_say "all that are here"
expect 0 "$perf" run --peers --smoke --filter 'peers/goodput/*/1500' --json "$smoke_work/goodput.json"
expect_says 'verdict: '
smoke_say "$(grep -E '^verdict' "$smoke_work/err")"
python3 - "$smoke_work/goodput.json" <<-'PYTHON' || smoke_fail "the rows are not what was asked for"
	import json, sys
	j = json.load(open(sys.argv[1]))
	assert j["schema"] == "sluice-perf/1" and j["failed"] == [], j["failed"]
	names = {r["id"].split("/")[2]: r for r in j["results"]} | {s["id"].split("/")[2]: s for s in j["skipped"]}
	for name in ("sluice-af_packet", "iperf3-tcp", "srt", "udt", "enet", "usrsctp"):
	    assert name in names, name
	assert all(r["median"] > 0 and r["limit"]["median"] > 0 and r["extra"]["options"] for r in j["results"])
PYTHON
smoke_say "round trips of the kernel, which is always here"
expect 1 "$perf" run --peers --smoke --filter 'peers/rtt/none'
expect 2 "$perf" run --peers --smoke udt
expect 0 "$perf" run --peers --smoke --filter 'peers/rtt/tcp*'
expect_says 'no figure|verdict: first is tcp'

smoke_say "none is here"
mkdir -p "$smoke_work/empty"
expect 0 python3 -B "$smoke_root/perf/peers/peers.py" "$smoke_root" "$smoke_work/empty" run --peers --smoke \
	--filter 'peers/goodput/u*'
expect_says 'udt +its library was not there'
expect_says 'scripts/setup --peers'

running() { # -> pids of the peers of this build
	local file
	for file in /proc/[0-9]*/exe; do
		[[ $(readlink "$file" 2>/dev/null) != "$SLUICE_BUILD"/perf/peers/* ]] || printf '%s\n' "$file" | cut -d/ -f3
	done
}
anything_runs() { [ -n "$(running)" ]; }
smoke_say "a peer is killed: its figure is missing, the run goes on; then the run is killed"
"$perf" run --peers --full --filter 'peers/rtt/tcp*' >/dev/null 2>"$smoke_work/run.log" &
run=$!
smoke_children+=("$run")
expect_soon 30 "a peer runs" anything_runs
kill -KILL "$(running | head -1)"
expect_soon 30 "the reason is told" grep -q 'peers/rtt/tcp' "$smoke_work/run.log"
expect_soon 60 "the next one runs" anything_runs
holders=$(pgrep -P "$run" -x cat || true)
[ -n "$holders" ] || smoke_fail "no namespace is held while a peer runs"
kill -KILL "$run"
wait "$run" 2>/dev/null || true
smoke_children=()
gone() {
	local pid
	[ -z "$(running)" ] || return 1
	for pid in $holders; do
		[ ! -e "/proc/$pid" ] || return 1
	done
}
expect_soon 10 "peers and namespaces end with the run" gone

no_namespaces() { ! ip netns list | grep -q '^sluice-a\b'; }
smoke_say "Ctrl-C while Sluice's nodes run takes them down"
"$perf" run --peers --full --filter 'peers/goodput/sluice-af_packet/1500' >/dev/null 2>"$smoke_work/run.log" &
run=$!
smoke_children+=("$run")
expect_soon 60 "Sluice runs" anything_runs
kill -TERM "$run"
code=0
wait "$run" || code=$?
smoke_children=()
[ "$code" = 143 ] || smoke_fail "ended with $code instead of 143"
expect_soon 20 "its namespaces are gone" no_namespaces
[ -z "$(find /dev/shm -maxdepth 1 -name 'sluice-peers-*')" ] || smoke_fail "a folder is left in /dev/shm"
smoke_end
