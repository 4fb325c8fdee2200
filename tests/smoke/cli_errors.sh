#!/usr/bin/env bash
# Exit codes and JSON errors: 0 done, 1 refused, 2 usage, 3 unreachable.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "the command line's exit codes and error objects are as documented"
bed_up 2
make_random "$smoke_work/file" 1000
error() { # CODE ARGS...: exit code, and with --json one object with an error in it
	smoke_say "$*"
	local code=$1
	shift
	expect "$code" sl a "$@"
	[ -s "$smoke_work/err" ] || smoke_fail "no sentence on standard error"
	expect "$code" sl a --json "$@"
	expect_json '"error" in j'
}
error 2 frobnicate
error 2 send
error 2 status --no-such-option
error 1 send "$smoke_work/file" nobody
error 1 send "$smoke_work/missing" b
error 1 send "$smoke_work" b
expect 0 sl a version
expect 0 sl a version --json
expect_json 'isinstance(j, dict)'
expect 0 sl a status --json
expect_json 'j["node"] == "a" and j["control"]["pid"] > 1 and j["dataplane"]["pid"] > 1'
expect_json 'j["dataplane"]["state"] == "running" and j["links"][0]["state"] == "up" and j["links"][0]["mtu"] == 1500'
expect_json 'j["peers"][0]["name"] == "b" and j["peers"][0]["reachable"] is True'
for group in link worker session; do
	expect 0 sl a "$group" list --json
done
smoke_say "no node behind the socket"
expect 3 "$SLUICE_BUILD/control/sluice" --node "$smoke_work/none.sock" status
expect 3 "$SLUICE_BUILD/control/sluice" --node "$smoke_work/none.sock" --json status
expect_json '"error" in j'
smoke_end
