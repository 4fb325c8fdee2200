# shellcheck shell=bash
# The Debian packages that everything else stands on: one step on the screen, apt's own words in a log.

# packages_ready ROOT: says nothing when none is missing; dies when they can't be installed.
packages_ready() {
	local missing setup=$1/scripts/setup log=$1/build/setup.log
	! "$setup" --check 2>/dev/null || return 0
	[ "$(id -u)" = 0 ] || exec "$setup" # its message says what is missing and who may install it
	missing=$("$setup" --check 2>&1 | sed 's/.*: //') || true
	mkdir -p "$1/build"
	# Names on one line, so that nobody wonders what a script with root rights did to the machine.
	ui_note "packages: $missing"
	# Not of this run: what an installation starts (a daemon) is not ours to end.
	ui_run --keep "Installing packages" "$log" env -u SLUICE_SCRATCH "$setup" || die "the installation failed"
}

# Debian's own, which setup installs: another one that is first in PATH may be a wrapper that takes ten times as long to
# start, and a testbed starts many.
python3() {
	if [ -x /usr/bin/python3 ]; then
		/usr/bin/python3 "$@"
	else
		command python3 "$@"
	fi
}
