// SPDX-License-Identifier: BSD-3-Clause
// Round trip times of handshakes: of all, and of each of the busiest server ports. A port that becomes busier than the
// least busy of those takes its place; the histogram that gives way joins "other".
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/stats/rtt_histogram.h"

namespace wirewatch {

class PortRtts {
 public:
  struct Port {
    uint16_t port = 0;
    RttHistogram rtt;
  };

  /// Of how many ports at most; with 0 it counts nothing at all and takes no memory.
  explicit PortRtts(size_t most_ports);

  void record(uint16_t server_port, int64_t rtt_ns) noexcept;

  const RttHistogram& all() const noexcept { return all_; }
  const RttHistogram& other() const noexcept { return other_; }
  std::span<const Port> ports() const noexcept { return {ports_.data(), used_}; }
  size_t memory_bytes() const noexcept {
    return ports_.capacity() * sizeof(Port) + place_.capacity() * sizeof(uint16_t) + seen_.capacity() * sizeof(uint32_t);
  }

 private:
  static constexpr uint16_t kNowhere = 0xffff;
  uint16_t place_for(uint16_t server_port) noexcept;

  size_t used_ = 0;
  RttHistogram all_;
  RttHistogram other_;
  std::vector<Port> ports_;      // as many as there may be, the first used_ of them in use
  std::vector<uint16_t> place_;  // by port: index into ports_, or kNowhere
  std::vector<uint32_t> seen_;   // by port
};

}  // namespace wirewatch
