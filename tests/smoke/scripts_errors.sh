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
for script in setup quickstart test dev hugepages.sh testbed debian13; do
	expect 0 "$smoke_root/scripts/$script" --help
	grep -q usage "$smoke_work/out" || smoke_fail "scripts/$script --help does not say how it is used"
	refused "$script" --no-such-option
done
refused test --suite no-such-suite
refused quickstart --link pigeon
refused quickstart one two
refused testbed up 9
refused debian13 --suite no-such-suite
refused debian13 --smoke no_such_test
refused debian13 --mirror ftp://nowhere
refused testbed up 2 --mtu 100
refused testbed start
refused hugepages.sh set 0
refused hugepages.sh status --no-such-option
refused testbed up 1
smoke_say "folders that cannot serve"
for folder in /nonexistent "$smoke_work/with space" "$smoke_work/$(printf '%060d' 0)"; do
	[ "$folder" = /nonexistent ] || mkdir "$folder"
	expect 1 env -u SLUICE_TESTBED TMPDIR="$folder" "$smoke_root/scripts/quickstart"
	grep -q TMPDIR "$smoke_work/err" || smoke_fail "the sentence does not name TMPDIR"
done
smoke_say "through a symlink"
ln -s "$smoke_root/scripts/quickstart" "$smoke_work/qs"
expect 0 "$smoke_work/qs" --help
smoke_end
