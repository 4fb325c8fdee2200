// Ethernet, ARP, IPv4, IPv6, ICMP, neighbour discovery, UDP: what is accepted lies inside the
// frame, and what we frame parses to the same.
#include "dataplane/wire/net.h"
#include "tests/fuzz/fuzz.h"

static void udp_bytes(const uint8_t *frame, uint32_t size)
{
	struct net_udp view;

	// Whatever a device says of the sums, lengths are ours to check.
	for (uint32_t good = 0; good <= (NET_GOOD_IPV4 | NET_GOOD_UDP); good++) {
		if (net_udp_parse_checked(&view, frame, size, good) != VERDICT_ACCEPT)
			continue;
		FUZZ_CHECK(view.payload_at >= NET_HEADERS_SIZE);
		FUZZ_CHECK(view.payload_at <= size && view.payload_size <= size - view.payload_at);
	}
}

// What had a tag has it again; what was behind it is behind it.
static void vlan_bytes(const uint8_t *frame, uint32_t size)
{
	uint8_t *copy = fuzz_copy(frame, size);
	uint16_t vlan = 0;

	if (net_vlan_pop(copy, size, &vlan)) {
		FUZZ_CHECK(vlan < 4096);
		net_vlan_push(copy, vlan);
		FUZZ_CHECK(memcmp(copy, frame, NET_ETH_SIZE) == 0);
		FUZZ_CHECK((copy[14] | (frame[14] & 0xf0)) == frame[14]);
		frame += 15, size -= 15;
		FUZZ_CHECK(memcmp(copy + 15, frame, size) == 0);
	} else {
		FUZZ_CHECK(memcmp(copy, frame, size) == 0);
	}
	free(copy);
}

static void arp_bytes(const uint8_t *frame, uint32_t size)
{
	struct net_arp view;
	uint8_t again[NET_ETH_MIN];
	if (net_arp_parse(&view, frame, size) != VERDICT_ACCEPT)
		return;
	FUZZ_CHECK(net_arp_frame(again, &view, frame) == NET_ETH_MIN);
	FUZZ_CHECK(memcmp(again, frame, NET_ETH_SIZE + NET_ARP_SIZE) == 0);
}

// What is accepted lies inside the frame, and the answer is a valid packet of the same body.
static void echo_bytes(const uint8_t *frame, uint32_t size)
{
	static const uint8_t mac[6] = {2, 0, 0, 0, 0, 1};
	struct net_echo view, again;
	struct net_icmp icmp;
	uint8_t *answer;
	struct net_ip ip;
	uint32_t bytes;

	if (net_icmp_parse(&icmp, frame, size) != VERDICT_ACCEPT)
		return;
	FUZZ_CHECK(icmp.at <= size && icmp.size <= size - icmp.at);
	if (net_echo_parse(&view, &icmp, frame) != VERDICT_ACCEPT)
		return;
	FUZZ_CHECK(view.body_at <= size && view.body_size <= size - view.body_at);
	answer = malloc(size + NET_ETH_MIN);
	bytes = net_echo_frame(answer, &view, frame, mac);
	FUZZ_CHECK(bytes <= (size < NET_ETH_MIN ? NET_ETH_MIN : size));
	FUZZ_CHECK(net_ip_parse(&ip, answer, bytes) == VERDICT_ACCEPT);
	FUZZ_CHECK(address_equal(ip.src, view.dst) && address_equal(ip.dst, view.src));
	FUZZ_CHECK(memcmp(answer + ip.payload_at + 4, frame + view.body_at, view.body_size) == 0);
	// An answer asks for nothing: two of us would never end.
	FUZZ_CHECK(net_icmp_parse(&icmp, answer, bytes) == VERDICT_ACCEPT);
	FUZZ_CHECK(net_echo_parse(&again, &icmp, answer) == DROP_ICMP_OTHER);
	free(answer);
}

// What is accepted, framed again, says the same.
static void nd_bytes(const uint8_t *frame, uint32_t size)
{
	struct net_nd view, again;
	struct net_icmp icmp;
	uint8_t out[NET_ND_FRAME];

	if (net_icmp_parse(&icmp, frame, size) != VERDICT_ACCEPT ||
		net_nd_parse(&view, &icmp, frame) != VERDICT_ACCEPT || !view.has_mac)
		return;
	FUZZ_CHECK(net_nd_frame(out, &view, frame) == NET_ND_FRAME);
	FUZZ_CHECK(net_icmp_parse(&icmp, out, sizeof(out)) == VERDICT_ACCEPT);
	FUZZ_CHECK(net_nd_parse(&again, &icmp, out) == VERDICT_ACCEPT);
	FUZZ_CHECK(again.type == view.type && address_equal(again.target, view.target));
	FUZZ_CHECK(memcmp(again.mac, view.mac, sizeof(view.mac)) == 0);
}

// The input as an ICMPv6 message with a right checksum, which no mutation hits by itself.
static void icmp6_body(const uint8_t *body, uint32_t size)
{
	static const uint8_t head[NET_ETH_SIZE] = {2, [5] = 2, 2, [11] = 1, 0x86, 0xdd};
	uint32_t total = NET_ETH_SIZE + NET_IPV6_SIZE + size;
	uint8_t rest[4] = {0, NET_PROTOCOL_ICMPV6}, *frame, *ip;

	if (size < NET_ICMP_MIN || size > UINT16_MAX)
		return;
	frame = calloc(1, total);
	ip = frame + NET_ETH_SIZE;
	memcpy(frame, head, sizeof(head));
	ip[0] = 0x60;
	be16_put(ip + 4, (uint16_t)size);
	ip[6] = NET_PROTOCOL_ICMPV6;
	ip[7] = 255;
	ip[8] = ip[24] = 0xfd;
	ip[23] = 1;
	ip[39] = 2;
	memcpy(ip + NET_IPV6_SIZE, body, size);
	be16_put(ip + NET_IPV6_SIZE + 2, 0);
	be16_put(rest + 2, (uint16_t)size);
	be16_put(ip + NET_IPV6_SIZE + 2,
		net_sum_fold(net_sum(
			net_sum(net_sum(0, ip + 8, 32), rest, 4), ip + NET_IPV6_SIZE, size)));
	nd_bytes(frame, total);
	echo_bytes(frame, total);
	free(frame);
}

static struct address address_take(struct fuzz_input *input, bool v4)
{
	struct address a = address_from_ipv4((uint32_t)fuzz_number(input, 4));

	if (!v4)
		a.bytes[0] = 0xfd;
	return a;
}

static void udp_view(struct fuzz_input input, bool v4)
{
	struct net_template template;
	struct net_udp view;
	uint32_t headers = v4 ? NET_HEADERS_SIZE : NET_HEADERS_MAX;
	uint8_t dst[6], src[6], frame[NET_HEADERS_MAX + 512];
	struct address src_ip = address_take(&input, v4), dst_ip = address_take(&input, v4);
	uint16_t src_port = (uint16_t)fuzz_number(&input, 2),
		 dst_port = (uint16_t)fuzz_number(&input, 2);
	uint32_t payload = (uint32_t)fuzz_number(&input, 2) % 513;
	fuzz_bytes(&input, dst, sizeof(dst));
	fuzz_bytes(&input, src, sizeof(src));
	fuzz_bytes(&input, frame + headers, payload);

	net_template_init(&template, dst, src, src_ip, dst_ip, src_port, dst_port);
	net_udp_frame(frame, &template, payload);
	FUZZ_CHECK(net_udp_parse(&view, frame, headers + payload) == VERDICT_ACCEPT);
	FUZZ_CHECK(view.checksum && view.payload_at == headers);
	FUZZ_CHECK(view.payload_size == payload && address_equal(view.src, src_ip) &&
		   address_equal(view.dst, dst_ip));
	FUZZ_CHECK(view.src_port == src_port && view.dst_port == dst_port);

	// One flipped bit of IP or UDP never passes; those that no checksum covers are lengths and
	// types, which are refused as such. Of an IPv6 header nothing covers the first 8 bytes.
	uint32_t begin = v4 ? NET_ETH_SIZE : NET_ETH_SIZE + 8,
		 bit = 8 * begin +
		       (uint32_t)(fuzz_number(&input, 4) % (8 * (headers - begin + payload)));
	frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
	FUZZ_CHECK(
		net_udp_parse(&view, frame, headers + payload) != VERDICT_ACCEPT || !view.checksum);
}

static void arp_view(struct fuzz_input input)
{
	struct net_arp view = {0}, again = {0};
	uint8_t dst[6], frame[NET_ETH_MIN];
	view.operation = (uint16_t)(1 + fuzz_number(&input, 1) % 2);
	fuzz_bytes(&input, view.sender_mac, 6);
	fuzz_bytes(&input, view.target_mac, 6);
	fuzz_bytes(&input, dst, 6);
	view.sender_mac[0] &= 0xfe;
	view.sender_mac[5] |= 1;
	view.sender_ip = (uint32_t)fuzz_number(&input, 4) % 0xdfffffffu + 1;
	view.target_ip = (uint32_t)fuzz_number(&input, 4);
	FUZZ_CHECK(net_arp_frame(frame, &view, dst) == NET_ETH_MIN);
	FUZZ_CHECK(net_arp_parse(&again, frame, NET_ETH_MIN) == VERDICT_ACCEPT);
	FUZZ_CHECK(memcmp(&again, &view, sizeof(view)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = fuzz_copy(data, size);
	net_eth_type(bytes, (uint32_t)size);
	udp_bytes(bytes, (uint32_t)size);
	vlan_bytes(bytes, (uint32_t)size);
	arp_bytes(bytes, (uint32_t)size);
	echo_bytes(bytes, (uint32_t)size);
	nd_bytes(bytes, (uint32_t)size);
	icmp6_body(bytes, (uint32_t)size);
	udp_view((struct fuzz_input){bytes, size}, true);
	udp_view((struct fuzz_input){bytes, size}, false);
	arp_view((struct fuzz_input){bytes, size});
	free(bytes);
	return 0;
}
