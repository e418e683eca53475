// SPDX-License-Identifier: BSD-3-Clause
// The one XDP program of a port (an interface takes only one): drops what is blocked, then hands every frame to the
// socket of its queue, with the time in front of it. Two variants in one object, of which the loader takes one.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "layout.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define TRIE(NAME, KEY, VALUE)                  \
  struct {                                      \
    __uint(type, BPF_MAP_TYPE_LPM_TRIE);        \
    __uint(map_flags, BPF_F_NO_PREALLOC);       \
    __uint(max_entries, MOST_PREFIXES);         \
    __type(key, KEY);                           \
    __type(value, VALUE);                       \
  } NAME SEC(".maps")

TRIE(allow4, struct prefix4, __u8);
TRIE(allow6, struct prefix6, __u8);
TRIE(block4, struct prefix4, struct blocked_until);
TRIE(block6, struct prefix6, struct blocked_until);

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, MOST_FLOWS);
  __type(key, struct flow);
  __type(value, struct blocked_until);
} flows SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_XSKMAP);
  __uint(max_entries, MOST_QUEUES);
  __type(key, __u32);
  __type(value, __u32);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, COUNT_COUNTERS);
  __type(key, __u32);
  __type(value, __u64);
} counters SEC(".maps");

volatile __u32 lists_in_use;

extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp) __ksym;
extern int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *protocol, __u16 *tci) __ksym __weak;  // Linux 6.8

static __always_inline void count(__u32 which) {
  __u64 *counter = bpf_map_lookup_elem(&counters, &which);
  if (counter) ++*counter;
}

// What the lists ask about a frame: its outermost IP header, and the ports behind it.
struct ends {
  struct flow flow;
  __u32 fragment;  // a later one, without ports
};

struct vlan_tag {
  __be16 tci;
  __be16 next;
};

// Where the network header begins, behind up to three VLAN tags; 0 when the frame is shorter.
static __always_inline void *skip_link(void *data, void *end, __be16 *protocol) {
  struct ethhdr *eth = data;
  if ((void *)(eth + 1) > end) return 0;
  *protocol = eth->h_proto;
  void *at = eth + 1;
#pragma unroll
  for (int i = 0; i < 3; ++i) {
    if (*protocol != bpf_htons(ETH_P_8021Q) && *protocol != bpf_htons(ETH_P_8021AD) &&
        *protocol != bpf_htons(ETH_P_QINQ1))
      break;
    struct vlan_tag *tag = at;
    if ((void *)(tag + 1) > end) return 0;
    *protocol = tag->next;
    at = tag + 1;
  }
  return at;
}

static __always_inline void read_ports(struct ends *ends, void *at, void *end) {
  switch (ends->flow.ip_protocol) {
    case IPPROTO_TCP:
    case IPPROTO_UDP:
    case IPPROTO_UDPLITE:
    case IPPROTO_SCTP:
    case IPPROTO_DCCP:
      break;
    default:
      return;
  }
  __be16 *ports = at;
  if ((void *)(ports + 2) > end) return;
  ends->flow.source_port = ports[0];
  ends->flow.destination_port = ports[1];
}

static __always_inline int read_ipv4(struct ends *ends, void *at, void *end) {
  struct iphdr *ip = at;
  if ((void *)(ip + 1) > end || ip->version != 4 || ip->ihl < 5) return 0;
  ends->flow.family = 4;
  ends->flow.ip_protocol = ip->protocol;
  __builtin_memcpy(ends->flow.source, &ip->saddr, 4);
  __builtin_memcpy(ends->flow.destination, &ip->daddr, 4);
  ends->fragment = (ip->frag_off & bpf_htons(0x1fff)) != 0;
  if (!ends->fragment) read_ports(ends, at + ip->ihl * 4, end);
  return 1;
}

struct extension {
  __u8 next;
  __u8 length;
  __be16 fragment_offset;
};

static __always_inline int read_ipv6(struct ends *ends, void *at, void *end) {
  struct ipv6hdr *ip = at;
  if ((void *)(ip + 1) > end || ip->version != 6) return 0;
  ends->flow.family = 6;
  __builtin_memcpy(ends->flow.source, &ip->saddr, 16);
  __builtin_memcpy(ends->flow.destination, &ip->daddr, 16);
  __u8 next = ip->nexthdr;
  at = ip + 1;
#pragma unroll
  for (int i = 0; i < 6; ++i) {
    struct extension *header = at;
    if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS && next != IPPROTO_FRAGMENT &&
        next != IPPROTO_AH)
      break;
    if ((void *)(header + 1) > end) break;
    if (next == IPPROTO_FRAGMENT) {
      ends->fragment = (header->fragment_offset & bpf_htons(0xfff8)) != 0;
      at += 8;
    } else {
      at += next == IPPROTO_AH ? ((__u32)header->length + 2) * 4 : ((__u32)header->length + 1) * 8;
    }
    next = header->next;
    if (ends->fragment) break;
  }
  ends->flow.ip_protocol = next;
  if (!ends->fragment) read_ports(ends, at, end);
  return 1;
}

static __always_inline int in_force(const struct blocked_until *until) {
  return until && (until->boot_ns == 0 || bpf_ktime_get_boot_ns() < until->boot_ns);
}

#define KEY_OF(NAME, FAMILY, BYTES)                                                      \
  static __always_inline struct prefix##FAMILY NAME(const __u8 *address) {               \
    struct prefix##FAMILY key = {.length = BYTES * 8};                                   \
    __builtin_memcpy(key.address, address, BYTES);                                       \
    return key;                                                                          \
  }
KEY_OF(key4, 4, 4)
KEY_OF(key6, 6, 16)

static __always_inline int allowed(const struct flow *flow) {
  if (flow->family == 4) {
    struct prefix4 source = key4(flow->source), destination = key4(flow->destination);
    return bpf_map_lookup_elem(&allow4, &source) || bpf_map_lookup_elem(&allow4, &destination);
  }
  struct prefix6 source = key6(flow->source), destination = key6(flow->destination);
  return bpf_map_lookup_elem(&allow6, &source) || bpf_map_lookup_elem(&allow6, &destination);
}

// The counter that names why the frame is blocked, or COUNT_OUTCOMES.
static __always_inline __u32 blocked(const struct flow *flow, __u32 lists) {
  if (flow->family == 4 && lists & LIST_BLOCK4) {
    struct prefix4 source = key4(flow->source), destination = key4(flow->destination);
    if (in_force(bpf_map_lookup_elem(&block4, &source)) || in_force(bpf_map_lookup_elem(&block4, &destination)))
      return COUNT_BLOCKED_PREFIX4;
  }
  if (flow->family == 6 && lists & LIST_BLOCK6) {
    struct prefix6 source = key6(flow->source), destination = key6(flow->destination);
    if (in_force(bpf_map_lookup_elem(&block6, &source)) || in_force(bpf_map_lookup_elem(&block6, &destination)))
      return COUNT_BLOCKED_PREFIX6;
  }
  if (lists & LIST_FLOWS && in_force(bpf_map_lookup_elem(&flows, flow))) return COUNT_BLOCKED_FLOW;
  return COUNT_OUTCOMES;
}

// Whether to drop the frame. The allow list is asked only about what is blocked, which comes to its being asked first.
static __always_inline int drop(struct xdp_md *ctx) {
  const __u32 lists = lists_in_use;
  if (lists == 0) return 0;
  void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
  __be16 protocol = 0;
  void *network = skip_link(data, end, &protocol);
  if (!network) return 0;
  struct ends ends = {};
  if (protocol == bpf_htons(ETH_P_IP)) {
    if (!read_ipv4(&ends, network, end)) return 0;
  } else if (protocol == bpf_htons(ETH_P_IPV6)) {
    if (!read_ipv6(&ends, network, end)) return 0;
  } else {
    return 0;
  }
  const __u32 reason = blocked(&ends.flow, lists);
  if (reason == COUNT_OUTCOMES) return 0;
  if (allowed(&ends.flow)) {
    count(COUNT_SPARED);
    return 0;
  }
  count(reason);
  return 1;
}

static __always_inline int hand_over(struct xdp_md *ctx, const struct stamps *stamps) {
  if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*stamps)) == 0) {
    struct stamps *at = (void *)(long)ctx->data_meta;
    if ((void *)(at + 1) <= (void *)(long)ctx->data) *at = *stamps;
  } else {
    count(COUNT_UNSTAMPED);
  }
  count(COUNT_REDIRECTED);
  return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_PASS);
}

// A queue that nobody listens on belongs to the host; what is blocked stays blocked there too.
static __always_inline int without_socket(struct xdp_md *ctx) {
  __u32 queue = ctx->rx_queue_index;
  if (bpf_map_lookup_elem(&sockets, &queue)) return 0;
  count(COUNT_PASSED_TO_HOST);
  return 1;
}

SEC("xdp.frags")
int wirewatch_tai(struct xdp_md *ctx) {
  struct stamps stamps = {.tai_ns = bpf_ktime_get_tai_ns(), .mark = STAMP_MARK};
  count(COUNT_SEEN);
  if (drop(ctx)) return XDP_DROP;
  if (without_socket(ctx)) return XDP_PASS;
  return hand_over(ctx, &stamps);
}

// Loads only bound to a device whose driver has these functions, and never in generic mode.
SEC("xdp.frags")
int wirewatch_nic(struct xdp_md *ctx) {
  struct stamps stamps = {.tai_ns = bpf_ktime_get_tai_ns(), .mark = STAMP_MARK};
  __u64 hardware_ns = 0;
  if (bpf_xdp_metadata_rx_timestamp(ctx, &hardware_ns) == 0) stamps.hardware_ns = hardware_ns;
  if (bpf_xdp_metadata_rx_vlan_tag) {
    __be16 protocol = 0;
    __u16 tci = 0;
    if (bpf_xdp_metadata_rx_vlan_tag(ctx, &protocol, &tci) == 0) {
      stamps.has_vlan = 1;
      stamps.vlan_protocol = protocol;
      stamps.vlan_tci = tci;
    }
  }
  count(COUNT_SEEN);
  if (drop(ctx)) return XDP_DROP;
  if (without_socket(ctx)) return XDP_PASS;
  return hand_over(ctx, &stamps);
}
