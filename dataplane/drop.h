// Every reason a packet may die: one enum, one counter each, one sentence each (drop.c).
// The packet path has verdicts, not error codes. VERDICT_ACCEPT means: go on to the next stage.
#pragma once

enum verdict {
	VERDICT_ACCEPT = 0,
	DROP_NOT_IP, // EtherType is neither IPv4, IPv6 nor ARP
	DROP_ETH_TRUNCATED,
	DROP_VLAN,         // its tag is not this link's
	DROP_IP_MALFORMED, // version, lengths, header checksum, or an address no packet may have
	DROP_IP_FRAGMENT,
	DROP_IP_EXTENSION, // IPv6 with an extension header
	DROP_IP_NOT_OURS,  // destination is not an address of this port
	DROP_NOT_UDP,
	DROP_UDP_MALFORMED, // UDP length against IP length and the bytes really there
	DROP_UDP_CHECKSUM,
	DROP_UDP_PORT, // not a worker's port
	DROP_ARP_MALFORMED,
	DROP_ND_MALFORMED, // neighbour discovery
	DROP_ICMP_MALFORMED,
	DROP_ICMP_OTHER,   // ICMP, but no echo request and no neighbour discovery
	DROP_ICMP_LIMITED, // an echo request beyond the rate that is answered
	DROP_NEIGHBOUR,    // no hardware address for the next hop yet
	DROP_HEADER,       // our header: version, type, flags, or too short
	DROP_CID_UNKNOWN,  // no such connection, or a stale generation
	DROP_CID_WORKER,   // names a worker that does not exist
	DROP_REPLAY,       // packet number seen before, or below the window
	DROP_KEY,          // of a key phase whose key is gone, or not there yet
	DROP_AUTH,         // the tag does not verify
	DROP_ACK_MALFORMED,
	DROP_ACK_BEYOND,       // acknowledges what was never sent
	DROP_STREAM,           // stream number or kind out of range
	DROP_OFFSET,           // not at a segment border, outside the record or the window
	DROP_OVERLAP,          // some of its cells came before, in smaller packets
	DROP_CREDIT,           // beyond what was granted
	DROP_NO_BUFFER,        // the application's arena is empty although credit was granted
	DROP_STATE,            // packet type not allowed in this state of the connection
	DROP_BLOCK_HEADER,     // version, codec, lengths of a record's header
	DROP_BLOCK_DICTIONARY, // a record names one that its session has not agreed on
	DROP_BLOCK_CRC,
	DROP_BLOCK_DECODE, // the codec refused the bytes, or gave another length
	DROP_STEER_FULL,   // inter-worker ring full
	DROP_TX_BACKLOG,   // the port refused it for longer than backlog.c keeps packets
	DROP_NO_MBUF,
	DROP_COUNT,
};

// Short name for counters and JSON ("udp_checksum"), and one sentence for people. Never NULL.
const char *drop_name(enum verdict v);
const char *drop_sentence(enum verdict v);
