#!/usr/bin/env bash
# A large file goes over every worker of both nodes, and a lost stripe is a lost file that says so.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a file is striped over the workers of both nodes, and arrives as it was"
sent_packets() { # NODE: tx_packets of each worker
	sl "$1" worker list --json | python3 -c 'import json, sys
print(*(w["tx_packets"] for w in json.load(sys.stdin)["workers"]))'
}
for link in memif veth; do
	bed_up 2 --link "$link" --workers 2
	make_random "$smoke_work/large" 100000000
	make_random "$smoke_work/small" 1000000
	read -r a0 a1 <<<"$(sent_packets a)"
	expect 0 sl a send --json "$smoke_work/large" "$smoke_work/small" b
	expect_json 'j["stripes"] == 2 and j["files"] == 2'
	expect_same "$smoke_work/large" "$SLUICE_TESTBED/b/inbox/large"
	expect_same "$smoke_work/small" "$SLUICE_TESTBED/b/inbox/small"
	sleep 0.1 # the workers have published
	read -r b0 b1 <<<"$(sent_packets a)"
	read -r c0 c1 <<<"$(sent_packets b)"
	smoke_say "$link: workers of a sent $((b0 - a0)) and $((b1 - a1)) packets, those of b $c0 and $c1"
	# 71,023 packets of 1,408 bytes: neither worker may have had hardly any of them.
	((b0 - a0 > 7000 && b1 - a1 > 7000)) || smoke_fail "one worker of a sent nearly everything"
	((c0 > 50 && c1 > 50)) || smoke_fail "one worker of b took no part"
	if [ "$link" = memif ]; then # queues are in pairs, and so were the sessions
		expect 0 sl b worker list --json
		expect_json 'sum(w["steered"] for w in j["workers"]) < 1000'
	fi
	make_random "$smoke_work/four" 3000000
	expect 0 sl a send --json --stripes 4 "$smoke_work/four" b
	expect_json 'j["stripes"] == 4'
	expect_same "$smoke_work/four" "$SLUICE_TESTBED/b/inbox/four"
	bed_down
done

smoke_say "one of two stripes is closed in the middle"
bed_up 2 --link veth --workers 2
make_slow "$smoke_work/file"
transfer_start a "$smoke_work/file" b
second_stripe() { # the id of the open session on worker 1 of a
	sl a session list --json | python3 -c 'import json, sys
ids = [s["id"] for s in json.load(sys.stdin)["sessions"] if s["worker"] == 1 and s["state"] == "open"]
print(*ids)
sys.exit(not ids)'
}
expect_soon 20 "the transfer has a session on worker 1" second_stripe
second=$(second_stripe)
expect 0 sl a session close "$second" --now
transfer_end
[ "$transfer_code" = 3 ] || [ "$transfer_code" = 1 ] || smoke_fail "send ended with $transfer_code"
grep -q stripe "$smoke_work/send.log" "$smoke_work/send.out" || smoke_fail "send does not speak of a stripe"
expect_gone "$SLUICE_TESTBED/b/inbox/file"
expect_soon 10 "the partial file is gone" sh -c "! find '$SLUICE_TESTBED/b/inbox' -name '*.part' | grep -q ."
# It learns of the stripe, or of the sender that gave up, whichever session's end comes first.
expect_soon 10 "the receiver says why" grep -Eq "stripe of the file was lost|the sender is gone" "$SLUICE_TESTBED/b/serve.log"
make_random "$smoke_work/after" 20000000
expect 0 sl a send --json "$smoke_work/after" b
expect_json 'j["stripes"] == 2'
expect_same "$smoke_work/after" "$SLUICE_TESTBED/b/inbox/after"
smoke_end
