#!/usr/bin/env bash
# The first command of the README, over veth: a real file, verified, and nothing left behind; twice in a row.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "quickstart over veth sends a verified file and leaves the machine as it was"
for round in first second; do
	smoke_say "$round run"
	expect 0 env -u SLUICE_TESTBED "$smoke_root/scripts/quickstart" --link veth --json
	expect_json 'j["verified"] is True'
	expect_json 'j["bytes"] >= 64000000 and j["wire_bytes"] > 0 and j["packets"] > 0 and j["goodput_bps"] > 0'
	expect_json 'j["retransmits"] >= 0 and j["srtt_us"] >= 0 and len(j["sha256"]) == 64 and j["codec"] != ""'
	[ "$(smoke_machine)" = "$smoke_before" ] || smoke_fail "the $round run left something behind"
done
smoke_end
