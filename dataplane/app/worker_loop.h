// SPDX-License-Identifier: BSD-3-Clause
// What surrounds the one loop in this process: sending on, resting, and saying now and then how things stand.
#pragma once

#include <sys/prctl.h>
#include <time.h>

#include <array>
#include <chrono>
#include <cstdint>

#include "dataplane/app/idle_policy.h"
#include "dataplane/app/pair_source.h"
#include "dataplane/app/worker_report.h"
#include "dataplane/pipeline/run_live.h"
#include "dataplane/source/tsc_clock.h"

namespace wirewatch {

struct LoopSettings {
  IdleMode idle = IdleMode::Adaptive;
  unsigned longest_rest_us = 500;
  double ns_per_tick = 1;
};

template <typename Source>
inline constexpr bool kIsPair = false;
template <typename Half>
inline constexpr bool kIsPair<PairSource<Half>> = true;

/// `Forward` is called with the burst and the bits of what is not to pass. What the halves of a pair say is reported apart.
template <LiveSource Source, typename Forward>
class WorkerLoop {
 public:
  /// `carried` is what the worker reported of the sources it had before.
  WorkerLoop(Source& source, WorkerReportBoards& boards, const LoopSettings& settings, Forward forward, const WorkerReport& carried = {})
      : source_(source),
        boards_(boards),
        settings_(settings),
        send_on_(std::move(forward)),
        policy_(settings.idle, settings.longest_rest_us),
        reports_{carried, {}},
        report_every_(static_cast<uint64_t>(kReportEvery_ns / settings.ns_per_tick)),
        last_(read_ticks()),
        next_report_(last_) {
    ::prctl(PR_SET_TIMERSLACK, 1'000UL);  // ns; the kernel's 50 us would be most of a short rest
  }

  void forward(const Burst& burst, uint64_t drop) {
    Traffic& received = reports_[turn()].received;
    received.packets += burst.count;
    for (size_t i = 0; i < burst.count; ++i) received.bytes += burst.parsed[i].packet->original_length;
    send_on_(burst, drop);
  }

  void rest(bool idle) {
    if (const unsigned us = policy_.rest_us(idle); us > 0) sleep(us);
    const uint64_t now = read_ticks();
    (idle ? reports_[0].idle_ticks : reports_[0].busy_ticks) += now - last_;
    last_ = now;
    if (now >= next_report_) write_report(now);
  }

  double ns_per_tick() const noexcept { return settings_.ns_per_tick; }
  const WorkerReport& write_report() {
    write_report(read_ticks());
    return reports_[0];
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
    if constexpr (kIsPair<Source>) {
      for (size_t half = 0; half < boards_.size(); ++half) write(source_.half(half), reports_[half], boards_[half]);
    } else {
      write(source_, reports_[0], boards_[0]);
    }
  }

  static void write(auto& source, WorkerReport& report, WorkerReportBoard& board) {
    report.timestamps = source.timestamps();
    report.losses_used = source.read_losses(report.losses);
    if constexpr (requires(std::span<LossCounter> more) { source.read_remarks(more); }) {
      report.losses_used += source.read_remarks(std::span(report.losses).subspan(report.losses_used));
    }
    if constexpr (requires { source.forwarded(); }) {
      report.forwarded = source.forwarded().forwarded.get();
      report.dropped = source.forwarded().blocked.get();
      report.received = {source.counts().packets.get(), source.counts().bytes.get()};
    }
    board.write(report);
  }

  size_t turn() const noexcept {
    if constexpr (kIsPair<Source>) return source_.turn();
    return 0;
  }

  Source& source_;
  WorkerReportBoards& boards_;
  LoopSettings settings_;
  Forward send_on_;
  IdlePolicy policy_;
  std::array<WorkerReport, 2> reports_;  // the second one of the other half of a pair
  uint64_t report_every_;
  uint64_t last_;
  uint64_t next_report_;
};

}  // namespace wirewatch
