#!/usr/bin/env bash
# Three nodes, a file along each of the six ways, over both kinds of link.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "three nodes send files to each other, each way"
for link in memif veth; do
	bed_up 3 --link "$link"
	for from in a b c; do
		for to in a b c; do
			[ "$from" != "$to" ] || continue
			smoke_say "$link: $from to $to"
			make_random "$smoke_work/$from-$to" 3000000
			expect 0 sl "$from" send --json "$smoke_work/$from-$to" "$to"
			expect_same "$smoke_work/$from-$to" "$SLUICE_TESTBED/$to/inbox/$from-$to"
		done
	done
	bed_down
done
smoke_end
