#!/usr/bin/env bash
# A machine that has no hugepages to give: it runs all the same, and says so.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "without hugepages the nodes run with --no-huge and say so"
SLUICE_TESTBED_HUGEPAGES=off bed_up 2
expect 0 sl a status --json
expect_json 'j["dataplane"]["hugepages"] is False'
grep -rqi 'no-huge' "$SLUICE_TESTBED/a/"*.log || smoke_fail "nothing in a's logs says --no-huge"
make_random "$smoke_work/file" 20000000
expect 0 sl a send "$smoke_work/file" b
expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"
[ "$(smoke_machine | grep nr_hugepages)" = "$(grep nr_hugepages <<<"$smoke_before")" ] ||
	smoke_fail "pages were taken although the run was told not to"
smoke_end
