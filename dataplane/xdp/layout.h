// SPDX-License-Identifier: BSD-3-Clause
// What the XDP program and the data plane agree on: maps, counters, and the stamps in front of every frame. Included by
// both, so that no constant is written twice; therefore C, and types of fixed size only.
#pragma once

#include <linux/types.h>

#ifdef __cplusplus
namespace wirewatch::xdp {
#endif

enum limit {
  MOST_PREFIXES = 65536,  // of each family and list
  MOST_FLOWS = 65536,     // entries; a blocked connection takes two, one a direction
  MOST_QUEUES = 256,
};

// Keys of the longest-prefix tries: the address in network order.
struct prefix4 {
  __u32 length;
  __u8 address[4];
};
struct prefix6 {
  __u32 length;
  __u8 address[16];
};

// One direction of a connection, as it is in the headers; an IPv4 address fills the first four bytes.
struct flow {
  __u8 source[16];
  __u8 destination[16];
  __be16 source_port;  // 0 for protocols without
  __be16 destination_port;
  __u8 ip_protocol;
  __u8 family;  // 4 or 6
  __u8 zero[2];
};

// CLOCK_BOOTTIME, or 0 for never. A prefix inside another one carries the later of the two times, since the trie
// only finds the longest match.
struct blocked_until {
  __u64 boot_ns;
};

// Which lists hold anything: bits of `lists_in_use`, so that empty ones cost nothing.
enum list {
  LIST_BLOCK4 = 1,
  LIST_BLOCK6 = 2,
  LIST_FLOWS = 4,
};

// Of a per-CPU array. Every frame is counted under `COUNT_SEEN` and under exactly one of those up to COUNT_OUTCOMES.
enum count {
  COUNT_REDIRECTED,      // on their way to a socket, whose own statistics say what became of them
  COUNT_BLOCKED_PREFIX4,
  COUNT_BLOCKED_PREFIX6,
  COUNT_BLOCKED_FLOW,
  COUNT_PASSED_TO_HOST,  // no socket on this queue
  COUNT_OUTCOMES,
  COUNT_SEEN = COUNT_OUTCOMES,
  COUNT_SPARED,          // blocked, but on the allow list
  COUNT_UNSTAMPED,       // the driver left no room for the stamps
  COUNT_COUNTERS,
};

// In front of every frame that reaches a socket. The receiver clears `mark` when it gives the frame's memory back, so
// that a frame without stamps is not taken for its predecessor.
enum { STAMP_MARK = 0x57a3 };
struct stamps {
  __u64 tai_ns;       // when the program ran
  __u64 hardware_ns;  // by the NIC's clock; 0 when it gave none
  __u16 mark;
  __u16 has_vlan;     // the NIC took this tag out of the frame:
  __be16 vlan_protocol;
  __u16 vlan_tci;
};

#ifdef __cplusplus
}  // namespace wirewatch::xdp
#endif
