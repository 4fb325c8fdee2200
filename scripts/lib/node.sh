# shellcheck shell=bash
# shellcheck disable=SC2154 # bed*: the testbed's settings, see bed.sh
# One node of a testbed: its configuration, its processes, whether it is ready.

node_index() { printf '%d' $(($(printf '%d' "'$1") - 96)); } # a -> 1

# node_cli NODE ARGS...: the command line, talking to that node.
node_cli() {
	local node=$1
	shift
	"$bed_build/control/sluice" --node "$bed/$node/control.sock" "$@"
}

node_control_address() {
	if bed_namespaces; then
		printf '10.78.0.%d:7701' "$(node_index "$1")"
	else
		printf '127.0.0.1:%d' $((bed_port + $(node_index "$1")))
	fi
}

# Pairs (a,b) (a,c) ... (b,c) ... are numbered from 1; pair k has the network 10.77.k.0/30, or fd77:0:0:k::/64.
node_pair_number() { # FIRST SECOND
	local n i j
	n=$(wc -w <<<"$bed_nodes")
	i=$(node_index "$1") j=$(node_index "$2")
	printf '%d' $(((i - 1) * (2 * n - i) / 2 + j - i))
}

# node_address NODE PEER -> NODE's address on their link, which all have when they have namespaces
node_address() {
	local pair=0 host
	host=$(node_index "$1")
	if ! bed_namespaces; then
		if [[ $1 < $2 ]]; then
			pair=$(node_pair_number "$1" "$2") host=1
		else
			pair=$(node_pair_number "$2" "$1") host=2
		fi
	fi
	if [ "$bed_ipv6" ]; then
		printf 'fd77:0:0:%x::%x' "$pair" "$host"
	else
		printf '10.77.%d.%d' "$pair" "$host"
	fi
}

node_prefix() {
	if [ "$bed_ipv6" ]; then
		printf 64
	elif bed_namespaces; then
		printf 24
	else
		printf 30
	fi
}

# node_yaml_end NODE PEER -> driver and role of NODE's end of their link
node_yaml_end() {
	case $bed_link$([[ $1 < $2 ]] && echo 1) in
	memif1) printf '    driver: memif\n    role: server' ;;
	memif) printf '    driver: memif\n    role: client' ;;
	vhost1) printf '    driver: virtio-user' ;;
	vhost) printf '    driver: vhost' ;;
	esac
}

# node_yaml_vlan NODE -> that line of its links; nothing where it is in none
node_yaml_vlan() {
	local vlan
	vlan=$(cut -d, -f"$(node_index "$1")" <<<"$bed_vlans")
	[ "${vlan:-0}" = 0 ] || printf '\n    vlan: %s' "$vlan"
}

node_yaml_links() {
	local peer driver=$bed_driver name vlan
	vlan=$(node_yaml_vlan "$1")
	if bed_namespaces; then
		[ "$bed_link" != tap ] || driver=tap
		printf '  - name: lan\n    driver: %s\n    interface: dp0\n    address: %s/%d\n    mtu: %d%s\n' \
			"$driver" "$(node_address "$1")" "$(node_prefix)" "$bed_mtu" "$vlan"
		return
	fi
	for peer in $bed_nodes; do
		[ "$peer" != "$1" ] || continue
		name=$peer$1
		[[ $1 > $peer ]] || name=$1$peer
		printf '  - name: %s\n%s\n    socket: %s\n    address: %s/%d\n    mtu: %d%s\n' \
			"$name" "$(node_yaml_end "$1" "$peer")" "$bed/links/$name.sock" \
			"$(node_address "$1" "$peer")" "$(node_prefix)" "$bed_mtu" "$vlan"
	done
}

node_yaml_peers() {
	local peer
	for peer in $bed_nodes; do
		[ "$peer" != "$1" ] || continue
		printf '  - name: %s\n    control: %s\n    address: %s\n' \
			"$peer" "$(node_control_address "$peer")" "$(node_address "$peer" "$1")"
	done
}

# Without one the nodes take their own default.
node_yaml_cipher() { [ -z "$bed_cipher" ] || printf '  cipher: "%s"' "$bed_cipher"; }

node_yaml() {
	cat <<-YAML
		# Node $1 of the testbed in $bed. Generated: scripts/testbed up.
		node: $1
		run_dir: $bed/$1
		control:
		  listen: $(node_control_address "$1")
		dataplane:
		  workers: $bed_workers
		  hugepages: ${SLUICE_TESTBED_HUGEPAGES:-auto}
		  memory_mb: $bed_memory_mb
		  idle: adaptive
		  program: $bed_build/dataplane/sluice-dataplane
		security:
		$(node_yaml_cipher)
		  ca: $bed/pki/$1/ca.crt
		  certificate: $bed/pki/$1/node.crt
		  key: $bed/pki/$1/node.key
		  keyring: $bed/pki/$1/cluster.keys
		consensus:
		  folder: $bed/$1/consensus
		  segment_mb: 4
		links:
		$(node_yaml_links "$1")
		peers:
		$(node_yaml_peers "$1")
	YAML
}

# node_authority: of the testbed's own, for its nodes.
node_authority() {
	bed_made links "$bed/pki"
	rm -rf -- "$bed/pki"
	"$bed_build/control/sluice" pki init --dir "$bed/pki" --cluster testbed --days 365 >/dev/null
}

# node_make NODE: folder, certificates and configuration.
node_make() {
	local kind=node
	"$bed_build/control/sluice" pki issue "$1" --dir "$bed/pki" >/dev/null || die "no certificate for node $1"
	[ ! -d "$bed/$1" ] || kind=files
	bed_made "$kind" "$bed/$1"
	mkdir -p "$bed/$1"
	[ ! "$bed_serve" ] || mkdir -p "$bed/$1/inbox"
	# An empty list is written as one: YAML has no other way to say it.
	node_yaml "$1" | sed -e '/^$/d' | awk '
		{ line[NR] = $0 }
		END { for (i = 1; i <= NR; i++)
			print line[i] ((line[i] ~ /^(links|peers):$/ && line[i + 1] !~ /^ /) ? " []" : "") }' \
		>"$bed/$1/node.yaml"
}

# node_spawn NODE NAME COMMAND...: in its own session, with nothing of ours open, marked as this testbed's.
node_spawn() {
	local node=$1 name=$2 pid
	shift 2
	! bed_namespaces || set -- ip netns exec "sluice-$node" "$@"
	(
		proc_close_files
		trap - INT TERM HUP
		exec env SLUICE_TESTBED_ID="$bed_id" SLUICE_TESTBED_NODE="$bed_id/$node" \
			setsid "$@" </dev/null >>"$bed/$node/$name.log" 2>&1
	) &
	pid=$!
	disown "$pid" 2>/dev/null || true # its end is ours to explain, not bash's
	printf '%s:%s\n' "$pid" "$(proc_start "$pid" || printf 0)" >"$bed/$node/$name.pid"
}

node_process() { # NODE NAME -> 0 when its recorded process runs
	local id
	id=$(cat "$bed/$1/$2.pid" 2>/dev/null) || return 1
	proc_alive "${id%:*}" "${id#*:}"
}

node_start() {
	node_process "$1" control ||
		node_spawn "$1" control "$bed_build/control/sluice-control" --config "$bed/$1/node.yaml"
}

# The fall-back listener yields to any `sluice serve` that the user starts on the node.
node_serve() {
	[ "$bed_serve" ] || return 0
	node_process "$1" serve ||
		node_spawn "$1" serve "$bed_build/control/sluice" --node "$bed/$1/control.sock" \
			serve --dir "$bed/$1/inbox" --fallback
}

# node_neighbours NODE -> how many members it waits for: itself and the peers of its configuration.
node_neighbours() {
	sed -n '/^peers:/,/^[a-z]/p' "$bed/$1/node.yaml" | grep -c '^ *\(- \)\{0,1\}control:' | awk '{ print $1 + 1 }'
}

# node_not_ready NODE [alone] -> what it still waits for; nothing when it is ready. alone: whatever its peers do.
node_not_ready() {
	local status
	if ! status=$(node_cli "$1" status --json 2>/dev/null); then
		printf 'control does not answer yet'
		return
	fi
	python3 -c '
import json, sys
try:
    status = json.loads(sys.argv[1].strip().splitlines()[-1])
except (ValueError, IndexError):
    sys.exit("status is not JSON")
waits = []
state = status.get("dataplane", {}).get("state")
if state != "running":
    waits.append("dataplane %s" % state)
    if state == "failed" or status["dataplane"].get("restarts", 0) >= 4:
        waits.append("given up: %s" % status["dataplane"].get("error"))
if not sys.argv[2]:
    waits += ["link %s %s" % (l["name"], l["state"]) for l in status.get("links", []) if l["state"] != "up"]
    alive = status.get("membership", {}).get("members", {}).get("alive", 0)
    if alive < int(sys.argv[3]):
        waits.append("%d of %d members alive" % (alive, int(sys.argv[3])))
    consensus = status.get("consensus", {"state": "off"})
    if consensus["state"] == "failed":
        waits.append("given up: %s" % consensus["why"])
    elif consensus["state"] != "off" and not (consensus.get("member") == "voter" and consensus.get("leader")):
        waits.append("no voter of the consensus yet")
print(", ".join(waits), end="")
' "$status" "${2:-}" "$(node_neighbours "$1")" 2>&1 || true
}

# node_bootstrap NODE: the consensus begins with it, and takes in the others.
node_bootstrap() {
	local try
	for ((try = 0; try < 100; try++)); do
		! node_cli "$1" raft bootstrap >/dev/null 2>&1 || return 0
		node_process "$1" control || return 0 # node_wait says more
		sleep 0.1
	done
	ui_fail ''
	ui_error "the consensus of the nodes does not begin: $(node_cli "$1" raft bootstrap 2>&1)"
	return 1
}

# node_ended NODE...: the first of them whose control process is gone; 1 when all run.
node_ended() {
	local node
	for node; do
		node_process "$node" control || { printf '%s' "$node" && return; }
	done
	return 1
}

# node_wait NODE [alone] -> 0 when it is ready; otherwise says what was missing. What it waits for may be another
# node's: unless alone, the end of any of them ends the wait.
node_wait() {
	local deadline=$(($(date +%s) + ${SLUICE_TESTBED_TIMEOUT:-60})) waits others=$bed_nodes ended
	[ -z "${2:-}" ] || others=$1
	while waits=$(node_not_ready "$@") && [ -n "$waits" ]; do
		# shellcheck disable=SC2086 # a list of words
		if ended=$(node_ended $others); then
			ui_fail ''
			ui_error "sluice-control of node $ended ended"
			ui_tail "$bed/$ended/control.log" 25
			return 1
		fi
		if [ "$(date +%s)" -ge "$deadline" ] || [[ $waits == *"given up"* ]]; then
			ui_fail ''
			ui_error "node $1 is not ready: $waits"
			ui_tail "$bed/$1/control.log" 4
			return 1
		fi
		sleep 0.1
	done
}

# node_wait_serving NODE: its listener is known to the dataplane, so that a sender finds it at once.
node_wait_serving() {
	local try
	[ "$bed_serve" ] || return 0
	for ((try = 0; try < 100; try++)); do
		! node_cli "$1" status --json 2>/dev/null | grep -q '"listeners": *\[{' || return 0
		node_process "$1" serve || break
		sleep 0.1
	done
	ui_fail ''
	ui_error "sluice serve of node $1 does not listen"
	ui_tail "$bed/$1/serve.log"
	return 1
}

# node_stop NODE: the listener, then control, which stops its dataplane.
node_stop() {
	local name id
	for name in serve control; do
		id=$(cat "$bed/$1/$name.pid" 2>/dev/null) || continue
		proc_end 8 "$id" || true
		rm -f -- "$bed/$1/$name.pid"
	done
	node_stop_dataplane "$1"
}

# Had control been killed before, its dataplane still runs and bears the mark of this node.
node_stop_dataplane() {
	local pid list=()
	for pid in $(proc_marked "SLUICE_TESTBED_NODE=$bed_id/$1"); do
		list+=("$pid:$(proc_start "$pid" || printf 0)")
	done
	proc_end 5 "${list[@]}"
}
