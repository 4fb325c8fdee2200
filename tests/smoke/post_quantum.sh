#!/usr/bin/env bash
# Where OpenSSL has the hybrid key exchange and ML-DSA, nodes use them; where it has not, nobody is left to believe it.
# shellcheck source=tests/smoke/lib.sh
. "$(dirname "$0")/lib.sh"
smoke_begin "X25519MLKEM768 and ML-DSA-65 are used where OpenSSL has them; elsewhere prefer says so once and require refuses"
pki=$SLUICE_TESTBED/pki
sluice=$SLUICE_BUILD/control/sluice
# Asked of somebody else than ourselves.
has=$(python3 -c 'import ssl; print("hybrid" if ssl.OPENSSL_VERSION_INFO >= (3, 5, 0) else "classical")')
smoke_say "$(python3 -c 'import ssl; print(ssl.OPENSSL_VERSION)'): $has"

yaml() { printf '%s/%s/node.yaml' "$SLUICE_TESTBED" "$1"; }
pq() { sed -i -e '/^  pq: /d' -e "s/^security:/&\n  pq: $2/" "$(yaml "$1")"; } # NODE VALUE
is() { sl "$1" status --json >"$smoke_work/status" && [ "$(json "$smoke_work/status" "$2")" = true ]; }
told() { # NODE -> how often its log says that it fell back
	grep -c 'has no X25519MLKEM768 (3.5 or newer has): the key exchange with peers is X25519' "$SLUICE_TESTBED/$1/control.log"
}

exchange() { # NODE OTHER GROUP: the key exchange of a connection that NODE opens
	expect_soon 20 "$1 reaches $2" sl "$1" session open "$2"
	expect 0 sl "$1" pool show --json
	expect_json "[n['key_exchange'] for n in j['nodes'] if n['name'] == '$2'] == ['$3']"
}

bed_up 2 --link memif

if [ "$has" = classical ]; then
	smoke_say "prefer, which is the default, falls back and says so once"
	exchange a b x25519
	expect 0 sl a status --json
	expect_json 'j["certificate"]["hybrid_key_exchange"] is False'
	"$sluice" pki issue a --dir "$pki" --replace >/dev/null
	serial=$(json "$smoke_work/out" 'j["certificate"]["serial"]')
	expect_soon 15 "a uses its new certificate" is a "j['certificate']['serial'] != '$serial'"
	[ "$(told a)" = 1 ] || smoke_fail "the log of a says $(told a) times that it fell back"

	smoke_say "require does not start, and says why"
	bed_node stop b
	pq b require
	expect 1 "$SLUICE_BUILD/control/sluice-control" --config "$(yaml b)"
	expect_says 'security.pq: require: OpenSSL 3.* has no X25519MLKEM768 \(3.5 or newer has\); write pq: prefer or off'
	pq b off
	bed_node start b
	expect_soon 20 "a reaches b again" sl a session open b

	smoke_say "no ML-DSA-65 either"
	expect 1 "$sluice" pki issue c --dir "$pki" --algorithm ml-dsa-65
	expect_says 'has no ML-DSA-65 \(3.5 or newer has\); take --algorithm ed25519'
	smoke_end
	exit 0
fi

smoke_say "prefer, which is the default, takes it"
for node in a b; do
	expect 0 sl "$node" status --json
	expect_json 'j["certificate"]["hybrid_key_exchange"] is True'
	[ "$(told "$node")" = 0 ] || smoke_fail "the log of $node says that it fell back"
done
exchange a b X25519MLKEM768
exchange b a X25519MLKEM768

smoke_say "require, with certificates of ML-DSA-65 and an authority of its own kind"
bed_node stop a
bed_node stop b
"$sluice" pki init --dir "$pki" --cluster testbed --algorithm ml-dsa-65 --replace >/dev/null
for node in a b; do
	expect 0 "$sluice" pki issue "$node" --dir "$pki" --algorithm ml-dsa-65 --replace --json
	pq "$node" require
	bed_node start "$node"
done
expect 0 "$sluice" pki show "$pki" --json
expect_json 'len(j["certificates"]) == 3 and all(c["algorithm"] == "ml-dsa-65" for c in j["certificates"])'
expect_soon 20 "a reaches b" sl a session open b
expect 0 sl a status --json
expect_json 'j["certificate"]["algorithm"] == "ml-dsa-65"'
exchange a b X25519MLKEM768
make_random "$smoke_work/file" 3000000
expect 0 sl a send --json "$smoke_work/file" b
expect_json 'j["verified"] is True'
expect_same "$smoke_work/file" "$SLUICE_TESTBED/b/inbox/file"

smoke_say "another TLS than ours agrees with that, and gets no other group"
address=$(sed -n 's/^  listen: //p' "$(yaml a)")
client() { # GROUP: whom OpenSSL's own client reaches with b's certificate
	openssl s_client -connect "$address" -tls1_3 -groups "$1" -CAfile "$pki/b/ca.crt" -cert "$pki/b/node.crt" \
		-key "$pki/b/node.key" </dev/null >"$smoke_work/client" 2>&1
}
client X25519MLKEM768 || smoke_fail "OpenSSL's client is refused"
grep -q 'Negotiated TLS1.3 group: X25519MLKEM768' "$smoke_work/client" || smoke_fail "not the hybrid group"
grep -Eqi 'Peer signature type: *mldsa65' "$smoke_work/client" || smoke_fail "a does not sign with ML-DSA-65"
! client X25519 || smoke_fail "require takes X25519 alone"

smoke_say "who has it off finds nobody who requires it"
bed_node stop b
pq b off
bed_node start b
expect 3 sl b send --json "$smoke_work/file" a
expect_says 'no key exchange suits both ends; compare their security.pq'
smoke_end
