// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/replay_port.h"

#include <time.h>

namespace wirewatch {

Result<std::unique_ptr<Port>> ReplayPort::open(const PortConfig& config, uint16_t number, const TscClock& tsc) {
  std::unique_ptr<ReplayPort> port(new ReplayPort(config, number, tsc));
  if (config.spec.kind == SourceKind::File) {
    auto reader = CaptureReader::open(config.spec.target);
    if (!reader) return tl::unexpected(reader.error());
    if (const auto begun = port->replay(std::move(*reader), config.spec.speed, config.spec.target); !begun) {
      return tl::unexpected(begun.error());
    }
  }
  return port;
}

Result<void> ReplayPort::replay(std::unique_ptr<CaptureReader> reader, double speed, std::string name) {
  const std::lock_guard lock(mutex_);
  if (reading_ || waiting_) return fail("port '" + config_.name + "' is replaying '" + name_ + "' and takes the next one when that is done");
  waiting_ = std::make_shared<ReplaySource>(std::move(reader), speed, number_, tsc_);
  name_ = std::move(name);
  return {};
}

/// One capture after the other. After each its flows are ended, so that what it held is there to be seen.
void ReplayPort::run(unsigned, const WorkerContext& context) {
  Timestamp last = kNoTimestamp;
  WorkerReport report;
  uint64_t rested_since = read_ticks();
  while (!context.stop.load(std::memory_order_relaxed)) {
    std::shared_ptr<ReplaySource> source;
    {
      const std::lock_guard lock(mutex_);
      source = std::exchange(waiting_, nullptr);
      if (source) {
        current_ = source;
        reading_ = true;
      }
    }
    if (!source) {
      context.worker.maintain(last, true);  // new rules and drop lists are taken even so
      const timespec pause{0, 20'000'000};
      ::nanosleep(&pause, nullptr);
      const uint64_t now = read_ticks();
      report.idle_ticks += now - std::exchange(rested_since, now);
      context.boards[0].write(report);
      continue;
    }
    WorkerLoop loop(*source, context.boards, context.settings, [](const Burst&, uint64_t) {}, report);
    run_live(*source, context.worker, loop, context.stop);
    context.worker.finish();
    report = loop.write_report();
    last = source->now();
    rested_since = read_ticks();
    const std::lock_guard lock(mutex_);
    reading_ = false;
  }
}

void ReplayPort::describe(PortState& state) const {
  state.link_up = true;
  state.clock_state = "the capture's own times";
}

ReplayState ReplayPort::replay_state() const {
  const std::lock_guard lock(mutex_);
  if (!current_) return {};
  return {reading_ || waiting_ ? name_ : std::string{}, current_->packets()};
}

}  // namespace wirewatch
