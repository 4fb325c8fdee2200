// Names and sentences of the drop reasons.
#include "dataplane/drop.h"

static const struct {
	const char *name;
	const char *sentence;
} texts[DROP_COUNT] = {
	[VERDICT_ACCEPT] = {"accepted", "went on to the next stage"},
	[DROP_NOT_IP] = {"not_ip", "the EtherType is neither IPv4, IPv6 nor ARP"},
	[DROP_ETH_TRUNCATED] = {"eth_truncated", "shorter than an Ethernet header"},
	[DROP_VLAN] = {"vlan", "of another VLAN, or without a tag although the link has one"},
	[DROP_IP_MALFORMED] = {"ip_malformed",
		"IP version, lengths, header checksum or addresses are wrong"},
	[DROP_IP_FRAGMENT] = {"ip_fragment", "a fragment; Sluice never fragments"},
	[DROP_IP_EXTENSION] = {"ip_extension",
		"IPv6 with an extension header; Sluice sends and wants none"},
	[DROP_IP_NOT_OURS] = {"ip_not_ours", "the destination is not an address of this link"},
	[DROP_NOT_UDP] = {"not_udp", "IP, but neither UDP nor ICMP"},
	[DROP_UDP_MALFORMED] = {"udp_malformed", "the UDP length does not fit the bytes received"},
	[DROP_UDP_CHECKSUM] = {"udp_checksum", "the UDP checksum is missing or wrong"},
	[DROP_UDP_PORT] = {"udp_port", "the UDP port is no worker's"},
	[DROP_ARP_MALFORMED] = {"arp_malformed", "not an Ethernet/IPv4 ARP request or reply"},
	[DROP_ND_MALFORMED] = {"nd_malformed",
		"a neighbour solicitation or advertisement that RFC 4861 does not allow"},
	[DROP_ICMP_MALFORMED] = {"icmp_malformed",
		"the lengths, checksum or source of an ICMP message are wrong"},
	[DROP_ICMP_OTHER] = {"icmp_other",
		"an ICMP message that is no echo request, and asks or tells nothing else of use"},
	[DROP_ICMP_LIMITED] = {"icmp_limited", "more echo requests than are answered"},
	[DROP_NEIGHBOUR] = {"neighbour", "the next hop's hardware address is not known yet"},
	[DROP_HEADER] = {"header",
		"the Sluice header is too short, or of an unknown version or type"},
	[DROP_CID_UNKNOWN] = {"cid_unknown", "no such connection, or one that ended"},
	[DROP_CID_WORKER] = {"cid_worker", "the connection id names a worker that does not exist"},
	[DROP_REPLAY] = {"replay", "the packet number was seen before or is below the window"},
	[DROP_KEY] = {"key", "sealed with a key that is not kept any more, or not used yet"},
	[DROP_AUTH] = {"auth", "the authentication tag does not verify"},
	[DROP_ACK_MALFORMED] = {"ack_malformed", "the ACK block does not parse"},
	[DROP_ACK_BEYOND] = {"ack_beyond", "acknowledges a packet that was never sent"},
	[DROP_STREAM] = {"stream", "stream number or kind out of range"},
	[DROP_OFFSET] = {"offset", "not at a segment border, or outside the record or the window"},
	[DROP_OVERLAP] = {"overlap",
		"some of its cells came before in smaller packets; the rest comes again"},
	[DROP_CREDIT] = {"credit", "beyond the credit that was granted"},
	[DROP_NO_BUFFER] = {"no_buffer", "the application's arena had no block left"},
	[DROP_STATE] = {"state", "this packet type is not allowed in the connection's state"},
	[DROP_BLOCK_HEADER] = {"block_header", "a record's block header is wrong"},
	[DROP_BLOCK_DICTIONARY] = {"block_dictionary",
		"a record names a dictionary that its session has not agreed on"},
	[DROP_BLOCK_CRC] = {"block_crc", "the CRC32C of a record's stored bytes is wrong"},
	[DROP_BLOCK_DECODE] = {"block_decode",
		"the codec refused a record, or it had another length"},
	[DROP_STEER_FULL] = {"steer_full", "the ring to the owning worker was full"},
	[DROP_TX_BACKLOG] = {"tx_backlog",
		"the port took nothing for too long, or its link is down"},
	[DROP_NO_MBUF] = {"no_mbuf", "the packet buffer pool was empty"},
};

const char *drop_name(enum verdict v)
{
	return v < DROP_COUNT ? texts[v].name : "unknown";
}

const char *drop_sentence(enum verdict v)
{
	return v < DROP_COUNT ? texts[v].sentence : "unknown reason";
}
