// SPDX-License-Identifier: BSD-3-Clause
// Captures sent through a source to a worker as the data plane runs it, and what control makes of that, against `inspect`
// of the same file. Two things are otherwise than in the data plane: flows do not age, since those of a saved capture do
// not, and no clock is asked, since captures have times of their own. One thing is not compared: see may_be_a_bare_syn in
// answers.cc.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/pipeline/registry.h"
#include "dataplane/pipeline/run_live.h"
#include "tests/app/answers.h"
#include "tests/app/small_captures.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch::testing {

/// Sends the frames a part at a time, the next when all before have come, and stops the loop when there are no more.
template <typename Send>
class SendingHooks {
 public:
  SendingHooks(std::span<const CapturedFrame> frames, Send send) : left_(frames), send_(send) {}

  void forward(const Burst& burst, uint64_t) noexcept {
    received_ += burst.count;
    idle_ = 0;
  }
  void rest(bool) {
    constexpr size_t kAtOnce = 400;  // less than any ring holds
    constexpr unsigned kMostIdle = 2'000;
    if (received_ < sent_ && ++idle_ < kMostIdle) return send_.wait();
    if (left_.empty() || idle_ >= kMostIdle) return stop.store(true);
    const auto part = left_.first(std::min(kAtOnce, left_.size()));
    send_(part);
    sent_ += part.size();
    left_ = left_.subspan(part.size());
  }
  double ns_per_tick() const noexcept { return 0.5; }
  size_t received() const noexcept { return received_; }

  std::atomic<bool> stop{false};

 private:
  std::span<const CapturedFrame> left_;
  Send send_;
  size_t sent_ = 0, received_ = 0;
  unsigned idle_ = 0;
};

inline WorkerOptions options_of_a_data_plane() {
  WorkerOptions options;
  options.max_flows = 20'000;
  options.max_pending_syns = 20'000;
  options.pass_ns = kSecond_ns;
  options.rtt_ports = 64;
  options.preallocate = false;
  return options;
}

inline SharedLimits limits_of_a_data_plane() {
  SharedLimits limits;
  limits.table_rows = 16'384;
  limits.events = 1 << 15;
  return limits;
}

/// Holds every capture that can be sent as it is to what `inspect` says of it. `send` has operator()(frames) and wait(),
/// a moment until more can have come.
template <LiveSource Source, typename Send>
void expect_the_answers_of_inspect(Source& source, Send send, Times times) {
  const auto captures = sendable_captures();
  if (captures.empty()) GTEST_SKIP() << "neither WIREWATCH_CAPTURES nor WIREWATCH_CORPUS is set";
  size_t lines = 0;
  for (const std::filesystem::path& path : captures) {
    const auto frames = ethernet_frames_of(path);
    auto region = *SharedRegion::create(limits_of_a_data_plane(), 7, 1);
    Registry registry(region);
    const auto rules = shipped_rules();
    const auto worker = std::make_unique<LiveWorker>(options_of_a_data_plane(),
                                                     std::make_unique<PreparedRules>(rules, number(*rules, registry)), region, 0);
    SendingHooks hooks(frames, send);
    run_live(source, *worker, hooks, hooks.stop);
    ASSERT_EQ(hooks.received(), frames.size()) << path;
    worker->finish();
    const SharedState state = *SharedState::map(region.fd());
    const Lines expected = answers_of_inspect(path, rules, times);
    EXPECT_EQ(first_difference(expected, answers_of(state, times)), "") << path;
    lines += expected.size();
  }
  EXPECT_GT(lines, 10 * captures.size()) << "of what is compared there is too little";
}

}  // namespace wirewatch::testing
