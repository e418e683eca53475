// SPDX-License-Identifier: BSD-3-Clause
// What a worker's thread says of its source, a few times a second, for the main thread to publish. One writer, one reader,
// nobody waits.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/packet/traffic.h"
#include "dataplane/source/source.h"
#include "dataplane/stats/seqlock.h"

namespace wirewatch {

struct WorkerReport {
  Traffic received;
  uint64_t forwarded = 0;
  uint64_t dropped = 0;        // kept back by the drop list
  uint64_t busy_ticks = 0;
  uint64_t idle_ticks = 0;
  TimestampProperties timestamps;
  uint64_t losses_used = 0;
  std::array<LossCounter, kMostLossCounters> losses;
};
static_assert(SharedWords<WorkerReport>);

class WorkerReportBoard {
 public:
  void write(const WorkerReport& report) noexcept {
    lock_.begin_write();
    store_shared(report_, report);
    lock_.end_write();
  }
  /// The latest one; the one before when the worker is writing all the while.
  WorkerReport read() noexcept {
    WorkerReport report;
    constexpr unsigned kTries = 1000;
    if (lock_.read(kTries, [&] { report = load_shared(report_); })) latest_ = report;
    return latest_;
  }

 private:
  Seqlock lock_;
  alignas(8) WorkerReport report_;
  WorkerReport latest_;  // of the reader
};

/// A worker's: of its port, and of the other half of an inline pair when it polls that too.
using WorkerReportBoards = std::array<WorkerReportBoard, 2>;

}  // namespace wirewatch
