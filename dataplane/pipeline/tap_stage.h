// SPDX-License-Identifier: BSD-3-Clause
// A worker's last stage, when there are capture sessions: asks the taps about every packet and copies what any of them
// wants into the ring, once. Without taps it is not there: the worker has nobody to show its packets to.
#pragma once

#include <memory>

#include "dataplane/pipeline/flow_facts.h"
#include "dataplane/pipeline/tap_set.h"

namespace wirewatch {

/// On its way to a worker: the taps, and where what they want goes.
struct TapOrder {
  TapSet taps;
  PacketRingWriter* ring;  // that worker's, outlives it
};

class TapStage final : public PacketObserver {
 public:
  /// Between bursts: these taps from here on. Gives back what it replaces.
  std::unique_ptr<TapOrder> adopt(std::unique_ptr<TapOrder> next) noexcept;
  bool active() const noexcept { return active_; }
  void on_packet(Worker& worker, const Packet& packet, const Layers& layers, bool blocked) noexcept override;
  /// After each burst, when active.
  void publish() noexcept { order_->ring->publish(); }

 private:
  std::unique_ptr<TapOrder> order_;
  bool active_ = false;
};

}  // namespace wirewatch
