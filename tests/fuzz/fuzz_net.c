// Ethernet, ARP, IPv4, ICMP echo, UDP: what is accepted lies inside
// the frame, and what we frame parses to the same.
#include "dataplane/wire/net.h"
#include "tests/fuzz/fuzz.h"

static void udp_bytes(const uint8_t *frame, uint32_t size)
{
	struct net_udp view;
	if (net_udp_parse(&view, frame, size) != VERDICT_ACCEPT)
		return;
	FUZZ_CHECK(view.payload_at >= NET_HEADERS_SIZE);
	FUZZ_CHECK(view.payload_at <= size && view.payload_size <= size - view.payload_at);
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
	uint8_t *answer;
	struct net_ip ip;
	uint32_t bytes;

	if (net_echo_parse(&view, frame, size) != VERDICT_ACCEPT)
		return;
	FUZZ_CHECK(view.body_at <= size && view.body_size <= size - view.body_at);
	answer = malloc(size + NET_ETH_MIN);
	bytes = net_echo_frame(answer, &view, frame, mac);
	FUZZ_CHECK(bytes <= (size < NET_ETH_MIN ? NET_ETH_MIN : size));
	FUZZ_CHECK(net_ip_parse(&ip, answer, bytes) == VERDICT_ACCEPT);
	FUZZ_CHECK(address_equal(ip.src, view.dst) && address_equal(ip.dst, view.src));
	FUZZ_CHECK(net_sum_fold(net_sum(0, answer + ip.payload_at, ip.payload_size)) == 0);
	FUZZ_CHECK(memcmp(answer + ip.payload_at + 4, frame + view.body_at, view.body_size) == 0);
	// An answer asks for nothing: two of us would never end.
	FUZZ_CHECK(net_echo_parse(&again, answer, bytes) == DROP_ICMP_OTHER);
	free(answer);
}

static void udp_view(struct fuzz_input input)
{
	struct net_template template;
	struct net_udp view;
	uint8_t dst[6], src[6], frame[NET_HEADERS_SIZE + 512];
	struct address src_ip = address_from_ipv4((uint32_t)fuzz_number(&input, 4)),
		       dst_ip = address_from_ipv4((uint32_t)fuzz_number(&input, 4));
	uint16_t src_port = (uint16_t)fuzz_number(&input, 2),
		 dst_port = (uint16_t)fuzz_number(&input, 2);
	uint32_t payload = (uint32_t)fuzz_number(&input, 2) % 513;
	fuzz_bytes(&input, dst, sizeof(dst));
	fuzz_bytes(&input, src, sizeof(src));
	fuzz_bytes(&input, frame + NET_HEADERS_SIZE, payload);

	net_template_init(&template, dst, src, src_ip, dst_ip, src_port, dst_port);
	net_udp_frame(frame, &template, payload);
	FUZZ_CHECK(net_udp_parse(&view, frame, NET_HEADERS_SIZE + payload) == VERDICT_ACCEPT);
	FUZZ_CHECK(view.checksum && view.payload_at == NET_HEADERS_SIZE);
	FUZZ_CHECK(view.payload_size == payload && address_equal(view.src, src_ip) &&
		   address_equal(view.dst, dst_ip));
	FUZZ_CHECK(view.src_port == src_port && view.dst_port == dst_port);

	// One flipped bit of IPv4 or UDP never passes; those that the header checksum skips are
	// lengths and types, which are refused as such.
	uint32_t bit =
		8 * NET_ETH_SIZE + (uint32_t)(fuzz_number(&input, 4) %
					      (8 * (NET_HEADERS_SIZE - NET_ETH_SIZE + payload)));
	frame[bit / 8] ^= (uint8_t)(1u << bit % 8);
	FUZZ_CHECK(net_udp_parse(&view, frame, NET_HEADERS_SIZE + payload) != VERDICT_ACCEPT ||
		   !view.checksum);
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
	arp_bytes(bytes, (uint32_t)size);
	echo_bytes(bytes, (uint32_t)size);
	udp_view((struct fuzz_input){bytes, size});
	arp_view((struct fuzz_input){bytes, size});
	free(bytes);
	return 0;
}
