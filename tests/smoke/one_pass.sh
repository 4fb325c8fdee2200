#!/usr/bin/env bash
# Zero-copy as figures: the null cipher is one copy out and one in, and nothing else copies a payload byte.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "every payload byte is copied exactly once out and once in"
bed_up 2 --link memif --cipher null
one_pass_sums() { # NODE: bytes_memcpy, its two parts, and packets that died, over its workers
	sl "$1" worker list --json | python3 -c '
import json, sys
w = json.load(sys.stdin)["workers"]
print(*(sum(x[k] for x in w) for k in ("bytes_memcpy", "bytes_memcpy_sealed", "bytes_memcpy_opened")),
      sum(n for x in w for reason, n in x["drops"].items() if reason != "cid_unknown"))'
}
make_random "$smoke_work/file" 50000000
expect 0 sl a send --json --codec none "$smoke_work/file" b
retransmits=$(json "$smoke_work/out" 'j["retransmits"]')
sleep 0.1 # both workers have published
read -r a_all a_out a_in a_dead <<<"$(one_pass_sums a)"
read -r b_all b_out b_in b_dead <<<"$(one_pass_sums b)"
smoke_say "a: $a_out out, $a_in in; b: $b_out out, $b_in in; $retransmits packets sent again"
[ "$a_dead$b_dead" = 00 ] || smoke_fail "packets died on a memory link: $a_dead at a, $b_dead at b"
[ "$a_all $b_all" = "$((a_out + a_in)) $((b_out + b_in))" ] || smoke_fail "something else copies"
[ "$a_out $b_out" = "$b_in $a_in" ] || smoke_fail "what one seals is not what the other opens"
# The file; 16 bytes of the transfer's and 16 of block header for each record of 65,520; the transfer's other messages;
# and what was sent again.
low=$((50000000 + 32 * ((50000000 + 65519) / 65520)))
high=$((low + 1024 + 1408 * retransmits))
((a_out >= low && a_out <= high)) || smoke_fail "$a_out bytes sealed; $low to $high are allowed"
smoke_end
