# shellcheck shell=bash
# The build folder that scripts run from: SLUICE_BUILD as it is, or build/release, built when sources changed.

build_folder=''
build_programs=(dataplane/sluice-dataplane control/sluice-control control/sluice)

# build_release ROOT: sets build_folder. Says nothing when there is nothing to build.
build_release() {
	local log
	if [ -n "${SLUICE_BUILD:-}" ]; then
		build_folder=$(cd "$SLUICE_BUILD" 2>/dev/null && pwd) || die "SLUICE_BUILD=$SLUICE_BUILD is no folder"
		build_check "it comes from SLUICE_BUILD=$SLUICE_BUILD"
		return
	fi
	build_folder=$1/build/release log=$1/build/release.log
	mkdir -p "$1/build"
	if [ ! -f "$build_folder/build.ninja" ]; then
		rm -rf -- "$build_folder" # what an interrupted configuration left; meson would stumble over it
		ui_run "Configuring the build" "$log" meson setup --buildtype=release -Dtests="${build_tests:-false}" \
			"$build_folder" "$1" || die "meson setup failed"
	fi
	if ! ninja -C "$build_folder" -n 2>/dev/null | grep -q 'no work to do'; then
		ui_run "Building (release)" "$log" ninja -C "$build_folder" || die "the build failed"
	fi
	build_check "the build did not make it"
}

build_check() { # WHY
	local name
	for name in "${build_programs[@]}"; do
		[ -x "$build_folder/$name" ] || die "there is no $build_folder/$name; $1"
	done
}
