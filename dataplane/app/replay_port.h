// SPDX-License-Identifier: BSD-3-Clause
// Ports that read captures: `file:` reads one from the start, `replay` waits for captures to be handed to it.
#pragma once

#include <mutex>

#include "dataplane/app/port.h"
#include "dataplane/source/replay_source.h"

namespace wirewatch {

class ReplayPort final : public Port {
 public:
  static Result<std::unique_ptr<Port>> open(const PortConfig& config, uint16_t number, const TscClock& tsc);

  void run(unsigned number, const WorkerContext& context) override;
  void describe(PortState& state) const override;
  bool takes_replays() const override { return config_.spec.kind == SourceKind::Replay; }
  Result<void> replay(std::unique_ptr<CaptureReader> reader, double speed, std::string name) override;
  ReplayState replay_state() const override;

 private:
  ReplayPort(const PortConfig& config, uint16_t number, const TscClock& tsc) : Port(config), number_(number), tsc_(tsc) {}

  uint16_t number_;
  const TscClock& tsc_;
  mutable std::mutex mutex_;  // never while packets are worked on
  std::shared_ptr<ReplaySource> waiting_;
  std::shared_ptr<ReplaySource> current_;  // being read, or the last one that was
  std::string name_;
  bool reading_ = false;
};

}  // namespace wirewatch
