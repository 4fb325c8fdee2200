#!/usr/bin/env bash
# Two workers a node: a session between workers of different numbers, whose packets arrive at the wrong one, is as good
# as any other.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "with several workers every session works, whichever queue its packets arrive on"
worker_sums() { # NODE: packets passed on, packets that died, and what each worker sent
	sl "$1" worker list --json | python3 -c '
import json, sys
w = json.load(sys.stdin)["workers"]
print(sum(x["steered"] for x in w), sum(n for x in w for n in x["drops"].values()), *(x["tx_packets"] for x in w))'
}
echo_serve() { # NODE: as an application of the worker that has fewest
	SLUICE_DATA=$SLUICE_TESTBED/$1/data.sock "$SLUICE_BUILD/docs/examples/echo" serve >>"$smoke_work/echo.log" 2>&1 &
	smoke_children+=("$!")
	expect_soon 10 "echo listens on $1" sh -c \
		"$(declare -f sl); SLUICE_BUILD=$SLUICE_BUILD; sl $1 status --json | grep -q '\"echo\"'"
}
for link in memif veth; do
	smoke_say "$link"
	bed_up 2 --link "$link" --workers 2
	echo_serve b # gets worker 0
	echo_serve a # has worker 0, so that who asks gets worker 1
	SLUICE_DATA=$SLUICE_TESTBED/a/data.sock expect 0 "$SLUICE_BUILD/docs/examples/echo" b 2000
	sleep 0.1 # the workers have published
	read -r steered_a dead_a _ sent_a <<<"$(worker_sums a)"
	read -r steered_b dead_b sent_b _ <<<"$(worker_sums b)"
	smoke_say "a: $steered_a passed on, $dead_a died, worker 1 sent $sent_a; b: $steered_b, $dead_b, worker 0 sent $sent_b"
	((sent_a > 1000 && sent_b > 1000)) || smoke_fail "the session is not between worker 1 of a and worker 0 of b"
	((steered_a + steered_b > 1000)) || smoke_fail "no packet arrived at the wrong worker"
	for pid in "${smoke_children[@]}"; do
		kill -TERM "$pid"
		wait "$pid" || true
	done
	smoke_children=()
	bed_down
done
smoke_end
