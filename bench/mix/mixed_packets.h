// SPDX-License-Identifier: BSD-3-Clause
// A mix held in memory, for benchmarks that measure everything but reading a file.
#pragma once

#include <memory>
#include <vector>

#include "bench/mix/mixer.h"
#include "dataplane/packet/packet.h"

namespace wirewatch::mix {

class MixedPackets {
 public:
  explicit MixedPackets(const MixOptions& options);

  const std::vector<Packet>& packets() const noexcept { return packets_; }
  const MixSummary& summary() const noexcept { return summary_; }

 private:
  std::vector<uint8_t> bytes_;
  std::vector<Packet> packets_;
  MixSummary summary_;
};

}  // namespace wirewatch::mix
