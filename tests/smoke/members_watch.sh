#!/usr/bin/env bash
# What sluice members --watch shows: as a table on a terminal, as lines elsewhere, while a node and control itself come and go.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "who watches the members sees every change, and sees control go and come"
bed_up 3 --link memif
sluice=("$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/a/control.sock" members --watch)
alive() { sl a members --json >"$smoke_work/members" &&
	[ "$(json "$smoke_work/members" 'sum(m["state"] == "alive" for m in j["members"])')" = "$1" ]; }
expect_soon 15 "a sees all three" alive 3

"${sluice[@]}" >"$smoke_work/lines" 2>"$smoke_work/lines.err" &
lines=$!
"${sluice[@]}" --json >"$smoke_work/json" 2>"$smoke_work/json.err" &
smoke_children+=("$lines" $!)
coproc screen { exec python3 "$smoke_root/tests/smoke/members_watch.py" 60 12 "${sluice[@]}"; }
smoke_children+=("$screen_PID")
exec {ask}>&"${screen[1]}" {answer}<&"${screen[0]}" # of our own: bash closes its own when the program ends
sees() { # PATTERN
	local said
	printf '%s\n' "$1" >&"$ask"
	read -r said <&"$answer"
	[ "$said" = seen ] || smoke_fail "no $1 on the screen: $said $(timeout 1 cat <&"$answer")"
}
line() { grep -qE "$1" "$smoke_work/lines"; }

smoke_say "who is there"
sees '^cluster .*: 3 alive$'
sees '^c +alive +.* (us|ms) '
expect_soon 5 "lines begin with who is there" line '^[0-9:]{8}  c +none -> alive  127'

smoke_say "c is killed"
kill -KILL "$(node_pid c control)"
sees '^c +dead '
sees ': 2 alive, 1 dead$'
expect_soon 5 "a line says that c is dead" line '^[0-9:]{8}  c +suspect -> dead  127'
bed_node start c
sees ': 3 alive$'
expect_soon 15 "a line says that c is alive" line '^[0-9:]{8}  c +(suspect|dead) -> alive  127'

smoke_say "c leaves, and joins whom its configuration names"
expect 0 sl c leave
sees '^c +left '
expect_soon 5 "a line says that c left" line '^[0-9:]{8}  c +alive -> left  127'
expect_soon 10 "c can join" sl c join
sees ': 3 alive$'
expect 0 sl a metrics
expect_says '^sluice_swim_probe_rtt_seconds_bucket.le="\+Inf". [1-9]'
! grep -q '^sluice_member_rtt_seconds' "$smoke_work/out" || smoke_fail "each member has a series, though nobody asked"
expect 0 sl a metrics --members
expect_says '^sluice_member_rtt_seconds.member="b". '

smoke_say "a's control is killed: the lines end, the table waits"
kill -KILL "$(node_pid a control)"
sees '^sluice-control has not answered for '
code=0
wait "$lines" || code=$?
[ "$code" = 3 ] || smoke_fail "the lines ended with $code"
grep -q "it hung up" "$smoke_work/lines.err" || smoke_fail "nothing says why: $(cat "$smoke_work/lines.err")"
bed_node start a
sees ': 3 alive$'
sees '^a +alive '

smoke_say "Ctrl-C"
printf '^C\n' >&"$ask"
timeout 20 cat <&"$answer" >"$smoke_work/ended" || true
grep -q '^exit 0, cursor True, other screen False$' "$smoke_work/ended" || smoke_fail "it ended badly: $(cat "$smoke_work/ended")"
grep -qE '^c +alive ' "$smoke_work/ended" || smoke_fail "the last table is gone: $(cat "$smoke_work/ended")"

smoke_say "JSON: each line an object, the states of a member are a chain"
python3 - "$smoke_work/json" <<'PYTHON' || smoke_fail "the lines of --json are wrong"
import json, sys
state, told = {}, 0
for line in open(sys.argv[1], encoding="utf-8"):
    one = json.loads(line)
    if "error" in one:
        break
    assert one["event"] == "change", one
    assert one["from"] == state.get(one["name"], "none"), (one, state)
    assert {"address", "generation", "time_s", "incarnation", "version"} <= set(one), one
    state[one["name"]] = one["to"]
    told += 1
assert one["error"]["code"] == "unreachable", one
assert told > 5 and set(state) == {"a", "b", "c"}, (told, state)
PYTHON
smoke_end
