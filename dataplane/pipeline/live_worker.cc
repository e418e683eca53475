// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/live_worker.h"

#include <algorithm>

namespace wirewatch {
namespace {

// How much is done between two bursts, so that none waits for it: a few microseconds when busy, some hundred when there
// is nothing else to do.
constexpr size_t kBusyFlows = 256, kIdleFlows = 16'384;
constexpr size_t kBusyPlaces = 128, kIdlePlaces = 4096;

/// Rows that cannot be published are not worth counting.
WorkerOptions within(WorkerOptions options, const SharedLimits& limits, unsigned number) {
  options.max_table_rows = std::min<size_t>(options.max_table_rows, limits.table_rows);
  options.max_application_rows = std::min<size_t>(options.max_application_rows, limits.application_rows);
  options.rtt_ports = std::min<size_t>(options.rtt_ports, limits.rtt_ports);
  options.number = static_cast<uint16_t>(number);
  if (options.pass_ns <= 0) options.pass_ns = 1'000'000'000;
  // Most flows are named and settled within a few packets, and travel by one path.
  options.max_open = std::min(options.max_open, std::max<size_t>(options.max_flows / 16, 65'536));
  options.max_other_paths = std::min(options.max_other_paths, std::max<size_t>(options.max_flows / 32, 4'096));
  return options;
}

}  // namespace

LiveWorker::LiveWorker(const WorkerOptions& options, std::unique_ptr<PreparedRules> rules, SharedRegion& region, unsigned number)
    : events_(region, number),
      worker_(within(options, region.limits(), number), std::move(rules), events_),
      publisher_(region, number),
      publish_interval_ns_(worker_.options().pass_ns) {}

void LiveWorker::maintain(Timestamp now, bool idle) {
  if (auto next = rules_.take()) rules_.give_back(worker_.adopt(std::move(next)));
  if (auto next = drop_lists_.take()) drop_lists_.give_back(worker_.adopt(std::move(next)));
  if (auto next = taps_.take()) {
    taps_.give_back(tap_stage_.adopt(std::move(next)));
    worker_.show_packets_to(tap_stage_.active() ? &tap_stage_ : nullptr);
  }
  worker_.maintain(now, idle ? kIdleFlows : kBusyFlows);
  if (publisher_.publishing()) {
    publisher_.step(worker_, loop_, events_.dropped(), now, idle ? kIdlePlaces : kBusyPlaces);
  } else if (now >= next_publish_ || next_publish_.since(now) > 2 * publish_interval_ns_) {
    next_publish_ = Timestamp{now.ns + publish_interval_ns_};
    publisher_.begin();
  } else {
    worker_.prune(idle ? kIdlePlaces : kBusyPlaces);
  }
}

void LiveWorker::finish() {
  worker_.finish();
  publisher_.publish(worker_, loop_, events_.dropped(), worker_.counters().last_time.value_or(Timestamp{}));
}

}  // namespace wirewatch
