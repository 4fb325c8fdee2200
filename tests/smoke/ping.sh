#!/usr/bin/env bash
# The first thing that anybody tries with a new link.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a node answers pings of every size that its link carries, and no more of them than it should"
bed_up 2 --link veth --no-serve
# The bridge itself is the stranger that pings.
ip -n sluice-net address add 10.77.0.200/24 dev br0
ping_node() { # ARGS...
	expect 0 ip netns exec sluice-net ping -n -c 5 -i 0.02 -W 2 "$@"
	expect_says '5 received'
}
for size in 0 1 56 1472; do
	smoke_say "$size bytes"
	ping_node -s "$size" 10.77.0.1
	ping_node -s "$size" 10.77.0.2
done
smoke_say "a flood"
expect 0 ip netns exec sluice-net ping -n -q -f -l 400 -c 1000 -W 1 10.77.0.1
expect 0 sl a worker --json
expect_json 'any(w["drops"].get("icmp_limited", 0) > 0 for w in j["workers"])'
ping_node 10.77.0.1
smoke_say "an address that nobody has"
expect 1 ip netns exec sluice-net ping -n -c 1 -W 1 10.77.0.99
smoke_end
