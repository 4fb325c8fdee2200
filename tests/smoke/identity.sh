#!/usr/bin/env bash
# Who shows a certificate that is expired, another node's or of another authority is refused by both ends, who say which.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "a node is believed for its certificate alone, which may be replaced while it runs"
bed_up 2 --link memif
pki=$SLUICE_TESTBED/pki
issue() { "$SLUICE_BUILD/tests/smoke/certificate" "$@" || smoke_fail "certificate $*"; }

state() { sl "$1" status --json >"$smoke_work/status-$1" && json "$smoke_work/status-$1" "$2"; } # NODE EXPRESSION
other() { [ "$1" = a ] && echo b || echo a; }                              # NODE
reachable() { sl "$1" session open "$(other "$1")" >/dev/null 2>&1; }     # NODE
says() { # NODE TEXT: why its connection to the other one came to nothing
	! reachable "$1" || return 1
	sl "$1" pool show --json >"$smoke_work/pool-$1"
	json "$smoke_work/pool-$1" '[n["reason"] or "" for n in j["nodes"]]' | grep -q -- "$2"
}
logged() { grep -q -- "$2" "$SLUICE_TESTBED/$1/control.log"; }            # NODE TEXT
is() { [ "$(state "$1" "$2")" = true ]; }                                 # NODE EXPRESSION

smoke_say "a new certificate is used without a restart, and sessions go on"
before=$(state b 'j["certificate"]["serial"]') pid=$(node_pid b control)
expect 0 sl a session open b --json
"$SLUICE_BUILD/control/sluice" pki issue b --dir "$pki" --replace >/dev/null
expect_soon 15 "b uses its new certificate" is b "j['certificate']['serial'] != '$before'"
expect 0 sl a session list --json
expect_json 'len(j["sessions"]) == 1'
[ "$(node_pid b control)" = "$pid" ] || smoke_fail "b was restarted"

smoke_say "what cannot be read changes nothing, and status says why"
mv "$pki/b/node.crt" "$smoke_work/node.crt"
expect_soon 15 "b says why" is b '"node.crt cannot be read: No such file" in (j["certificate"]["reload_error"] or "")'
expect 0 sl b status
expect_says 'not read again: security.certificate: .*/node.crt cannot be read: No such file'
mv "$smoke_work/node.crt" "$pki/b/node.crt"
expect_soon 15 "b has nothing to say" is b 'j["certificate"]["reload_error"] is None'

# Of somebody else than ourselves, as Unix time.
certificate_end() { date -d "$(openssl x509 -noout -enddate -in "$pki/$1/node.crt" | cut -d= -f2)" +%s; } # NODE

smoke_say "one that ends soon is told of"
issue "$pki" b -9000 1000
expect_soon 15 "b warns" is b 'j["certificate"]["state"] == "expiring"'
logged b "This node's certificate expires" || smoke_fail "the log does not warn"
expect 0 sl b session open a --json # a connection, and its key exchange
expect 0 sl b metrics
own="role=\"node\",subject=\"b\",issuer=\"testbed\",serial=\"$(state b 'j["certificate"]["serial"]')\""
python3 "$smoke_root/tests/unit/control/admin/openmetrics.py" "$smoke_work/out" \
	"sluice_certificate_state{$own,sluice_certificate_state=\"expiring\"} 1" \
	"sluice_certificate_not_after_timestamp_seconds{$own} $(certificate_end b)" \
	'sluice_certificate_not_after_timestamp_seconds{role="authority",subject="testbed"' \
	'sluice_pool_key_exchange_info{peer="a",group="' || smoke_fail "the metrics do not warn"

smoke_say "expired"
issue "$pki" b -9000 -60
bed_node stop b
# It starts: it can be given another one. Nobody takes it as it is.
"$SLUICE_BUILD/control/sluice-control" --check --config "$SLUICE_TESTBED/b/node.yaml" >/dev/null
"$SLUICE_BUILD/control/sluice-control" --config "$SLUICE_TESTBED/b/node.yaml" >>"$SLUICE_TESTBED/b/control.log" 2>&1 &
control=$!
smoke_children+=("$control")
expect_soon 20 "a says that it is expired" says a "its certificate 'b' expired 20"
expect_soon 20 "b hears why" says b 'it says that our certificate has expired'
logged b "This node's certificate expired" || smoke_fail "b's log does not say that it expired"
expect 3 sl a send --json "$0" b
expect_says "its certificate 'b' expired"

smoke_say "of another authority"
authority=$smoke_work/other
"$SLUICE_BUILD/control/sluice" pki init --dir "$authority" --cluster other >/dev/null
issue "$authority" b -60 3600
cp "$authority/b/"* "$pki/b/"
expect_soon 20 "a says whose it is" says a "its certificate is of another authority ('other') than our security.ca"
expect_soon 20 "b says whose a's is" says b "its certificate is of another authority ('testbed') than our security.ca"

smoke_say "without any, a stranger gets an alert and not one byte"
python3 - "$(sed -n 's/^  listen: //p' "$SLUICE_TESTBED/a/node.yaml")" <<-'PYTHON' || smoke_fail "a stranger got something"
	import socket, ssl, sys
	host, port = sys.argv[1].rsplit(":", 1)
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
	context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
	got, why = b"", "closed"
	try:
	    with context.wrap_socket(socket.create_connection((host, int(port)), timeout=10)) as peer:
	        peer.send(b"\x00\x00\x00\x02{}")
	        got = peer.recv(100)
	except TimeoutError:
	    why = "it is not told to go"
	except OSError:  # an alert, mostly; the kernel may be faster with a reset
	    why = "closed"
	sys.exit(0 if got == b"" and why == "closed" else "got %r: %s" % (got, why))
PYTHON

smoke_say "another node's"
version=$(sed -n 's/^#define MESSAGE_VERSION *//p' "$smoke_root/control/net/message.h")
python3 - "$(sed -n 's/^  listen: //p' "$SLUICE_TESTBED/a/node.yaml")" "$pki" "$version" <<-'PYTHON' >"$smoke_work/words" || true
	import socket, ssl, subprocess, sys
	host, port = sys.argv[1].rsplit(":", 1)
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
	context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
	context.load_cert_chain(sys.argv[2] + "/a/node.crt", sys.argv[2] + "/a/node.key")
	hello = b'{"type":"hello","version":%d,"node":"b","to":"a"}' % int(sys.argv[3])
	with context.wrap_socket(socket.create_connection((host, int(port)), timeout=10)) as peer:
	    peer.send(len(hello).to_bytes(4, "big") + hello)
	    print(peer.recv(1000))
PYTHON
grep -q 'it greets as node b, but its certificate is for node a' "$smoke_work/words" || smoke_fail "the name is not held against it"

smoke_say "its own again: believed again, without a restart"
"$SLUICE_BUILD/control/sluice" pki issue b --dir "$pki" --replace >/dev/null
kill -HUP "$control" # at once
expect_soon 20 "a reaches b" reachable a
expect_soon 20 "b reaches a" reachable b
expect 0 sl a session open b --json
kill -TERM "$control"
wait "$control" || true
smoke_children=()
smoke_end
