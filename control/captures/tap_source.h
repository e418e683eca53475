// SPDX-License-Identifier: BSD-3-Clause
// Where tapped packets come from: the rings of a data plane's workers, or a test's made-up ones.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "dataplane/pipeline/packet_region.h"

namespace wirewatch {

class TapSource {
 public:
  virtual ~TapSource() = default;

  virtual unsigned workers() const noexcept = 0;
  /// The worker's oldest packet, the same one until pop(); nullptr when there is none at the moment.
  virtual const DrainedPacket* peek(unsigned worker) noexcept = 0;
  virtual void pop(unsigned worker) noexcept = 0;
  /// The tap set the worker runs: what earlier ones matched is in its ring by now, or counted as dropped.
  virtual uint64_t adopted_set(unsigned worker) const noexcept = 0;
  virtual std::optional<TapCounts> counts(unsigned worker, uint8_t slot) const noexcept = 0;
  /// Records that made no sense so far.
  virtual uint64_t damaged() noexcept = 0;
};

class RegionSource final : public TapSource {
 public:
  explicit RegionSource(PacketRegionReader region) : region_(std::move(region)) {}

  unsigned workers() const noexcept override { return region_.workers(); }
  const DrainedPacket* peek(unsigned worker) noexcept override { return region_.ring(worker).peek(); }
  void pop(unsigned worker) noexcept override { region_.ring(worker).pop(); }
  uint64_t adopted_set(unsigned worker) const noexcept override { return region_.adopted_set(worker); }
  std::optional<TapCounts> counts(unsigned worker, uint8_t slot) const noexcept override { return region_.counts(worker, slot); }
  uint64_t damaged() noexcept override {
    uint64_t sum = 0;
    for (unsigned worker = 0; worker < region_.workers(); ++worker) sum += region_.ring(worker).resynchronised();
    return sum;
  }

 private:
  PacketRegionReader region_;
};

}  // namespace wirewatch
