// SPDX-License-Identifier: BSD-3-Clause
// DPDK's buffers as packets: their time, the tag that the NIC took off put back, and headers in one piece. Owned by one
// thread; bytes stay in the buffers wherever they can.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/packet/packet.h"
#include "dataplane/packet/traffic.h"
#include "dataplane/source/hardware_clock.h"
#include "dataplane/source/shared_count.h"
#include "dataplane/source/source.h"

struct rte_mbuf;

namespace wirewatch {

/// Where drivers put their stamps: fields of a buffer that are registered at run time.
struct MbufFields {
  int stamp_at = -1;         // the driver's own, raw
  uint64_t stamped = 0;      // the flag that it is there
  int time_at = -1;          // ours: when a packet that is handed to another worker arrived, UTC

  /// Registers them; the same values whenever it is called again. An Error when DPDK has no room left for them.
  static Result<MbufFields> reserve();
};

struct FrameCounts {
  SharedCount packets;
  SharedCount bytes;
  SharedCount stamped;        // by the device
  SharedCount tags_put_back;
  SharedCount joined;         // headers lay in several buffers and were copied together
};

class FrameReader {
 public:
  static constexpr uint32_t kContiguous = 2048;  // bytes of a frame that are in one piece, or all of it

  FrameReader(const MbufFields& fields, HardwareClock& clock, const TscClock& tsc, uint16_t interface);

  /// One packet a buffer; at most kBurstSize. `arrived` is when the burst was taken, by the processor's counter.
  void read(std::span<rte_mbuf* const> buffers, std::span<Packet> packets, uint64_t arrived) noexcept;
  /// The same for buffers that another worker has read before, whose time they carry.
  void read_handed_over(std::span<rte_mbuf* const> buffers, std::span<Packet> packets) noexcept;
  /// Makes a buffer carry its packet's time to another worker.
  void carry_time(rte_mbuf* buffer, Timestamp time) const noexcept;

  /// The latest packet's time.
  Timestamp last_time() const noexcept { return last_time_; }
  const FrameCounts& counts() const noexcept { return counts_; }

 private:
  void point_at(rte_mbuf* buffer, Packet& packet, size_t place) noexcept;
  const uint8_t* join(const rte_mbuf* buffer, uint32_t length, size_t place) noexcept;
  void put_tags_back(rte_mbuf* buffer) noexcept;

  MbufFields fields_;
  HardwareClock& clock_;
  const TscClock& tsc_;
  uint16_t interface_;
  uint64_t number_ = 0;
  Timestamp last_time_ = kNoTimestamp;
  FrameCounts counts_;
  std::vector<uint8_t> joined_;  // kBurstSize places of kContiguous bytes
};

}  // namespace wirewatch
