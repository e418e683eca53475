// SPDX-License-Identifier: BSD-3-Clause
// One worker's thread: pinned to its core if it has one, its memory taken there, so that it lies on that core's node.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "dataplane/app/port.h"
#include "dataplane/pipeline/live_worker.h"
#include "dataplane/pipeline/publisher.h"

namespace wirewatch {

struct WorkerPlan {
  unsigned number = 0;           // over all ports
  unsigned number_in_port = 0;
  Port* port = nullptr;
  std::optional<unsigned> lcore;
  WorkerOptions options;
  LoopSettings loop;
};

class WorkerThread {
 public:
  /// Starts the thread and waits until its worker is made; it polls nothing before begin(), so that workers that hand
  /// packets to each other are all there. `region` and the port outlive it.
  static Result<std::unique_ptr<WorkerThread>> start(const WorkerPlan& plan, std::unique_ptr<PreparedRules> rules, SharedRegion& region);
  ~WorkerThread() { stop(); }
  void begin() noexcept;
  WorkerThread(const WorkerThread&) = delete;

  const WorkerPlan& plan() const noexcept { return plan_; }
  /// To hand things to; what the worker counts is its own.
  LiveWorker& worker() noexcept { return *worker_; }
  /// What it says of `port`, or null when it does not poll that one.
  WorkerReportBoard* board_of(const Port& port) noexcept {
    if (plan_.port == &port) return &boards_[0];
    return plan_.port->partner() == &port ? &boards_[1] : nullptr;
  }
  /// Bound to end: its source is polled no more soon.
  void ask_to_stop() noexcept { stop_.store(true, std::memory_order_relaxed); }
  /// Until it does not poll any more. Then is the time to read the clocks once more, for what it has still to hand on.
  void wait_for_last_packet() noexcept {
    begin();
    polled_out_.wait(false);
  }
  /// Everything is flushed and published afterwards.
  void stop();

 private:
  explicit WorkerThread(const WorkerPlan& plan) : plan_(plan) {}
  void run(std::unique_ptr<PreparedRules> rules, SharedRegion& region);
  Result<void> settle_on_core() const;

  WorkerPlan plan_;
  WorkerReportBoards boards_;
  std::unique_ptr<LiveWorker> worker_;
  std::string failure_;
  std::atomic<int> made_{0};  // 1 when the worker is there, -1 when it cannot be
  std::atomic<bool> begun_{false};
  std::atomic<bool> stop_{false};
  std::atomic<bool> polled_out_{false};
  std::atomic<bool> may_finish_{false};
  std::thread thread_;
};

}  // namespace wirewatch
