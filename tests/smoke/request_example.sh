#!/usr/bin/env bash
# The example program of messages: requests and responses between two nodes.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "requests and responses over messages, one after the other and many at once"
bed_up 2
program=$SLUICE_BUILD/docs/examples/request
SLUICE_DATA=$SLUICE_TESTBED/b/data.sock "$program" serve >"$smoke_work/serve.log" 2>&1 &
server=$!
smoke_children+=("$server")
export SLUICE_DATA=$SLUICE_TESTBED/a/data.sock
expect_soon 10 "ten responses come" "$program" b --count 10
for words in "--count 2000" "--count 20000 --window 256" "--count 2000 --size 65532 --window 64" \
	"--count 500 --size 8 --window 4096 --busy" "--count 1"; do
	smoke_say "$words"
	# shellcheck disable=SC2086 # words
	expect 0 "$program" b $words --json
	python3 - "$smoke_work/out" "$words" <<-'PYTHON' || smoke_fail "$(cat "$smoke_work/out")"
		import json, sys
		j, words = json.load(open(sys.argv[1])), sys.argv[2].split()
		us = j["us"]
		assert j["requests"] == int(words[1]) and j["requests_per_second"] > 0
		assert 0 < us["p50"] <= us["p99"] <= us["p99.9"] <= us["max"] <= j["seconds"] * 1e6 + 1
	PYTHON
done
expect 0 "$program" b --count 1000 --window 8
expect_says '1000 requests of 64 bytes, 8 at once'
expect 0 "$program" --help
expect_says '--window N'

smoke_say "what is wrong is said"
expect 1 "$program" nowhere --json
expect_says '^\{"error":\{"code":[0-9]+,"message":".*nowhere'
for words in "" "b c" "b --size 7" "b --size 65533" "b --count -1" "b --count 1x" "b --window 0" "b --frobnicate"; do
	# shellcheck disable=SC2086 # words
	expect 2 "$program" $words
done
SLUICE_DATA=$smoke_work/none.sock expect 3 "$program" b
kill -KILL "$server"
wait "$server" 2>/dev/null || true
smoke_children=()
expect 1 "$program" b --count 1 # nobody serves
smoke_end
