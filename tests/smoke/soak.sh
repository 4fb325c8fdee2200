#!/usr/bin/env bash
# Minutes of bad network, random sizes and killed processes: every file that is said to have arrived is the one that was sent,
# and nothing is left behind. SOAK_SECONDS (12), SOAK_SEED (random): `scripts/dev soak` sets them, with a sanitized build.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
soak_seconds=${SOAK_SECONDS:-12}
soak_seed=${SOAK_SEED:-$((SRANDOM % 1000000))}
smoke_begin "files arrive whole through loss, reordering, duplicates and killed processes"
[ -x "$SLUICE_BUILD/tests/support/impair" ] || smoke_skip "tests/support/impair is not built (clang, libbpf-dev)"
printf 'seed %s\n' "$soak_seed"

soak_replay() {
	local rc=$?
	[ -n "$smoke_done" ] || printf 'replay: scripts/dev soak --minutes %d --seed %s\n' $(((soak_seconds + 59) / 60)) "$soak_seed"
	(exit "$rc")
	smoke_cleanup
}
trap soak_replay EXIT

# Bash's own generator, seeded: the same seed makes the same choices in the same order. Not in a subshell, it would repeat.
RANDOM=$soak_seed
below() { die_roll=$(((RANDOM << 15 | RANDOM) % $1)); }
one_of() { # WORD...: sets picked
	below $#
	shift "$die_roll"
	picked=$1
}

impair() { "$smoke_root/tests/support/impair.sh" --netns sluice-net "$@"; }
network() { # another bad network, each way
	local port drop duplicate corrupt reorder
	for port in port-a port-b; do
		below 30 && drop=$die_roll
		below 30 && duplicate=$die_roll
		below 10 && corrupt=$die_roll
		below 30 && reorder=$die_roll
		impair off "$port" 2>/dev/null || true # of the network before
		impair on "$port" --drop "$drop" --duplicate "$duplicate" --corrupt "$corrupt" --reorder "$reorder" ||
			smoke_fail "impairment of $port"
	done
}

# A file of any size up to 8 MiB, small ones as likely as large ones; its content follows from seed and number.
file_make() { # NUMBER: sets file
	local bits
	below 24
	bits=$die_roll
	below $((1 << bits))
	file=$smoke_work/file-$1
	python3 -c 'import random, sys
sys.stdout.buffer.write(random.Random(sys.argv[1]).randbytes(int(sys.argv[2])))' "$soak_seed-$1" "$die_roll" >"$file"
}

sends=() # PID:NUMBER:TO of what is under way
sent=0 arrived=0 failed=0 kills=0 disturbed=''

send_begin() { # FROM TO
	local from=$1 to=$2 codec controller
	sent=$((sent + 1))
	file_make "$sent"
	one_of none lz4 && codec=$picked
	one_of aimd aimd-ss cubic && controller=$picked
	sl "$from" send --json --codec "$codec" --controller "$controller" "$file" "$to" \
		>"$smoke_work/send-$sent.out" 2>"$smoke_work/send-$sent.err" &
	sends+=("$!:$sent:$to")
	smoke_children+=("$!")
}

# What is in an inbox under its final name is whole, whoever was killed. Sent well: it is there.
send_check() { # NUMBER TO CODE
	local file=$smoke_work/file-$1 there=$SLUICE_TESTBED/$2/inbox/file-$1
	if [ "$3" = 0 ]; then
		arrived=$((arrived + 1))
		[ -e "$there" ] || smoke_fail "file $1 is said to have arrived at $2 and is not there"
	else
		failed=$((failed + 1))
		[ -n "$disturbed" ] || smoke_fail "file $1 did not arrive, and nobody was killed: $(cat "$smoke_work/send-$1".*)"
	fi
	[ ! -e "$there" ] || [ "$(sha256sum <"$file")" = "$(sha256sum <"$there")" ] || smoke_fail "file $1 is another one at $2"
	rm -f -- "$file" "$there" "$smoke_work/send-$1".*
}

sends_end() {
	local one code number to
	for one in "${sends[@]}"; do
		IFS=: read -r pid number to <<<"$one"
		code=0
		wait "$pid" || code=$?
		send_check "$number" "$to" "$code"
	done
	sends=() smoke_children=() disturbed=''
}

kill_one() { # somebody dies in the middle
	local node pid
	one_of a b && node=$picked
	one_of sender serve control control && disturbed=$picked
	case $disturbed in
	sender)
		one_of "${sends[@]}"
		pid=${picked%%:*}
		;;
	serve) pid=$(cut -d: -f1 <"$SLUICE_TESTBED/$node/serve.pid") ;;
	control) pid=$(cut -d: -f1 <"$SLUICE_TESTBED/$node/control.pid") ;;
	esac
	kill -KILL "$pid" 2>/dev/null || return 0
	kills=$((kills + 1))
}

nodes_whole() { # what died runs again
	local node
	for node in a b; do
		bed_node start "$node"
	done
}

round() {
	local n from to
	one_of 0 0 1
	[ "$picked" = 0 ] || network
	below 3
	for ((n = die_roll; n >= 0; n--)); do
		one_of a b && from=$picked
		to=$([ "$from" = a ] && echo b || echo a)
		send_begin "$from" "$to"
	done
	one_of 0 0 1
	if [ "$picked" = 1 ]; then
		below 400
		sleep "0.$(printf %03d "$die_roll")"
		kill_one
	fi
	sends_end
	nodes_whole
}

no_sessions() { # NODE
	[ "$(sl "$1" status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["sessions"])')" = 0 ]
}

bed_up 2 --link veth
planes="$(node_pid a dataplane) $(node_pid b dataplane)"
network
end=$((SECONDS + soak_seconds))
while [ "$SECONDS" -lt "$end" ]; do
	round
done
smoke_say "$sent files, $arrived arrived, $failed did not after $kills kills"
[ "$arrived" -gt 0 ] || smoke_fail "nothing ever arrived"

smoke_say "the network is good again, and nothing is left"
for port in port-a port-b; do
	impair off "$port"
done
for from in a b; do
	send_begin "$from" "$([ "$from" = a ] && echo b || echo a)"
done
sends_end
for node in a b; do
	expect_soon 30 "no session is left at $node" no_sessions "$node"
	expect_no_partial "$SLUICE_TESTBED/$node/inbox"
done
[ "$planes" = "$(node_pid a dataplane) $(node_pid b dataplane)" ] || smoke_fail "a dataplane died"
for node in a b; do
	bed_node stop "$node"
done
! grep -HE 'Sanitizer|runtime error:|did not come back' "$SLUICE_TESTBED"/?/*.log || smoke_fail "a process says so"
smoke_end
