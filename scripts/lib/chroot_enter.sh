#!/usr/bin/env bash
# usage: chroot_enter.sh ROOT SOURCE BUILD COMMAND...
# First process of new mount and process namespaces: mounts what a chroot needs, the tree read-only in /sluice with BUILD
# as its build folder, and becomes COMMAND there. Nothing is unmounted: the mounts end with the namespace.
set -euo pipefail
root=$1 source=$2 build=$3
shift 3

# Its root is a mount of its own: ip netns exec changes how / propagates.
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --bind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount --bind "$source" "$root/sluice"
mount -o remount,bind,ro "$root/sluice"
mount --bind "$build" "$root/sluice/build"

rm -rf -- "$root"/tmp/*
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
	TERM="${TERM:-dumb}" chroot "$root" sh -c 'cd /sluice && exec "$@"' sh "$@"
