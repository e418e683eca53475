// SPDX-License-Identifier: BSD-3-Clause
// The rows of the protocol hierarchy: a path is the whole list of headers of a frame. The tree that people see is
// folded out of counts per path when a report is made.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/base/same_bytes.h"
#include "dataplane/packet/layers.h"
#include "dataplane/packet/traffic.h"

namespace wirewatch {

using ProtocolPath = std::array<Protocol, kMaxLayers>;

/// Who sent what is counted, seen from the flow's client, or from the local networks when those are given.
enum class Side : uint8_t { Unknown, Sent, Received, Both, Count };

struct SidedTraffic {
  std::array<Traffic, static_cast<size_t>(Side::Count)> by_side{};

  Traffic& operator[](Side side) noexcept { return by_side[static_cast<size_t>(side)]; }
  Traffic total() const noexcept;
  Traffic sent() const noexcept;      // Sent and Both
  Traffic received() const noexcept;  // Received and Both
  bool sides_known() const noexcept;
  SidedTraffic& operator+=(const SidedTraffic& other) noexcept;
};

/// Gives each path of a worker a small number. Bounded: further paths all share kOverflow, whose path is empty.
class PathTable {
 public:
  static constexpr uint16_t kMost = 4096;
  static constexpr uint16_t kOverflow = 0;

  PathTable();
  uint16_t id_of(const ProtocolPath& path) noexcept;
  bool is(uint16_t id, const ProtocolPath& path) const noexcept { return same_bytes(paths_[id], path); }
  const ProtocolPath& operator[](uint16_t id) const noexcept { return paths_[id]; }
  /// More than one IP header: the outermost addresses are not those of the innermost packet.
  bool tunneled(uint16_t id) const noexcept { return traits_[id].tunneled; }
  /// Ends in a transport, so that its flow is the innermost packet's and not that of a tunnel around it.
  bool ends_in_transport(uint16_t id) const noexcept { return traits_[id].ends_in_transport; }
  uint16_t size() const noexcept { return size_; }

 private:
  std::vector<ProtocolPath> paths_;
  struct Traits {
    bool tunneled = false;
    bool ends_in_transport = false;
  };
  std::vector<Traits> traits_;
  std::vector<uint16_t> index_;  // open addressing, 0 is an empty place
  uint16_t size_ = 1;            // kOverflow is always there
};

}  // namespace wirewatch
