# shellcheck shell=bash
# shellcheck disable=SC2154 # bed_scripts: the folder of the scripts, set by whoever sources this
# A testbed's folder: what we made is written down before it is made, so that any later run can take it away.
#
#   $bed/                 SLUICE_TESTBED; may have existed before
#   $bed/.testbed/        ours: id, settings, state, made (one line per thing, oldest first)
#   $bed/<node>/          node.yaml, control.log, control.sock, inbox/ ...
#   /run/sluice-testbeds/ one file per testbed of this machine: its folder, its owner, who is at work on it;
#                         the testbed of a dead owner (kill -9 of a script) is taken down by the next run

bed_registry=/run/sluice-testbeds
bed='' bed_state='' bed_id='' bed_lock=''

# What belongs to the running testbed, saved by bed_save, read by bed_load.
bed_settings=(bed_id bed_nodes bed_link bed_driver bed_ipv6 bed_workers bed_mtu bed_cipher bed_build bed_port bed_serve bed_memory_mb)

# Whether the nodes have network namespaces, or share memory.
bed_namespaces() { [ "$bed_link" = veth ] || [ "$bed_link" = tap ]; }

bed_open() { # FOLDER
	case $1 in
	/*) bed=$1 ;;
	*) bed=$PWD/$1 ;;
	esac
	case $bed in
	*[!A-Za-z0-9._/+@-]*) usage_die "SLUICE_TESTBED='$bed': letters, digits and ._/+@- only" ;;
	esac
	[ "${#bed}" -le 88 ] || usage_die "SLUICE_TESTBED='$bed' is too long for the nodes' sockets: at most 88 characters"
	bed_state=$bed/.testbed
}

bed_need_root() {
	[ "$(id -u)" = 0 ] || die "a testbed needs root: hugepages, packet sockets and network namespaces (sudo $0 ...)"
}

bed_lock_take() {
	lock_take bed_lock "$bed_registry.lock" 120 || die "another run has held $bed_registry.lock for two minutes"
	mkdir -p "$bed_registry"
}

# bed_lock_tidy: gives the lock back, or tidies an empty registry; whoever holds the lock now does that otherwise.
bed_lock_tidy() {
	[ -n "$bed_lock" ] || lock_take bed_lock "$bed_registry.lock" 0 || return 0
	bed_lock_give
}

bed_lock_give() {
	[ -n "$bed_lock" ] || return 0
	if rmdir "$bed_registry" 2>/dev/null || [ ! -d "$bed_registry" ]; then
		lock_give "$bed_lock" "$bed_registry.lock" # the last testbed of the machine is gone
	else
		lock_give "$bed_lock"
	fi
	bed_lock=''
}

# bed_register OWNER: "pid:start" of the process the testbed ends with, or "-" when it stands for itself.
# The third line is the script that is at work on it now.
bed_register() {
	printf '%s\n%s\n%s\n' "$bed" "$1" "${2:--}" >"$bed_registry/.$bed_id"
	mv "$bed_registry/.$bed_id" "$bed_registry/$bed_id"
}

bed_self() { printf '%s:%s' $$ "$(proc_start $$)"; }

bed_say() { printf '%s\n' "$1" >"$bed_state/state"; } # starting | up | stopping

bed_made() { printf '%s\n' "$*" >>"$bed_state/made"; }

# bed_create OWNER [scratch]: the folder and its state. scratch: the folder is ours with all that is in it.
bed_create() {
	local made_folder=''
	[ -d "$bed" ] || made_folder=1
	mkdir -p "$bed_state" 2>/dev/null || die "cannot make the folder $bed (SLUICE_TESTBED names another)"
	bed_id=$(tr -d - </proc/sys/kernel/random/uuid)
	bed_register "$1" "$(bed_self)"
	printf '%s\n' "$bed_id" >"$bed_state/id"
	bed_say starting
	: >"$bed_state/made"
	[ -z "$made_folder" ] || bed_made folder "$bed"
	[ -z "${2:-}" ] || bed_made node "$bed"
}

bed_save() {
	local name
	for name in "${bed_settings[@]}"; do
		printf '%s=%q\n' "$name" "${!name}"
	done >"$bed_state/settings"
}

bed_load() {
	[ -f "$bed_state/settings" ] || return 1
	# shellcheck source=/dev/null
	. "$bed_state/settings"
}

# -> none | up | busy (a script is at work on it) | broken (whoever made it is dead)
bed_condition() {
	local id owner='' worker=''
	id=$(cat "$bed_state/id" 2>/dev/null) || { printf none && return; }
	{ read -r _ && read -r owner && read -r worker; } <"$bed_registry/$id" 2>/dev/null || true
	if proc_alive "${worker%:*}" "${worker#*:}"; then
		printf busy
	elif [ "$owner" != - ] && ! proc_alive "${owner%:*}" "${owner#*:}"; then
		printf broken
	elif [ "$(cat "$bed_state/state" 2>/dev/null)" = up ]; then
		printf up
	else
		printf broken
	fi
}

# bed_scratch FOLDER: a folder that goes, with all processes marked by it, when this script is gone. (The name
# sorts behind all ids, so that a testbed in it is taken down first.)
bed_scratch() {
	printf '%s\n%s\n-\n' "$1" "$(bed_self)" >"$bed_registry/scratch-$$"
	export SLUICE_SCRATCH=$1
}

bed_scratch_forget() { rm -f -- "$bed_registry/scratch-$$"; }

# bed_reap: takes down whatever on this machine belonged to a script that was killed.
bed_reap() {
	local file folder owner worker
	for file in "$bed_registry"/*; do
		[ -f "$file" ] || continue
		{ read -r folder && read -r owner && read -r worker; } <"$file" || continue
		if [ "$owner" = - ]; then
			[ ! -d "$folder/.testbed" ] || continue # stands for itself
		elif proc_alive "${owner%:*}" "${owner#*:}"; then
			continue
		fi
		[ ! -d "$folder" ] || ui_note "clearing what an interrupted run left in $folder"
		proc_end 30 "$worker" || true # it cleans up after itself
		case ${file##*/} in
		scratch-*) bed_reap_scratch "$folder" ;;
		*) bed_reap_one "$folder" "${file##*/}" || true ;;
		esac
		rm -f -- "$file"
	done
}

bed_reap_scratch() { # FOLDER
	local pid list=()
	for pid in $(proc_marked "SLUICE_SCRATCH=$1"); do
		list+=("$pid:$(proc_start "$pid" || printf 0)")
	done
	proc_end 5 "${list[@]}" || true
	[ -d "$1/.testbed" ] || rm -rf -- "$1"
}

bed_reap_one() { # FOLDER ID
	local saved_bed=$bed saved_id=$bed_id name
	bed_open "$1"
	bed_id=$2
	bed_remove
	for name in $(ip netns list 2>/dev/null | awk '/^sluice-/ { print $1 }'); do
		[ "$(net_owner "$name")" != "$bed" ] || net_netns_remove "$name"
	done
	[ -z "$saved_bed" ] || bed_open "$saved_bed"
	bed_id=$saved_id
}

# bed_processes -> "pid:start" of all that this testbed started and that still runs
bed_processes() {
	local pid start
	for pid in $(proc_marked "SLUICE_TESTBED_ID=$bed_id"); do
		! start=$(proc_start "$pid") || printf '%s:%s\n' "$pid" "$start"
	done
}

# bed_end_processes: control first, it stops its dataplane in order; what is left by its mark.
bed_end_processes() {
	local file list=()
	for file in "$bed"/?/*.pid; do
		[ -f "$file" ] && list+=("$(cat "$file")")
	done
	proc_end 8 "${list[@]}" || true
	mapfile -t list < <(bed_processes)
	proc_end 3 "${list[@]}" || ui_warn "processes that did not end: ${list[*]%:*}"
}

# bed_remove: ends and removes everything of the open testbed; harmless when half of it is gone already.
bed_remove() {
	local kind what
	bed_end_processes
	if [ -f "$bed_state/made" ]; then
		while read -r kind what; do
			case $kind in
			netns) net_netns_remove "$what" ;;
			node) rm -rf -- "${what:?}" ;;
			files) bed_remove_files "$what" ;;
			links) rm -rf -- "${what:?}" ;;
			runtime) rm -rf -- "/run/dpdk/${what:?}" ;;
			esac
		done < <(tac "$bed_state/made")
	fi
	"$bed_scripts/hugepages.sh" release --owner "$bed_state/id" || true
	bed_remove_folder
}

# A node's folder that was there before us loses only what our programs put into it.
bed_remove_files() {
	local name
	for name in node.yaml control.sock control.log control.pid serve.log serve.pid inbox \
		control.lock data.sock dataplane.lock dataplane.log consensus; do
		rm -rf -- "${1:?}/$name"
	done
}

bed_remove_folder() {
	local folder
	folder=$(sed -n 's/^folder //p' "$bed_state/made" 2>/dev/null) || true
	rm -rf -- "$bed_state"
	[ -z "$folder" ] || rmdir -- "$folder" 2>/dev/null || ui_note "left in place, not ours: $(ls -A "$folder")"
	[ -z "$bed_id" ] || rm -f -- "$bed_registry/$bed_id"
}

# bed_port_free -> the first of a block of 32 ports that nobody listens on and no other testbed has taken
bed_port_free() {
	local port used
	used=$({
		ss -Hltn | awk '{ sub(/.*:/, "", $4); print $4 }'
		bed_ports_taken
	} | awk '{ print int($1 / 32) * 32 }')
	for ((port = 7712; port < 9700; port += 32)); do
		if ! grep -qx "$port" <<<"$used"; then
			printf '%s' "$port"
			return 0
		fi
	done
	return 1
}

bed_ports_taken() {
	local file
	for file in "$bed_registry"/*; do
		[ -f "$file" ] || continue
		sed -n 's/^bed_port=//p' "$(sed -n 1p "$file")/.testbed/settings" 2>/dev/null || true
	done
}
