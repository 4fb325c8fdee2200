#!/usr/bin/env bash
# A thousand sessions on one worker, and one receiver among nine that does not give its buffers back.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a thousand sessions are open and each moves data; a receiver that is slow is slow for itself alone"
apps=50 each=20
[ "$(awk '$1 == "MemAvailable:" { print int($2 / 1048576) }' /proc/meminfo)" -ge 4 ] || smoke_skip "needs 4 GiB for $apps applications on either side"
bed_up 2 --link memif --no-serve
overload=$SLUICE_BUILD/tests/smoke/overload
"$overload" "$SLUICE_TESTBED/b/data.sock" serve "$apps" >"$smoke_work/serve.out" 2>"$smoke_work/serve.log" &
smoke_children+=("$!")
expect_soon 60 "the applications listen" grep -q listening "$smoke_work/serve.out"

sessions() { sl "$1" status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["sessions"])'; }
sessions_are() { [ "$(sessions "$1")" = "$2" ]; } # NODE COUNT

smoke_say "$((apps * each)) sessions, opened by $apps applications"
mkfifo "$smoke_work/go"
"$overload" "$SLUICE_TESTBED/a/data.sock" open b "$apps" "$each" <"$smoke_work/go" >"$smoke_work/out" 2>"$smoke_work/open.log" &
opener=$!
smoke_children+=("$opener")
exec 9>"$smoke_work/go"
expect_soon 120 "all have an answer" grep -q opened "$smoke_work/out"
expect_json "j['opened'] == $((apps * each)) and j['refused'] == 0"
for node in a b; do
	expect_soon 10 "$node has all sessions" sessions_are "$node" $((apps * each))
done

smoke_say "one application more than its buffers have sessions for is refused, in words, and counted"
sl a worker list --json >"$smoke_work/before"
"$overload" "$SLUICE_TESTBED/a/data.sock" open b 1 21 </dev/null >"$smoke_work/more" 2>"$smoke_work/more.log" || smoke_fail "the extra application ended"
grep -q 'as many sessions as' "$smoke_work/more.log" || smoke_fail "no refusal says why"
counted() { # NODE FILE: sessions that its workers refused, by now
	python3 -c 'import json, sys; print(sum(w["sessions_refused"] for w in json.load(sys.stdin)["workers"]))'
}
[ "$(($(sl a worker list --json | counted) + $(sl b worker list --json | counted)))" -gt 0 ] || smoke_fail "no worker counted a refusal"

exec 9>&-
wait "$opener" || smoke_fail "the opener ended badly: $(cat "$smoke_work/open.log")"
expect_json "j['delivered'] == $((apps * each)) and j['lost'] == 0"
smoke_children=("${smoke_children[0]}")
for node in a b; do
	expect_soon 20 "no session is left at $node" sessions_are "$node" 0
done

smoke_say "nine receivers, then eight and one that keeps its buffers"
for last in all deaf; do
	expect 0 timeout 60 "$overload" "$SLUICE_TESTBED/a/data.sock" push b 9 3000 "$last"
	cp "$smoke_work/out" "$smoke_work/push-$last"
	smoke_say "$last: $(cat "$smoke_work/out")"
	expect_soon 20 "its sessions end" sessions_are b 0
done
eight() { json "$smoke_work/push-$1" 'sum(j["delivered"][:8])'; }
ninth() { json "$smoke_work/push-$1" 'j["delivered"][8]'; }
[ "$(ninth deaf)" -lt 256 ] || smoke_fail "the receiver that keeps its buffers got more than it has buffers"
# The nine share one worker: eight have at least what eight of nine had, less what one run differs from another.
[ $((10 * $(eight deaf))) -ge $((5 * $(eight all))) ] || smoke_fail "eight receivers had $(eight deaf) records beside a slow one, $(eight all) without"
smoke_end
