#!/usr/bin/env bash
# Garbage and an old protocol, on the port of datagrams and on that of connections.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "garbage on control's ports costs bounded work, and an old version is refused with a sentence"
bed_up 2 --link memif
listen=$(sed -n 's/^  listen: //p' "$SLUICE_TESTBED/a/node.yaml")
control=$(node_pid a control)
alive() { sl a members --json >"$smoke_work/members" && [ "$(json "$smoke_work/members" \
	'sum(m["state"] == "alive" for m in j["members"])')" = 2 ]; }
rejected() { sl a metrics | awk -F'[ }]' '/^sluice_swim_rejected_total/ { sum += $NF } END { print sum + 0 }'; }
ticks() { awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$control/stat"; } # of CPU
memory_kb() { awk '$1 == "VmRSS:" { print $2 }' "/proc/$control/status"; }
lines() { wc -l <"$SLUICE_TESTBED/a/control.log"; }
expect_soon 15 "both are alive" alive

smoke_say "20,000 datagrams of garbage, some of which look like ours; 200 connections with garbage"
rejected=$(rejected) ticks=$(ticks) memory=$(memory_kb) lines=$(lines)
python3 - "$listen" <<-'PYTHON' || smoke_fail "garbage could not be sent"
	import os, random, socket, sys
	host, port = sys.argv[1].rsplit(":", 1)
	random.seed(5)
	udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for i in range(20000):
	    body = os.urandom(random.randrange(0, 1440))
	    udp.sendto((b"SG\x01\x00" if i % 2 else b"") + body, (host, int(port)))
	for i in range(200):
	    with socket.create_connection((host, int(port)), timeout=10) as tcp:
	        try:
	            tcp.sendall(os.urandom(random.randrange(1, 4000)))
	        except OSError:
	            pass  # it was faster to hang up
PYTHON
more() { [ "$(rejected)" -gt "$((rejected + 1000))" ]; }
expect_soon 10 "datagrams are counted as refused" more
alive || smoke_fail "b is no longer alive to a"
ticks=$(($(ticks) - ticks)) memory=$(($(memory_kb) - memory)) lines=$(($(lines) - lines))
smoke_say "$((ticks * 1000 / $(getconf CLK_TCK))) ms of CPU, $memory KiB, $lines lines"
[ "$((ticks / $(getconf CLK_TCK)))" -lt 5 ] || smoke_fail "it cost $ticks ticks of CPU"
[ "$memory" -lt 8192 ] || smoke_fail "it cost $memory KiB"
[ "$lines" -lt 100 ] || smoke_fail "it cost $lines lines of the log"

smoke_say "an old version of membership"
says_old() { grep -q "speaks another version of Sluice's membership; update the older one" "$SLUICE_TESTBED/a/control.log"; }
send_old() {
	python3 - "$listen" <<-'PYTHON'
		import os, socket, sys
		host, port = sys.argv[1].rsplit(":", 1)
		socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"SG\x00\x00" + os.urandom(80), (host, int(port)))
	PYTHON
	says_old
}
expect_soon 10 "the log says that it is another version" send_old

smoke_say "an old version of the connections between nodes"
version=$(sed -n 's/^#define MESSAGE_VERSION *//p' "$smoke_root/control/net/message.h")
python3 - "$listen" "$SLUICE_TESTBED/pki/b" "$((version - 1))" <<-'PYTHON' >"$smoke_work/words" || true
	import socket, ssl, sys
	host, port = sys.argv[1].rsplit(":", 1)
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
	context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
	context.load_cert_chain(sys.argv[2] + "/node.crt", sys.argv[2] + "/node.key")
	hello = b'{"type":"hello","version":%d,"boot_id":"0000000000000000","node":"b","to":"a"}' % int(sys.argv[3])
	with context.wrap_socket(socket.create_connection((host, int(port)), timeout=10)) as peer:
	    peer.send(len(hello).to_bytes(4, "big") + hello)
	    print(peer.recv(1000))
PYTHON
grep -q "speaks protocol version $version, not $((version - 1))" "$smoke_work/words" || {
	cat "$smoke_work/words"
	smoke_fail "the old version is not told why"
}
alive || smoke_fail "b is no longer alive to a"
smoke_end
