#!/usr/bin/env bash
# Every script says how it is used, and refuses what it does not know.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "each script has --help (0) and refuses what it does not know with a sentence (2)"
refused() { # SCRIPT ARGS...
	smoke_say "$*"
	expect 2 "$smoke_root/scripts/$1" "${@:2}"
	[ -s "$smoke_work/err" ] || smoke_fail "no sentence on standard error"
}
for script in setup quickstart test dev hugepages.sh testbed; do
	expect 0 "$smoke_root/scripts/$script" --help
	grep -q usage "$smoke_work/out" || smoke_fail "scripts/$script --help does not say how it is used"
	refused "$script" --no-such-option
done
refused test --suite no-such-suite
refused quickstart --link pigeon
refused quickstart one two
refused testbed up 9
refused testbed up 2 --mtu 100
refused testbed start
refused hugepages.sh set 0
refused hugepages.sh status --no-such-option
smoke_end
