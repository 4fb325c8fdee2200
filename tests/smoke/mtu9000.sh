#!/usr/bin/env bash
# Jumbo frames where the driver can: fewer packets for the same file, over both kinds of link.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "with an MTU of 9000 a file needs fewer packets"
make_random "$smoke_work/file" 20000000
for link in memif veth; do
	bed_up 2 --link "$link" --mtu 9000
	expect 0 sl a status --json
	expect_json 'j["links"][0]["mtu"] == 9000'
	expect 0 sl a send --json "$smoke_work/file" b
	expect_json 'j["packets"] < 20000000 / 1408 * 0.6'
	expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
	bed_down
done
smoke_end
