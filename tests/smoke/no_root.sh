#!/usr/bin/env bash
# Without root: a sentence that says what is needed, and nothing touched.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "without root each command says what it needs"
command -v setpriv >/dev/null || smoke_skip "no setpriv"
# The scripts must be readable by nobody, which a checkout in a private home is not.
cp -r "$smoke_root/scripts" "$smoke_work/scripts"
chmod -R a+rX "$smoke_work"
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
for command in "quickstart" "testbed up 2" "testbed down" "hugepages.sh set 64M"; do
	smoke_say "$command"
	# shellcheck disable=SC2086 # words
	expect 1 as_nobody "$smoke_work/scripts/"$command
	expect_says 'root'
done
expect 0 as_nobody "$smoke_work/scripts/quickstart" --help
expect 0 as_nobody "$smoke_work/scripts/hugepages.sh" status --json
expect_json 'j["total"] >= 0'
smoke_end
