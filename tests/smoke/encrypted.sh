#!/usr/bin/env bash
# Encrypted by default: nobody on the link or on the control network reads the file, its name, or what is agreed on.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "who captures both networks finds nothing of a file in them, unless the cipher is null by name"
command -v tshark >/dev/null || smoke_skip "no tshark (scripts/setup)"
command -v setpriv >/dev/null || smoke_skip "no setpriv"

# A process of another user than root, since root may look anyway: /proc gives its memory to root alone if it is not dumpable.
# Its program is a copy that its user can read, for what cannot be read is not dumpable either.
as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
memory_owner() { stat -c %u "/proc/$1/environ"; } # PID
memory_is_closed() {
	local run=$smoke_work/run dataplane idler
	chmod 755 "$smoke_work"
	install -m 755 "$SLUICE_BUILD/dataplane/sluice-dataplane" "$smoke_work/sluice-dataplane"
	install -d -m 700 -o 65534 -g 65534 "$run"
	"${as_nobody[@]}" "$smoke_work/sluice-dataplane" --run-dir "$run" --hugepages off \
		--link "name=l,address=10.0.0.1/24,driver=memif,role=server,socket=$run/l.sock" 2>"$smoke_work/dataplane.log" &
	dataplane=$!
	"${as_nobody[@]}" sleep 60 &
	idler=$!
	smoke_children+=("$dataplane" "$idler")
	expect_soon 30 "a dataplane starts without root" test -S "$run/data.sock"
	[ "$(memory_owner "$dataplane")" = 0 ] || smoke_fail "its user may read the memory of a dataplane"
	[ "$(memory_owner "$idler")" = 65534 ] || smoke_fail "that no memory can be read says nothing here"
	kill "$dataplane" "$idler"
	wait "$dataplane" || smoke_fail "the dataplane did not end as it was asked to"
	wait "$idler" || true
	smoke_children=()
}
smoke_say "who may command a dataplane's process finds none of its keys"
memory_is_closed

captures=()
capture() { # NAMESPACE NAME: every interface of it, to $smoke_work/NAME.pcap
	ip netns exec "$1" tshark -q -i any -B 64 -F pcap -w "$smoke_work/$2.pcap" 2>"$smoke_work/$2.log" &
	captures+=("$!")
	smoke_children+=("$!")
	expect_soon 20 "tshark captures" grep -q 'Capturing on' "$smoke_work/$2.log"
}

capture_end() {
	sleep 1
	kill -INT "${captures[@]}"
	wait "${captures[@]}" || true
	captures=() smoke_children=()
	for name in packets control; do
		[ "$(stat -c %s "$smoke_work/$name.pcap")" -gt 2000 ] || smoke_fail "nothing was captured of the $name"
	done
}

seen() { grep -qa -- "$1" "$smoke_work/packets.pcap" "$smoke_work/control.pcap"; } # TEXT

# Every line of it is known text, and short: whatever a packet carries, whole ones are in it.
python3 -c 'print("the plaintext that nobody on the link may read\n" * 60000)' >"$smoke_work/a-secret-name"
send() {
	bed_up 2 --link veth "$@"
	capture sluice-net packets
	capture sluice-mgmt control
	sleep 1 # it says so a moment too soon
	# By hand first, so that control processes say something new.
	expect 0 sl a session open b --json
	id=$(json "$smoke_work/out" 'j["id"]')
	expect 0 sl a session show "$id" --json
	cp "$smoke_work/out" "$smoke_work/session"
	expect 0 sl a send --json --codec none "$smoke_work/a-secret-name" b
	expect_json 'j["verified"] is True'
	expect_same "$smoke_work/a-secret-name" "$SLUICE_TESTBED/b/inbox/a-secret-name"
	capture_end
}

send
[ "$(json "$smoke_work/session" 'j["cipher"]')" = aes-256-gcm ] || smoke_fail "the default cipher is not aes-256-gcm"
for text in 'the plaintext' 'a-secret-name' 'session_id' "$id" '"type"'; do
	! seen "$text" || smoke_fail "'$text' is on the network"
done
expect 0 sl b status --json
expect_json 'j["cipher"] == "aes-256-gcm" and j["certificate"]["state"] == "good" and j["certificate"]["node"] == "b"'
expect 0 sl a pool show --json
expect_json 'all(p["key_exchange"] for p in j["nodes"] if p["connections"])'
expect 0 sl b status
expect_says '^identity +b of testbed, until '
bed_down >/dev/null

# The eye that saw nothing sees.
send --cipher null
seen 'the plaintext' || smoke_fail "the capture does not see what goes in the clear"
[ "$(json "$smoke_work/session" 'j["cipher"]')" = null ] || smoke_fail "null is not what was asked for"
expect 0 sl a status
expect_says 'cipher null: packets go in the clear, '
grep -q 'Packets go in the clear: ' "$SLUICE_TESTBED/a/control.log" || smoke_fail "the log does not say that packets go in the clear"
smoke_end
