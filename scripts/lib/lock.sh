# shellcheck shell=bash
# A lock file that may be removed by its holder: whoever waited on the removed one takes the new one.

# lock_take VARIABLE PATH [SECONDS]: sets VARIABLE to the descriptor that holds the lock; 1 when SECONDS are over.
lock_take() {
	local fd
	while :; do
		exec {fd}>"$2"
		if ! flock -w "${3:-60}" "$fd"; then
			exec {fd}>&-
			return 1
		fi
		if [ "$2" -ef "/proc/self/fd/$fd" ]; then
			printf -v "$1" '%s' "$fd"
			return 0
		fi
		exec {fd}>&-
	done
}

# lock_give DESCRIPTOR [PATH]: with PATH the file goes too.
lock_give() {
	local fd=$1
	[ -z "${2:-}" ] || rm -f -- "$2"
	exec {fd}>&-
}
