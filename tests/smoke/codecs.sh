#!/usr/bin/env bash
# Every codec from the command line to the file at the other end.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a file arrives byte for byte with every codec and at the ends of its levels, and smaller on the wire"
bed_up 2
seq 1 300000 >"$smoke_work/text"
make_random "$smoke_work/noise" 700000
codecs_send() { # FILE CODEC LEVEL
	expect 0 sl a send --json --codec "$2" --level "$3" "$1" b
	expect_json "j['verified'] is True and j['codec'] == '$2'"
	expect_same "$1" "$SLUICE_TESTBED/b/inbox/$(basename -- "$1")"
	rm -f -- "$SLUICE_TESTBED/b/inbox/$(basename -- "$1")"
}
for codec in lz4:1 lz4:16 zstd:1 zstd:19 deflate:1 deflate:3 brotli:1 brotli:0 brotli:9 snappy:0; do
	codecs_send "$smoke_work/text" "${codec%:*}" "${codec#*:}"
	smoke_say "$codec: ratio $(json "$smoke_work/out" 'round(j["ratio"], 2)')"
	expect_json 'j["ratio"] > 1.2 and j["wire_bytes"] < j["bytes"]'
	case ${codec#*:} in
	0) expect_json 'j["codec_now"] == j["codec"] and j["level"] == (6 if j["codec"] == "brotli" else 0)' ;;
	*) expect_json "j['codec_now'] == j['codec'] and j['level'] == ${codec#*:}" ;;
	esac
	codecs_send "$smoke_work/noise" "${codec%:*}" "${codec#*:}"
	expect_json 'j["ratio"] == 1 and j["blocks_raw"] >= 11 and "less than 12.5 %" in j["raw_reason"]'
done
smoke_say "a send tells afterwards what its codec did"
: >"$smoke_work/empty"
codecs_send "$smoke_work/empty" deflate 0
expect_json 'j["bytes"] == 0 and j["ratio"] == 1 and j["level"] == 1'
codecs_send "$smoke_work/noise" none 0
expect_json 'j["codec_now"] == "none" and j["level"] == 0 and j["blocks_raw"] == 0 and j["raw_reason"] is None'
expect 0 sl a send --codec lz4 --level 16 "$smoke_work/noise" b
expect_says 'codec lz4 16, ratio 1.00'
expect_says ' records went raw[,:] .*less than 12.5 %'
rm -f -- "$SLUICE_TESTBED/b/inbox/noise"
smoke_say "auto"
codecs_send "$smoke_work/text" auto 0
codecs_send "$smoke_work/noise" auto 0
expect_json 'j["blocks_raw"] >= 11 and bool(j["raw_reason"])'
rm -f -- "$SLUICE_TESTBED/b/inbox/noise"
expect 0 sl a send --codec auto "$smoke_work/noise" b
expect_says 'codec auto \(.* at the end\), ratio 1.00'
smoke_say "a level that the codec does not have is refused before anything is sent"
expect 2 sl a send --codec brotli --level 11 "$smoke_work/text" b
expect_says 'the codec brotli has levels'
for command in "send $smoke_work/text" "session open"; do
	# shellcheck disable=SC2086 # words
	expect 2 sl a $command --codec zstd --level 20 b
	expect_says 'the codec zstd has levels 1 to 19'
done
smoke_say "the counters of session show, while records go"
make_slow "$smoke_work/slow"
# show CODEC: of its session, which is there for as long as its receiver stands.
show() {
	transfer_start a "$smoke_work/slow" b --codec "$1" --stripes 1
	serve_signal b STOP
	expect 0 sl a session list --json
	cp "$smoke_work/out" "$smoke_work/sessions"
	expect 0 sl a session show --json "$(json "$smoke_work/sessions" "[s['id'] for s in j['sessions'] if s['service'] == 'files' and s['initiator']][0]")"
	cp "$smoke_work/out" "$smoke_work/shown"
	serve_signal b CONT
	kill -INT "$transfer_pid"
	transfer_end
	cp "$smoke_work/shown" "$smoke_work/out"
	expect_json "j['codec'] == '$1' and bool(j['raw_reason'])"
	expect_json 'j["blocks_raw"] > 0 and j["blocks_raw"] == sum(v for k, v in j.items() if k.startswith("blocks_raw_"))'
}
show lz4 # noise: each record is tried
expect_json 'j["codec_now"] == "lz4" and j["blocks_raw_little"] == j["blocks_raw"]'
show auto
expect_json 'j["blocks_raw_fast"] + j["blocks_raw_busy"] + j["blocks_raw_held"] > 0 and j["blocks_raw_urgent"] == 0'
smoke_end
