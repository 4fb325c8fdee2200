#!/usr/bin/env bash
# The cluster's key is exchanged over three nodes while they run, in the order that architecture.md tells.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "the cluster's key is exchanged while its nodes run, and no member is suspected"
bed_up 3 --link memif
keys() { printf '%s/pki/%s/cluster.keys' "$SLUICE_TESTBED" "$1"; }
state() { sl "$1" members --down --json >"$smoke_work/members-$1" && [ "$(json "$smoke_work/members-$1" \
	"''.join(m['state'] for m in j['members'] if m['name'] == '$2')")" = "$3" ]; } # NODE MEMBER STATE
alive() { sl "$1" members --json >"$smoke_work/members-$1" && [ "$(json "$smoke_work/members-$1" \
	'sum(m["state"] == "alive" for m in j["members"])')" = "$2" ]; } # NODE COUNT
first() { sl "$1" keyring list --json >"$smoke_work/keys-$1" && json "$smoke_work/keys-$1" 'j["keys"][0]["id"]'; }
seals_with() { [ "$(first "$1")" = "$2" ]; } # NODE ID
suspected() { sl "$1" metrics | sed -n 's/^sluice_swim_suspicions_total{kind="raised"} //p'; }

for node in a b c; do
	expect_soon 10 "$node sees all three" alive "$node" 3
done
old=$(first a)
before=$(for node in a b c; do suspected "$node"; done)

smoke_say "every node gets the new key: one makes it, the others read its file"
expect 0 sl a keyring install --json
new=$(json "$smoke_work/out" 'j["installed"][0]')
[ "$new" != "$old" ] || smoke_fail "the new key is the old one"
expect 0 sl b keyring install --from "$(keys a)"
expect_says "key $new opens from now on"
cp "$(keys a)" "$(keys c)" # by hand: seen within five seconds
has_two() { sl c keyring list --json >"$smoke_work/keys-c" && [ "$(json "$smoke_work/keys-c" 'len(j["keys"])')" = 2 ]; }
expect_soon 10 "c has both keys" has_two
! grep -rqi "$(sed -n 's/^\([0-9a-f]\{64\}\)$/\1/p' "$(keys a)" | head -n 1)" "$SLUICE_TESTBED"/?/*.log ||
	smoke_fail "a key is in a log"

smoke_say "every node seals with it"
for node in a b c; do
	expect 0 sl "$node" keyring use "$new"
	expect_soon 5 "$node seals with $new" seals_with "$node" "$new"
	sleep 0.5
done

smoke_say "every node forgets the old one"
expect 1 sl a keyring remove "$new"
expect_says "this node seals with key $new"
for node in a b c; do
	expect 0 sl "$node" keyring remove "$old"
	sleep 0.5
done
sleep 2
after=$(for node in a b c; do suspected "$node"; done)
[ "$before" = "$after" ] || smoke_fail "a member was suspected: before $before, after $after"
for node in a b c; do
	alive "$node" 3 || smoke_fail "$node does not see all three"
	[ "$(sl "$node" metrics | sed -n 's/^sluice_swim_rejected_total{reason="key"} //p')" = 0 ] ||
		smoke_fail "$node could not open a datagram"
done

smoke_say "who has another key is not heard, and the log says why"
sl c keyring install --json >"$smoke_work/out"
stranger=$(json "$smoke_work/out" 'j["installed"][0]')
expect 0 sl c keyring use "$stranger"
expect_soon 30 "a holds c dead" state a c dead
grep -q "its key is none of security.keyring" "$SLUICE_TESTBED/a/control.log" || smoke_fail "a's log does not say why"
expect 0 sl c keyring use "$new"
expect_soon 20 "a sees c again" alive a 3

smoke_say "ping, leave and join, watched"
"$SLUICE_BUILD/control/sluice" --node "$SLUICE_TESTBED/b/control.sock" members --watch --json >"$smoke_work/watched" &
smoke_children+=($!)
expect 0 sl a ping b
expect_says "answered in"
expect 1 sl a ping nobody
expect_says "'nobody' is no member"
expect 0 sl c leave
expect_soon 10 "a sees c leave" alive a 2
expect 0 sl a members --down
expect_says '^c +left'
told() { grep -q "\"name\": *\"c\", *\"from\": *\"$1\", *\"to\": *\"$2\"" "$smoke_work/watched"; } # FROM TO
expect_soon 10 "b's watch tells that c left" told alive left
# Until the good-bye is over it is refused, and says so.
expect_soon 10 "c may join" sl c join "$(sed -n 's/^  listen: //p' "$SLUICE_TESTBED/a/node.yaml")"
expect_soon 20 "a sees c again" alive a 3
expect_soon 10 "b's watch tells that c is back" told left alive
expect 0 sl a metrics
python3 "$smoke_root/tests/unit/control/admin/openmetrics.py" "$smoke_work/out" \
	'sluice_members{state="alive"} 3' 'sluice_swim_health ' 'sluice_swim_probe_rtt_seconds_bucket{le="+Inf"} ' ||
	smoke_fail "the metrics do not tell"
smoke_end
