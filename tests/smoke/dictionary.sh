#!/usr/bin/env bash
# A dictionary from the samples to the packets: trained, named by both nodes, used, and done without where it is missing.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "small records are smaller on the wire with a dictionary of both nodes, and arrive without one too"
dictionary_samples() { # FOLDER SEED COUNT
	mkdir -p "$1"
	python3 - "$@" <<-'PYTHON'
		import json, random, sys
		folder, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
		r = random.Random(seed)
		for i in range(count):
		    items = [{"sku": f"S-{r.randrange(999)}", "count": r.randrange(1, 5)} for _ in range(r.randrange(1, 4))]
		    with open(f"{folder}/order-{i}.json", "w") as f:
		        json.dump({"order": r.randrange(10**6), "customer": r.choice(["alice", "bob", "carol"]),
		                   "state": r.choice(["open", "paid", "shipped"]), "items": items,
		                   "note": "thank you for your order"}, f)
	PYTHON
}
dictionary_of() { # NODE [FILE]: its configuration names this one under the id 7, or none; it starts anew
	bed_node stop "$1"
	sed -i '/^dictionaries:/,$d' "$SLUICE_TESTBED/$1/node.yaml"
	[ -z "${2:-}" ] || printf 'dictionaries:\n  - id: 7\n    file: %s\n' "$2" >>"$SLUICE_TESTBED/$1/node.yaml"
	bed_node start "$1"
	expect_soon 30 "a reaches b" sh -c "'$SLUICE_BUILD/control/sluice' --node '$SLUICE_TESTBED/a/control.sock' \
		ping b"
}
dictionary_send() { # what is added to send; the records are in $smoke_work/sent
	rm -f -- "$SLUICE_TESTBED"/b/inbox/*
	expect 0 sl a send --json --codec zstd "$@" "$smoke_work"/fresh/* b
	for file in "$smoke_work"/fresh/*; do
		expect_same "$file" "$SLUICE_TESTBED/b/inbox/$(basename -- "$file")"
	done
}
dictionary_samples "$smoke_work/samples" 1 1000
dictionary_samples "$smoke_work/fresh" 2 20 # that no dictionary has seen

smoke_say "too few samples are refused, and say what to do"
dictionary_samples "$smoke_work/few" 3 5
expect 1 "$SLUICE_BUILD/control/sluice" dict train --out "$smoke_work/none" "$smoke_work/few"
expect_says "5 samples are too few"
expect_gone "$smoke_work/none"

smoke_say "trained"
expect 0 "$SLUICE_BUILD/control/sluice" dict train --json --out "$smoke_work/orders" "$smoke_work/samples"
expect_json 'j["held_out"]["ratio_with"] > 2 * j["held_out"]["ratio_without"]'
smoke_say "ratio $(json "$smoke_work/out" 'round(j["held_out"]["ratio_with"], 2)') with it, \
$(json "$smoke_work/out" 'round(j["held_out"]["ratio_without"], 2)') without"
expect 0 "$SLUICE_BUILD/control/sluice" dict show --json "$smoke_work/orders"
sha256=$(json "$smoke_work/out" 'j["dictionaries"][0]["sha256"]')
[ "$sha256" = "$(sha256sum <"$smoke_work/orders" | cut -d' ' -f1)" ] || smoke_fail "dict show has another sha256"
expect 0 "$SLUICE_BUILD/control/sluice" dict train --out "$smoke_work/others" --level 3 --size 2048 "$smoke_work/samples"

bed_up 2
smoke_say "without a dictionary"
dictionary_send
without=$(json "$smoke_work/out" 'j["wire_bytes"]')
expect 1 sl a send --codec zstd --dictionary 7 "$smoke_work/fresh/order-0.json" b
expect_says "node a has no dictionary 7"
expect 2 sl a send --codec lz4 --dictionary 7 "$smoke_work/fresh/order-0.json" b
expect_says "only the codec zstd can use a dictionary"

smoke_say "both have it"
dictionary_of b "$smoke_work/orders"
dictionary_of a "$smoke_work/orders"
expect 0 sl b status --json
expect_json "[d['id'] for d in j['dictionaries']] == [7] and j['dictionaries'][0]['sha256'] == '$sha256'"
dictionary_send --dictionary 7
with=$(json "$smoke_work/out" 'j["wire_bytes"]')
expect_json 'j["dictionary"] == 7 and j["ratio"] > 1.5'
smoke_say "$with bytes on the wire with it, $without without"
[ "$with" -lt "$without" ] || smoke_fail "no less went over the wire"
dictionary_send --dictionary 7 --level 4
expect_json 'j["dictionary"] == 7'

smoke_say "only a has it: records go without, and session show says why"
dictionary_of b
dictionary_send --dictionary 7
expect_json 'j["dictionary"] == 0'
expect 0 sl a session open --json --codec zstd --dictionary 7 b
expect 0 sl a session show --json "$(json "$smoke_work/out" 'j["id"]')"
expect_json 'j["dictionary"] == 7 and "the peer has none of this id" in j["dictionary_state"]'

smoke_say "b has another one under that id"
dictionary_of b "$smoke_work/others"
dictionary_send --dictionary 7
expect_json 'j["dictionary"] == 0'
expect 0 sl a session open --json --codec zstd --dictionary 7 b
expect 0 sl a session show --json "$(json "$smoke_work/out" 'j["id"]')"
expect_json 'j["dictionary"] == 7 and "another file under this id" in j["dictionary_state"]'

smoke_say "a file that is no dictionary is named, and the node does not carry anything"
bed_node stop b
cp "$smoke_work/samples/order-1.json" "$smoke_work/text"
head -c 4000 /etc/services >>"$smoke_work/text"
sed -i "s|^    file: $smoke_work/others|    file: $smoke_work/text|" "$SLUICE_TESTBED/b/node.yaml"
"$SLUICE_BUILD/control/sluice-control" --config "$SLUICE_TESTBED/b/node.yaml" >>"$SLUICE_TESTBED/b/control.log" 2>&1 &
smoke_children+=("$!")
expect_soon 30 "b says which file" sh -c "'$SLUICE_BUILD/control/sluice' --node '$SLUICE_TESTBED/b/control.sock' \
	status --json | grep -q 'dictionary 7: $smoke_work/text is no dictionary of zstd'"
smoke_end
