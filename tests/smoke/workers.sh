#!/usr/bin/env bash
# Two workers a node: sessions on both, and those whose packets arrive at the wrong one are as good as the others.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "with several workers every session works, whichever queue its packets arrive on"
worker_sums() { # NODE: packets passed on, and packets that died, over its workers
	sl "$1" worker list --json | python3 -c '
import json, sys
w = json.load(sys.stdin)["workers"]
print(sum(x["steered"] for x in w), sum(n for x in w for n in x["drops"].values()), *(x["tx_packets"] for x in w))'
}
for link in memif veth; do
	smoke_say "$link"
	bed_up 2 --link "$link" --workers 2
	# The testbed's receiver has worker 0 of b, this one worker 1; a sender gets worker 0 of a.
	mkdir "$smoke_work/$link"
	"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/b/control.sock" serve --service other --dir "$smoke_work/$link" \
		>>"$smoke_work/serve.log" 2>&1 &
	smoke_children+=("$!")
	make_random "$smoke_work/file" 20000000
	expect_soon 10 "the second receiver listens" sh -c \
		"$(declare -f sl); SLUICE_BUILD=$SLUICE_BUILD; sl b status --json | grep -q '\"other\"'"
	expect 0 sl a send --json "$smoke_work/file" b
	expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
	expect 0 sl a send --json --service other "$smoke_work/file" b
	expect_same "$smoke_work/file" "$smoke_work/$link/file"
	sleep 0.1 # the workers have published
	read -r steered dead _ sent1 <<<"$(worker_sums b)"
	smoke_say "b: $steered packets passed on, $dead died, worker 1 sent $sent1"
	((steered > 100)) || smoke_fail "no packet arrived at the wrong worker"
	((sent1 > 10)) || smoke_fail "worker 1 of b took no part"
	kill -TERM "${smoke_children[-1]}"
	wait "${smoke_children[-1]}" || smoke_fail "the second receiver ended with an error"
	unset 'smoke_children[-1]'
	bed_down
done
smoke_end
