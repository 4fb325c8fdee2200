#!/usr/bin/env bash
# Runs inside the chroot of scripts/debian13, in /sluice: builds, tests, and says which suites ran on what.
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
# shellcheck source=scripts/lib/ui.sh
. "$root/scripts/lib/ui.sh"
build=$root/build/tests
logs=$build/meson-logs
suites=() smoke=() json=''

while [ $# -gt 0 ]; do
	case $1 in
	--suite) suites+=("$2") && shift ;;
	--smoke) smoke+=("$2") && shift ;;
	--json) json=--json ;;
	esac
	shift
done
[ "${#suites[@]}" -gt 0 ] || [ "${#smoke[@]}" -eq 0 ] || suites=(smoke)
[ "${#suites[@]}" -gt 0 ] || suites=(unit sim fuzz ring port purity tidy smoke)
[ "${#smoke[@]}" -gt 0 ] || smoke=(encrypted identity post_quantum quickstart_memif quickstart_veth)

# What an interrupted configuration left; meson would stumble over it.
[ -f "$build/build.ninja" ] || rm -rf -- "$build"
if [ ! -d "$build" ]; then
	ui_run "Configuring" "$build.log" meson setup -Dwerror=true -Dfuzz_seconds=2 "$build" "$root"
fi
ui_run "Building, warnings are errors" "$build.log" ninja -C "$build" -k 0

# A network of its own, with nobody in it.
ip link set lo up
export SLUICE_TESTBED_HUGEPAGES=off
rm -f -- "$logs"/fast.json "$logs"/smoke.json
rc=0 fast=()
for suite in "${suites[@]}"; do
	[ "$suite" = smoke ] || fast+=(--suite "$suite")
done
[ "${#fast[@]}" = 0 ] || meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 3 --logbase fast "${fast[@]}" || rc=1
[[ " ${suites[*]} " != *" smoke "* ]] ||
	meson test -C "$build" --no-rebuild --print-errorlogs --timeout-multiplier 3 --logbase smoke "${smoke[@]}" || rc=1
python3 "$root/scripts/lib/debian13_summary.py" $json "$logs" || rc=1
exit "$rc"
