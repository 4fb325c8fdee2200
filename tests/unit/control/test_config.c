// The configuration: a good file becomes numbers, and every mistake becomes one exact sentence.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "control/config.h"
#include "tests/unit/control/config_stage.h"

static const char good[] =
	"node: a\n"
	"run_dir: /run/sluice/a\n"
	"control: { listen: 127.0.0.1:7701 }\n"
	"dataplane: { workers: 2, hugepages: off, memory_mb: 128, idle: busy, program: /opt/dp, "
	"udp_port: 7654, cores: \"0-1\" }\n"
	"security: { cipher: \"null\" }\n"
	"links:\n"
	"- { name: ab, driver: memif, role: server, socket: /tmp/ab.sock, address: 10.77.1.1/30, "
	"mtu: 9000, mac: 02:00:00:00:00:01 }\n"
	"- { name: wire, driver: af_xdp, interface: veth0, address: 10.77.8.1/24 }\n"
	"peers:\n"
	"- { name: b, control: 127.0.0.1:7702, address: 10.77.1.2 }\n"
	"- { name: c, control: 10.78.0.3:7703, address: 10.77.8.3 }\n";

static void expect(const char *piece, const char *instead, const char *sentence)
{
	config_stage_expect(good, piece, instead, sentence);
}

static void config_load__good(void **state)
{
	struct config config;
	char error[CONFIG_ERROR_SIZE];

	(void)state;
	assert_int_equal(config_stage_load(&config, good, error), 0);
	assert_string_equal(error, "");
	assert_string_equal(config.node, "a");
	assert_string_equal(config.run_dir, "/run/sluice/a");
	assert_int_equal(address_ipv4(config.listen_address), 0x7f000001);
	assert_int_equal(config.listen_port, 7701);
	assert_int_equal(config.dataplane.workers, 2);
	assert_int_equal(config.dataplane.hugepages, SETUP_HUGE_OFF);
	assert_int_equal(config.dataplane.memory_mb, 128);
	assert_int_equal(config.dataplane.idle, SETUP_BUSY);
	assert_string_equal(config.program, "/opt/dp");
	assert_int_equal(config.dataplane.udp_port, 7654);
	assert_string_equal(config.dataplane.cores, "0-1");
	assert_int_equal(config.links_count, 2);
	assert_int_equal(config.links[0].driver, SETUP_MEMIF);
	assert_int_equal(config.links[0].role, SETUP_SERVER);
	assert_string_equal(config.links[0].socket, "/tmp/ab.sock");
	assert_int_equal(address_ipv4(config.links[0].address), 0x0a4d0101);
	assert_int_equal(config.links[0].prefix, 30);
	assert_int_equal(config.links[0].mtu, 9000);
	assert_true(config.links[0].mac_set);
	assert_int_equal(config.links[0].mac[5], 1);
	assert_int_equal(config.links[1].driver, SETUP_AF_XDP);
	assert_int_equal(config.links[1].mtu, 1500);
	assert_false(config.links[1].mac_set);
	assert_int_equal(config.peers_count, 2);
	assert_int_equal(config.peers[1].link, 1);
	assert_int_equal(address_ipv4(config.peers[1].control_address), 0x0a4e0003);
	assert_int_equal(config.peers[1].control_port, 7703);
}

static void config_load__control_over_ipv6(void **state)
{
	static const char text[] = "node: a\nrun_dir: /tmp/a\ncontrol: {listen: '[::1]:7701'}\n"
				   "security: {cipher: 'null'}\nlinks:\n- {name: x, driver: "
				   "af_packet, interface: eth9, address: 10.0.0.1/24}\n";
	struct config config;
	char error[CONFIG_ERROR_SIZE], address[CONFIG_ADDRESS_TEXT];

	(void)state;
	assert_int_equal(config_stage_load(&config, text, error), 0);
	assert_string_equal(config_address_text(address, config.listen_address, config.listen_port),
		"[::1]:7701");
}

static void config_load__defaults(void **state)
{
	static const char minimal[] = "node: a\nrun_dir: /tmp/a\ncontrol: {listen: 127.0.0.1:0}\n"
				      "security: {cipher: 'null'}\nlinks:\n- {name: x, driver: "
				      "af_packet, interface: eth9, "
				      "address: 10.0.0.1/24}\n";
	struct config config;
	char error[CONFIG_ERROR_SIZE];

	(void)state;
	assert_int_equal(config_stage_load(&config, minimal, error), 0);
	assert_int_equal(config.dataplane.workers, 1);
	assert_int_equal(config.dataplane.memory_mb, 256);
	assert_int_equal(config.dataplane.udp_port, 7654);
	assert_int_equal(config.dataplane.idle, SETUP_ADAPTIVE);
	assert_int_equal(config.dataplane.hugepages, SETUP_HUGE_AUTO);
	assert_string_equal(strrchr(config.program, '/'), "/sluice-dataplane");
	assert_int_equal(config.peers_count, 0);
}

static void config_load__no_file(void **state)
{
	struct config config;
	char error[CONFIG_ERROR_SIZE];

	(void)state;
	assert_int_equal(config_load(&config, "/nonexistent/a.yaml", error, sizeof(error)), -1);
	assert_string_equal(
		error, "/nonexistent/a.yaml: cannot be read: No such file or directory");
	assert_int_equal(config_load(&config, "/tmp", error, sizeof(error)), -1);
	assert_string_equal(error, "/tmp: must be a regular file of at most 1048576 bytes");
}

static void config_load__shape(void **state)
{
	struct config config;
	char error[CONFIG_ERROR_SIZE];

	(void)state;
	expect("node: a\n", "nod: a\n",
		"nod: there is no such key; allowed here: node, run_dir, control, dataplane, "
		"security, membership, consensus, pool, links, peers, dictionaries");
	expect("workers: 2", "wrokers: 2",
		"dataplane.wrokers: there is no such key; allowed here: workers, hugepages, "
		"memory_mb, idle, program, "
		"udp_port, cores");
	expect("interface: veth0", "iface: veth0",
		"links[1].iface: there is no such key; allowed here: name, driver, role, socket, "
		"interface, address, mtu, vlan, "
		"mac");
	expect("node: a", "node: [a]", "node: one value is allowed here, not a list or a mapping");
	expect("control: { listen: 127.0.0.1:7701 }", "control: 7701",
		"control: a mapping is allowed here: \"key: value\" lines");
	expect("node: a\n", "node: a\nnode: b\n", "node: this key is written twice");
	expect("node: a\n", "node: a\n b: [\n",
		"this is not YAML near line 1: mapping values are not allowed in this context");
	assert_int_equal(config_stage_load(&config, "", error), -1);
	assert_non_null(strstr(error, ": node: is missing; write a name of 1 to 63 letters"));
	assert_int_equal(config_stage_load(&config, "node: a\nlinks: 3\n", error), -1);
	assert_non_null(strstr(error, ": links: a list is allowed here, one \"- \" entry each"));
	assert_int_equal(config_stage_load(&config, "- a\n", error), -1);
	assert_non_null(strstr(error, ": a mapping is allowed here"));
}

// What libcyaml reads over, or has no words for.
static void config_load__one_text_document(void **state)
{
	static const char binary[] = "node: a\n\x7f"
				     "ELF\n";
	struct config config;
	char error[CONFIG_ERROR_SIZE], text[4096];

	(void)state;
	expect("node: a\n", "node: *x\n",
		"node: an alias (*name) is not allowed here; write the value itself");
	expect("node: a\nrun_dir: /run/sluice/a", "node: &x a\nrun_dir: *x",
		"run_dir: an alias (*name) is not allowed here; write the value itself");
	expect("security:", "---\nsecurity:",
		"a second YAML document begins in line 5; one is allowed");
	expect("security:", "...\n# more\nsecurity:",
		"a second YAML document begins in line 7; one is allowed");
	expect("run_dir: /run/sluice/a", "run_dir: \xff",
		"this is not YAML: invalid leading UTF-8 octet");
	assert_int_equal(config_stage_load(&config, binary, error), -1);
	assert_non_null(
		strstr(error, ": this is not a text file (UTF-8): there is a byte 0x7f in line 2"));
	snprintf(text, sizeof(text), "# of node a\n%%YAML 1.1\n--- # begins\n%s...\n\n", good);
	assert_int_equal(config_stage_load(&config, text, error), 0);
	snprintf(text, sizeof(text), "\xef\xbb\xbf# with a byte order mark\n---\n%s", good);
	assert_int_equal(config_stage_load(&config, text, error), 0);
}

static void config_load__too_many_links(void **state)
{
	char text[4096] = "node: a\nlinks:\n", error[CONFIG_ERROR_SIZE];
	struct config config;

	(void)state;
	for (int i = 0; i < SETUP_LINKS_MAX + 1; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "- {name: x}\n");
	assert_int_equal(config_stage_load(&config, text, error), -1);
	assert_non_null(strstr(error, "too many entries in this list"));
}

static void config_load__node(void **state)
{
	(void)state;
	expect("node: a", "node: a/b",
		"node: 'a/b' is not a name of 1 to 63 letters, digits, '.', '_' or '-', with a "
		"letter or digit in front");
	expect("node: a", "node:",
		"node: '' is not a name of 1 to 63 letters, digits, '.', '_' or '-', "
		"with a letter or digit in front");
	expect("run_dir: /run/sluice/a\n", "",
		"run_dir: is missing; write an absolute path, for example /run/sluice/a");
	expect("/run/sluice/a", "here",
		"run_dir: 'here' is not an absolute path of at most 90 characters");
}

static void config_load__control(void **state)
{
	(void)state;
	expect("control: { listen: 127.0.0.1:7701 }\n", "",
		"control.listen: is missing; write ADDRESS:PORT, for example 127.0.0.1:7701");
	expect("127.0.0.1:7701", "7701",
		"control.listen: '7701' is not ADDRESS:PORT, for example 127.0.0.1:7701 or "
		"[::1]:7701");
	expect("127.0.0.1:7701", "\"[127.0.0.1]:7701\"",
		"control.listen: '[127.0.0.1]:7701' is not ADDRESS:PORT, for example "
		"127.0.0.1:7701 or [::1]:7701");
	expect("127.0.0.1:7701", "fd00::1:7701",
		"control.listen: 'fd00::1:7701' is not ADDRESS:PORT, for example 127.0.0.1:7701 or "
		"[::1]:7701");
	expect("127.0.0.1:7701", "\"[fd00::1]:7701\"",
		"control.listen: fd00::1 is refused: without certificates (security.ca) control "
		"traffic is plain, so only 127.0.0.0/8, ::1 and 10.78.0.0/16 are allowed");
	expect("127.0.0.1:7701", "127.0.0.1:x",
		"control.listen: 'x' is not a number from 0 to 65535");
	expect("127.0.0.1:7701", "0.0.0.0:7701",
		"control.listen: 0.0.0.0 is refused: without certificates (security.ca) control "
		"traffic is plain, so only 127.0.0.0/8, ::1 and 10.78.0.0/16 are allowed");
	expect("127.0.0.1:7702", "192.168.0.1:7702",
		"peers[0].control: 192.168.0.1 is refused: without certificates (security.ca) "
		"control traffic is plain, so only 127.0.0.0/8, ::1 and 10.78.0.0/16 are allowed");
}

// Unencrypted only by name; encrypted only with certificates.
static void config_load__cipher(void **state)
{
	static const char text[] =
		"node: a\nrun_dir: /tmp/a\ncontrol: {listen: 192.0.2.1:7701}\n"
		"security: {%sca: /e/ca.crt, certificate: /e/node.crt, key: /e/node.key, "
		"keyring: /e/cluster.keys}\n"
		"links:\n- {name: x, driver: af_packet, interface: eth9, address: 10.0.0.1/24}\n";
	static const char *const names[] = {"", "cipher: aes-256-gcm, ", "cipher: aes-128-gcm, ",
		"cipher: chacha20-poly1305, "};
	static const enum cipher_id ciphers[] = {CIPHER_AES_256_GCM, CIPHER_AES_256_GCM,
		CIPHER_AES_128_GCM, CIPHER_CHACHA20_POLY1305};
	char error[CONFIG_ERROR_SIZE], whole[1024];
	struct config config;

	(void)state;
	for (int i = 0; i < 4; i++) {
		snprintf(whole, sizeof(whole), text, names[i]);
		assert_int_equal(config_stage_load(&config, whole, error), 0);
		assert_int_equal(config.security.cipher, ciphers[i]);
		assert_int_equal(config.security.backend, CONFIG_BACKEND_AUTO);
	}
	snprintf(whole, sizeof(whole), text, "backend: evp, ");
	assert_int_equal(config_stage_load(&config, whole, error), 0);
	assert_int_equal(config.security.backend, CONFIG_BACKEND_EVP);
	assert_int_equal(config_stage_load(&config, good, error), 0);
	assert_int_equal(config.security.cipher, CIPHER_NULL);
	expect("security: { cipher: \"null\" }\n", "",
		"security.ca: is missing; aes-256-gcm wants this node's certificates, which sluice "
		"pki issue a makes (cipher: \"null\", by name, runs without, for links you trust)");
	expect("cipher: \"null\"", "cipher: aes-128-gcm",
		"security.ca: is missing; aes-128-gcm wants this node's certificates, which sluice "
		"pki issue a makes (cipher: \"null\", by name, runs without, for links you trust)");
	expect("cipher: \"null\"", "cipher: rot13",
		"security.cipher: 'rot13' is not one of: null, aes-256-gcm, aes-128-gcm, "
		"chacha20-poly1305");
	expect("cipher: \"null\"", "cipher: \"null\", backend: gpu",
		"security.backend: 'gpu' is not one of: auto, imb, evp");
}

// What tools that fill in templates write for what nobody set turns nothing off.
static void config_load__null_is_a_name_in_quotes_only(void **state)
{
	static const char plain[] =
		"security.cipher: null without quotes is YAML's \"no value\"; write cipher: "
		"\"null\" "
		"when packets shall go in the clear, or leave the key out for aes-256-gcm";
	static const char with[] = "ca: /e/ca.crt, certificate: /e/node.crt, key: /e/node.key }";
	char instead[256], error[CONFIG_ERROR_SIZE];
	struct config config;

	(void)state;
	expect("cipher: \"null\"", "cipher: null", plain);
	expect("cipher: \"null\"", "cipher: !!str null", plain);
	expect("cipher: \"null\"", "\"cipher\": null", plain);
	expect("{ cipher: \"null\" }", "\n  backend: imb\n  cipher: null # none", plain);
	snprintf(instead, sizeof(instead), "cipher: null, %s", with);
	expect("cipher: \"null\" }", instead, plain);
	expect("cipher: \"null\"", "cipher: ~",
		"security.cipher: '~' is not one of: null, aes-256-gcm, aes-128-gcm, "
		"chacha20-poly1305");
	assert_int_equal(config_stage_load(&config,
				 "node: a\nrun_dir: /tmp/a\ncontrol: {listen: 127.0.0.1:0}\n"
				 "security:\n  \"cipher\": 'null'\nlinks:\n- {name: x, driver: "
				 "af_packet, interface: eth9, address: 10.0.0.1/24}\n",
				 error),
		0);
	assert_int_equal(config.security.cipher, CIPHER_NULL);
}

static void config_load__certificates(void **state)
{
	static const char text[] =
		"node: a\nrun_dir: /tmp/a\ncontrol: {listen: 192.0.2.1:7701}\n"
		"security: {cipher: 'null', pq: require, ca: /e/ca.crt, certificate: /e/node.crt, "
		"key: /e/node.key, keyring: /e/cluster.keys}\n"
		"links:\n- {name: x, driver: af_packet, interface: eth9, address: 10.0.0.1/24}\n";
	struct config config;
	char error[CONFIG_ERROR_SIZE];

	(void)state;
	assert_int_equal(config_stage_load(&config, text, error), 0); // any address, over TLS
	assert_string_equal(config.security.ca, "/e/ca.crt");
	assert_string_equal(config.security.certificate, "/e/node.crt");
	assert_string_equal(config.security.key, "/e/node.key");
	assert_int_equal(config.security.pq, CONFIG_PQ_REQUIRE);
	assert_string_equal(config.security.keyring, "/e/cluster.keys");
	assert_false(config.membership.clear);
	assert_int_equal(config_stage_load(&config, good, error), 0);
	assert_string_equal(config.security.ca, "");
	assert_int_equal(config.security.pq, CONFIG_PQ_PREFER);
	expect("cipher: \"null\"", "cipher: \"null\", ca: /e/ca.crt, key: /e/node.key",
		"security.certificate: is missing; ca, certificate and key go together, and sluice "
		"pki issue a makes them");
	expect("cipher: \"null\"", "cipher: \"null\", ca: ca.crt, certificate: /e/c, key: /e/k",
		"security.ca: 'ca.crt' is not an absolute path of at most 255 characters");
	expect("cipher: \"null\"", "cipher: \"null\", pq: maybe",
		"security.pq: 'maybe' is not one of: off, prefer, require");
	expect("cipher: \"null\"", "cipher: \"null\", pq: require",
		"security.pq: require wants certificates (security.ca): without them nothing is "
		"exchanged");
}

static void config_load__dataplane(void **state)
{
	(void)state;
	expect("workers: 2", "workers: 17", "dataplane.workers: '17' is not a number from 1 to 16");
	expect("workers: 2", "workers: -1", "dataplane.workers: '-1' is not a number from 1 to 16");
	expect("workers: 2", "workers: 2x", "dataplane.workers: '2x' is not a number from 1 to 16");
	expect("hugepages: off", "hugepages: on",
		"dataplane.hugepages: 'on' is not one of: auto, require, off");
	expect("memory_mb: 128", "memory_mb: 1",
		"dataplane.memory_mb: '1' is not a number from 32 to 1048576");
	expect("idle: busy", "idle: lazy", "dataplane.idle: 'lazy' is not one of: adaptive, busy");
	expect("udp_port: 7654", "udp_port: 99999999999",
		"dataplane.udp_port: '99999999999' is not a number from 1024 to 65519");
	expect("program: /opt/dp", "program: dp",
		"dataplane.program: 'dp' is not an absolute path of at most 255 characters");
	expect("\"0-1\"", "all",
		"dataplane.cores: 'all' is not a list of at most 16 different CPUs from 0 to 1023, "
		"such as "
		"\"0-1\" or \"2,4\"");
	expect("\"0-1\"", "\"0\"",
		"dataplane.cores: '0' names 1 CPU for 2 workers; name one for each");
	expect("\"0-1\"", "0-2",
		"dataplane.cores: '0-2' names 3 CPUs for 2 workers; name one for each");
}

static void config_load__links(void **state)
{
	(void)state;
	expect("driver: memif", "driver: token-ring",
		"links[0].driver: 'token-ring' is not one of: memif, af_packet, af_xdp, vhost, "
		"virtio-user, tap, pci:ADDRESS, vdev:DEVICE");
	expect("driver: memif, ", "",
		"links[0].driver: is missing; write one of: memif, af_packet, af_xdp, vhost, "
		"virtio-user, tap, pci:ADDRESS, vdev:DEVICE");
	expect("role: server, ", "", "links[0].role: is missing; write one of: server, client");
	expect("socket: /tmp/ab.sock, ", "",
		"links[0].socket: is missing; write the absolute path of a socket");
	expect("role: server", "role: master",
		"links[0].role: 'master' is not one of: server, client");
	expect("role: server", "role: server, interface: eth0",
		"links[0].interface: a memif link has none; it has a role and a socket");
	expect("interface: veth0, ", "",
		"links[1].interface: is missing; write the name of a network interface");
	expect("interface: veth0", "interface: sixteen-bytes-it",
		"links[1].interface: 'sixteen-bytes-it' is not the name of a network interface: 1 "
		"to 15 letters, digits and -_.@:");
	expect("interface: veth0", "interface: veth0, role: client",
		"links[1].role: an af_xdp link has none; it has an interface");
	expect("/tmp/ab.sock", "'/tmp/a,b'",
		"links[0].socket: '/tmp/a,b' is not an absolute path of at most 107 letters, "
		"digits and /-_.+@");
	expect("name: wire", "name: ab", "links[1].name: two links are named 'ab'");
	expect("mac: 02:00:00:00:00:01", "mac: 03:00:00:00:00:01",
		"links[0].mac: '03:00:00:00:00:01' is not a unicast address such as "
		"02:00:00:00:00:01");
}

static void config_load__mtu(void **state)
{
	(void)state;
	expect("mtu: 9000", "mtu: 9001", "links[0].mtu: '9001' is not a number from 1500 to 9000");
	expect("interface: veth0", "interface: veth0, mtu: 9000",
		"links[1].mtu: 9000 is more than af_xdp can carry, 1500 to 3498; af_packet and "
		"memif carry more");
}

static void config_load__vlan(void **state)
{
	(void)state;
	expect("mtu: 9000", "mtu: 9000, vlan: 4095",
		"links[0].vlan: '4095' is not a number from 1 to 4094");
	expect("mtu: 9000", "mtu: 9000, vlan: 0",
		"links[0].vlan: '0' is not a number from 1 to 4094");
	expect("interface: veth0", "interface: veth0, mtu: 3498, vlan: 5",
		"links[1].mtu: 3498 is more than af_xdp can carry with a VLAN tag, 1500 to 3494; "
		"af_packet and memif carry more");
}

static void config_load__addresses(void **state)
{
	(void)state;
	expect("10.77.1.1/30", "10.77.1.1",
		"links[0].address: '10.77.1.1' is not an IP address with its prefix, for example "
		"10.77.1.1/30 or fd00::1/64");
	expect("address: 10.77.1.1/30, ", "",
		"links[0].address: is missing; write an IP address with its prefix, for example "
		"10.77.1.1/30 or fd00::1/64");
	expect("10.77.1.1/30", "10.77.1.1/33",
		"links[0].address: '33' is not a number from 8 to 31");
	expect("10.77.1.1/30", "10.77.1.3/30",
		"links[0].address: '10.77.1.3/30' is not a host's address: not 0.x, 127.x, "
		"multicast, the network's own or its broadcast");
	expect("10.77.8.1/24", "10.77.1.9/16",
		"links[1].address: its prefix overlaps that of link 'ab'");
}

static void config_load__peers(void **state)
{
	(void)state;
	expect("name: c", "name: b", "peers[1].name: two peers are named 'b'");
	expect("name: c", "name: a", "peers[1].name: 'a' is this node itself");
	expect("10.77.1.2", "10.77.2.2",
		"peers[0].address: 10.77.2.2 is inside the prefix of no link");
	expect("10.77.1.2", "10.77.1.3",
		"peers[0].address: 10.77.1.3 is no host's address: link 'ab' has the prefix /30");
	expect("10.77.1.2", "10.77.1.1",
		"peers[0].address: 10.77.1.1 is this node's own address on link 'ab'");
	expect("10.77.8.3", "10.77.1.2", "peers[1].address: peer 'b' has this address already");
	expect(", address: 10.77.1.2", "",
		"peers[0].address: is missing; write the address of the peer's dataplane, for "
		"example 10.77.1.2");
	expect("control: 127.0.0.1:7702, ", "",
		"peers[0].control: is missing; write ADDRESS:PORT, for example 127.0.0.1:7701");
}

static void config_load__dictionaries(void **state)
{
	static const struct {
		const char *list, *sentence; // NULL: it is good
	} cases[] = {
		{"- {id: 1, file: /etc/d/a}\n- {id: 255, file: /etc/d/b}\n", NULL},
		{"- {id: 0, file: /d}\n", "dictionaries[0].id: '0' is not a number from 1 to 255"},
		{"- {id: 256, file: /d}\n",
			"dictionaries[0].id: '256' is not a number from 1 to 255"},
		{"- {file: /d}\n", "dictionaries[0].id: is missing; write a number from 1 to 255, "
				   "the same on every node"},
		{"- {id: 3}\n", "dictionaries[0].file: is missing; write the absolute path of a "
				"file that sluice dict train made"},
		{"- {id: 3, file: d}\n", "dictionaries[0].file: 'd' is not an absolute path of at "
					 "most 255 characters"},
		{"- {id: 3, file: /d}\n- {id: 3, file: /e}\n",
			"dictionaries[1].id: two dictionaries have the id 3"},
		{"- {id: 3, file: /d, level: 2}\n",
			"dictionaries[0].level: there is no such key; allowed here: id, file"},
		{" /d\n", "dictionaries: a list is allowed here, one \"- \" entry each"},
	};
	char text[4096], error[CONFIG_ERROR_SIZE], wanted[CONFIG_ERROR_SIZE + 64];
	struct config config;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "%sdictionaries:\n%s", good, cases[i].list);
		if (!cases[i].sentence) {
			assert_int_equal(config_stage_load(&config, text, error), 0);
			assert_int_equal(config.dictionaries_count, 2);
			assert_int_equal(config.dictionaries[1].id, 255);
			assert_string_equal(config.dictionaries[1].file, "/etc/d/b");
			continue;
		}
		assert_int_equal(config_stage_load(&config, text, error), -1);
		snprintf(wanted, sizeof(wanted), "%s: %s", config_stage_file, cases[i].sentence);
		assert_string_equal(error, wanted);
	}
}

static void config_load__at_most_16_dictionaries(void **state)
{
	char text[4096], error[CONFIG_ERROR_SIZE];
	struct config config;
	int used;

	(void)state;
	for (int count = 16; count <= 17; count++) {
		used = snprintf(text, sizeof(text), "%sdictionaries:\n", good);
		for (int i = 1; i <= count; i++)
			used += snprintf(text + used, sizeof(text) - (size_t)used,
				"- {id: %d, file: /d%d}\n", i, i);
		assert_int_equal(config_stage_load(&config, text, error), count == 16 ? 0 : -1);
	}
	assert_non_null(strstr(error, "too many entries in this list"));
}

static void config_machine_check__what_there_is(void **state)
{
	struct config_machine machine = {.memory_mb = 8000, .available_mb = 700};
	struct config config;
	char error[CONFIG_ERROR_SIZE], wanted[CONFIG_ERROR_SIZE + 64];

	(void)state;
	CPU_SET(0, &machine.cpus);
	CPU_SET(1, &machine.cpus);
	CPU_SET(5, &machine.cpus);
	assert_int_equal(config_stage_load(&config, good, error), 0);
	assert_int_equal(config_machine_check(&config, &machine, error, sizeof(error)), 0);
	config.dataplane.memory_mb = 8001;
	assert_int_equal(config_machine_check(&config, &machine, error, sizeof(error)), -1);
	snprintf(wanted, sizeof(wanted),
		"%s: dataplane.memory_mb: 8001 MiB do not fit: this machine has 8000 MiB, 700 of "
		"them available",
		config_stage_file);
	assert_string_equal(error, wanted);
	config.dataplane.memory_mb = 8000;
	config.dataplane.core[1] = 77;
	assert_int_equal(config_machine_check(&config, &machine, error, sizeof(error)), -1);
	snprintf(wanted, sizeof(wanted),
		"%s: dataplane.cores: there is no CPU 77 here; this machine lets us run on 0-1,5",
		config_stage_file);
	assert_string_equal(error, wanted);
}

static void config_machine_read__this_machine(void **state)
{
	struct config_machine machine;
	cpu_set_t before, after;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
	config_machine_read(&machine);
	assert_int_equal(sched_getaffinity(0, sizeof(after), &after), 0);
	assert_true(CPU_EQUAL(&before, &after));
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		assert_true(!CPU_ISSET(cpu, &before) || CPU_ISSET(cpu, &machine.cpus));
	assert_true(machine.memory_mb > 0 && machine.available_mb <= machine.memory_mb);
}

static void config_find__by_name_and_prefix(void **state)
{
	struct config config;
	char error[CONFIG_ERROR_SIZE], text[CONFIG_ADDRESS_TEXT];

	(void)state;
	assert_int_equal(config_stage_load(&config, good, error), 0);
	assert_int_equal(config_peer_find(&config, "c"), 1);
	assert_int_equal(config_peer_find(&config, "d"), -1);
	assert_int_equal(config_link_find(&config, address_from_ipv4(0x0a4d0102)), 0);
	assert_int_equal(config_link_find(&config, address_from_ipv4(0x0a4d08fe)), 1);
	assert_int_equal(config_link_find(&config, address_from_ipv4(0x0a4d0104)), -1);
	assert_string_equal(
		config_address_text(text, address_from_ipv4(0x0a4d0102), 0), "10.77.1.2");
	assert_string_equal(config_address_text(text, address_from_ipv4(0xffffffff), 65535),
		"255.255.255.255:65535");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_load__good),
		cmocka_unit_test(config_load__control_over_ipv6),
		cmocka_unit_test(config_load__defaults),
		cmocka_unit_test(config_load__no_file),
		cmocka_unit_test(config_load__shape),
		cmocka_unit_test(config_load__one_text_document),
		cmocka_unit_test(config_load__too_many_links),
		cmocka_unit_test(config_load__node),
		cmocka_unit_test(config_load__control),
		cmocka_unit_test(config_load__cipher),
		cmocka_unit_test(config_load__null_is_a_name_in_quotes_only),
		cmocka_unit_test(config_load__certificates),
		cmocka_unit_test(config_load__dataplane),
		cmocka_unit_test(config_load__links),
		cmocka_unit_test(config_load__mtu),
		cmocka_unit_test(config_load__vlan),
		cmocka_unit_test(config_load__addresses),
		cmocka_unit_test(config_load__peers),
		cmocka_unit_test(config_load__dictionaries),
		cmocka_unit_test(config_load__at_most_16_dictionaries),
		cmocka_unit_test(config_machine_check__what_there_is),
		cmocka_unit_test(config_machine_read__this_machine),
		cmocka_unit_test(config_find__by_name_and_prefix),
	};

	return cmocka_run_group_tests(tests, config_stage_begin, config_stage_end);
}
