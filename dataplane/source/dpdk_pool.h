// SPDX-License-Identifier: BSD-3-Clause
// Packet buffers of a DPDK port.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/base/result.h"

struct rte_mempool;

namespace wirewatch {

struct FreePool {
  void operator()(rte_mempool* pool) const noexcept;
};
using DpdkPool = std::unique_ptr<rte_mempool, FreePool>;

inline constexpr uint16_t kBufferData = 2048;  // bytes of a frame in one buffer; longer frames take several
inline constexpr unsigned kPoolCache = 256;    // buffers that a thread keeps to itself

/// Who fills the buffers: a device on a bus, which reaches EAL's memory only, or a driver that is a program (net_pcap,
/// net_af_xdp).
enum class PoolUser : uint8_t { Bus, Program };

/// Made step by step, since the pool that rte_pktmbuf_pool_create makes without hugepages places one buffer a page, which
/// was measured to quadruple the cost of a packet, and leaves net_af_xdp deaf. `data`: bytes of a frame in one buffer.
Result<DpdkPool> make_pool(const std::string& name, unsigned buffers, int socket, PoolUser user, uint16_t data = kBufferData);

}  // namespace wirewatch
