// SPDX-License-Identifier: BSD-3-Clause
// What surrounds the one loop in this process: sending on, resting, and saying now and then how things stand.
#pragma once

#include <sys/prctl.h>
#include <time.h>

#include <chrono>
#include <cstdint>

#include "dataplane/app/idle_policy.h"
#include "dataplane/app/worker_report.h"
#include "dataplane/pipeline/run_live.h"
#include "dataplane/source/tsc_clock.h"

namespace wirewatch {

struct LoopSettings {
  IdleMode idle = IdleMode::Adaptive;
  unsigned longest_rest_us = 500;
  double ns_per_tick = 1;
};

/// `Forward` is called with the burst and the bits of what is not to pass.
template <LiveSource Source, typename Forward>
class WorkerLoop {
 public:
  /// `carried` is what the worker reported of the sources it had before.
  WorkerLoop(Source& source, WorkerReportBoard& board, const LoopSettings& settings, Forward forward, const WorkerReport& carried = {})
      : source_(source),
        board_(board),
        settings_(settings),
        send_on_(std::move(forward)),
        policy_(settings.idle, settings.longest_rest_us),
        report_(carried),
        report_every_(static_cast<uint64_t>(kReportEvery_ns / settings.ns_per_tick)),
        last_(read_ticks()),
        next_report_(last_) {
    ::prctl(PR_SET_TIMERSLACK, 1'000UL);  // ns; the kernel's 50 us would be most of a short rest
  }

  void forward(const Burst& burst, uint64_t drop) {
    report_.received.packets += burst.count;
    for (size_t i = 0; i < burst.count; ++i) report_.received.bytes += burst.parsed[i].packet->original_length;
    send_on_(burst, drop);
  }

  void rest(bool idle) {
    if (const unsigned us = policy_.rest_us(idle); us > 0) sleep(us);
    const uint64_t now = read_ticks();
    (idle ? report_.idle_ticks : report_.busy_ticks) += now - last_;
    last_ = now;
    if (now >= next_report_) write_report(now);
  }

  double ns_per_tick() const noexcept { return settings_.ns_per_tick; }
  const WorkerReport& write_report() {
    write_report(read_ticks());
    return report_;
  }

 private:
  static constexpr double kReportEvery_ns = 200e6;
  static constexpr std::chrono::milliseconds kLongestWait{100};  // to be woken by the source: stop and new rules want a look

  void sleep(unsigned us) {
    if constexpr (requires { { source_.wait(kLongestWait) } -> std::same_as<bool>; }) {
      if (source_.wait(kLongestWait)) return;
    } else if constexpr (requires { source_.wait(kLongestWait); }) {
      source_.wait(kLongestWait);
      return;
    }
    const timespec pause{0, static_cast<long>(us) * 1'000};
    ::nanosleep(&pause, nullptr);
  }

  void write_report(uint64_t now) {
    next_report_ = now + report_every_;
    report_.timestamps = source_.timestamps();
    report_.losses_used = source_.read_losses(report_.losses);
    if constexpr (requires(std::span<LossCounter> more) { source_.read_remarks(more); }) {
      report_.losses_used += source_.read_remarks(std::span(report_.losses).subspan(report_.losses_used));
    }
    if constexpr (requires { source_.forwarded(); }) {
      report_.forwarded = source_.forwarded().forwarded.get();
      report_.dropped = source_.forwarded().blocked.get();
      report_.received = {source_.counts().packets.get(), source_.counts().bytes.get()};
    }
    board_.write(report_);
  }

  Source& source_;
  WorkerReportBoard& board_;
  LoopSettings settings_;
  Forward send_on_;
  IdlePolicy policy_;
  WorkerReport report_;
  uint64_t report_every_;
  uint64_t last_;
  uint64_t next_report_;
};

}  // namespace wirewatch
