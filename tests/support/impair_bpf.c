// Drops, duplicates, corrupts and delays frames at a bridge port (this is how tests get a bad
// network without netem).
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "tests/support/impair.h"

// Per mille, set by the loader before the program is loaded.
const volatile __u32 drop_permille = 0;
const volatile __u32 duplicate_permille = 0;
const volatile __u32 corrupt_permille = 0;
const volatile __u32 delay_permille = 0;
const volatile __u32 at_ingress = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, IMPAIR_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline void count(__u32 what)
{
	__u64 *value = bpf_map_lookup_elem(&counts, &what);

	if (value)
		__sync_fetch_and_add(value, 1);
}

static __always_inline int chance(__u32 permille)
{
	return permille && bpf_get_prandom_u32() % 1000 < permille;
}

// Turns one bit of the UDP payload over and mends no checksum: the receiver must find it.
static __always_inline void corrupt(struct __sk_buff *skb)
{
	const __u32 payload = ETH_HLEN + sizeof(struct iphdr) + 8;
	__u32 at, random = bpf_get_prandom_u32();
	__u8 byte;

	if (skb->len <= payload)
		return;
	at = payload + random % (skb->len - payload);
	if (bpf_skb_load_bytes(skb, at, &byte, 1))
		return;
	byte ^= 1u << (random >> 29);
	if (bpf_skb_store_bytes(skb, at, &byte, 1, 0) == 0)
		count(IMPAIR_CORRUPTED);
}

static __always_inline int is_udp(struct __sk_buff *skb)
{
	__u8 protocol;

	return skb->protocol == bpf_htons(ETH_P_IP) &&
	       bpf_skb_load_bytes(skb, ETH_HLEN + __builtin_offsetof(struct iphdr, protocol),
		       &protocol, 1) == 0 &&
	       protocol == IPPROTO_UDP;
}

SEC("tc")
int impair(struct __sk_buff *skb)
{
	if (skb->mark & IMPAIR_COPY_MARK) {
		skb->mark &= ~IMPAIR_COPY_MARK;
		return TC_ACT_OK;
	}
	if (!is_udp(skb))
		return TC_ACT_OK;
	count(IMPAIR_SEEN);
	if (chance(drop_permille)) {
		count(IMPAIR_DROPPED);
		return TC_ACT_SHOT;
	}
	if (chance(duplicate_permille)) {
		// The copy passes this program once more; its mark says that it had its turn.
		skb->mark |= IMPAIR_COPY_MARK;
		if (bpf_clone_redirect(skb, skb->ifindex, at_ingress ? BPF_F_INGRESS : 0) == 0)
			count(IMPAIR_DUPLICATED);
		skb->mark &= ~IMPAIR_COPY_MARK;
	}
	if (chance(corrupt_permille))
		corrupt(skb);
	if (!at_ingress && chance(delay_permille)) {
		skb->priority = IMPAIR_SLOW_CLASS;
		count(IMPAIR_DELAYED);
	}
	return TC_ACT_OK;
}

char impair_license[] SEC("license") = "Dual BSD/GPL";
