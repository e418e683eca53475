// SPDX-License-Identifier: BSD-3-Clause
// Handshakes over a link whose clock is stepped at every moment between two of its readings, by more and by less than
// they take, while it drifts: what is not flagged is right to a microsecond, and what is far from a step is not flagged.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "dataplane/base/timestamp.h"
#include "dataplane/source/hardware_clock.h"
#include "dataplane/source/nic_clock.h"
#include "dataplane/source/tick_counter.h"
#include "tests/pipeline/worker_run.h"

namespace wirewatch {
namespace {

constexpr int64_t kReadEvery = kSecond_ns / 4, kMicrosecond = 1'000, kMillisecond = 1'000'000;
constexpr double kDrift = 50e-6;

/// Clocks as the test drives them; all of it in nanoseconds of true time since the start.
class StampingClock {
 public:
  virtual ~StampingClock() = default;
  virtual ClockWatches watches() const = 0;
  /// What a frame is given that arrives at `at`, and what that is taken for later, at `taken`.
  virtual uint64_t stamp(int64_t at) const = 0;
  virtual Timestamp time_of(uint64_t stamp, int64_t taken) = 0;
  virtual void read(int64_t at) = 0;
  void step(int64_t by_ns) { stepped_ns_ += by_ns; }

 protected:
  int64_t noise() { return noise_(random_); }
  int64_t stepped_ns_ = 0;

 private:
  std::mt19937 random_{11};
  std::uniform_int_distribution<int64_t> noise_{-150, 150};
};

/// A NIC that stamps with ticks as mlx5 does, read by the main thread.
class TickingNic final : public StampingClock {
 public:
  explicit TickingNic(const TscClock& tsc) : clock_(tsc, false), start_(tsc.now_ns()) {}
  ClockWatches watches() const override {
    ClockWatches watches;
    watches.add(&clock_.watch());
    return watches;
  }
  uint64_t stamp(int64_t at) const override {
    // A step far back wraps around, as the counter of a device does.
    return uint64_t{123'456'789'000} + static_cast<uint64_t>(static_cast<int64_t>(static_cast<double>(at + stepped_ns_) * 0.15625 * (1 + kDrift)));
  }
  Timestamp time_of(uint64_t stamp, int64_t taken) override {
    if (clock_.kind() == StampKind::None) clock_.judge(stamp, start_ + taken);
    const Timestamp time{clock_.map().to_ns(stamp)};
    clock_.observe_lag(start_ + taken - time.ns);
    return time;
  }
  void read(int64_t at) override {
    clock_.begin_reading();
    const int64_t off = noise();
    clock_.add_reading({stamp(at), start_ + at + off, 150}, {stamp(at), at + off, 150});
    clock_.maintain(start_ + at);
  }

 private:
  HardwareClock clock_;
  int64_t start_;
};

/// The system's clock, by which the kernel stamps, followed by a processor's counter that drifts against it.
class SystemClock final : public StampingClock {
 public:
  explicit SystemClock(const TscClock& tsc) : start_(tsc_.now_ns()), first_(read_ticks()), ticks_per_ns_(1 / tsc.ns_per_tick()) {}
  ClockWatches watches() const override {
    ClockWatches watches;
    watches.add(&tsc_.watch());
    return watches;
  }
  uint64_t stamp(int64_t at) const override { return static_cast<uint64_t>(start_ + at + stepped_ns_); }
  Timestamp time_of(uint64_t stamp, int64_t) override { return {static_cast<int64_t>(stamp)}; }
  void read(int64_t at) override {
    tsc_.begin_reading();
    const uint64_t counter = first_ + static_cast<uint64_t>(static_cast<double>(at) * ticks_per_ns_ * (1 + kDrift));
    const auto utc = static_cast<int64_t>(stamp(at));
    tsc_.follow({{counter, start_ + at + noise(), 150}, {counter, utc + noise(), 150}, set_.observe(at - 40, utc, at + 40)});
  }

 private:
  TscClock tsc_;
  SetNotice set_;
  int64_t start_;
  uint64_t first_;
  double ticks_per_ns_;
};

/// The clock of a NIC that the kernel drives, read by the thread that polls.
class KernelsNic final : public StampingClock {
 public:
  explicit KernelsNic(const TscClock&) : clock_([this] { return std::optional(ClockSample{stamp(now_), kStart + now_ + noise(), 150}); }) {}
  ClockWatches watches() const override {
    ClockWatches watches;
    watches.add(&clock_.watch());
    return watches;
  }
  uint64_t stamp(int64_t at) const override {
    return static_cast<uint64_t>(37 * kSecond_ns + static_cast<int64_t>(static_cast<double>(at) * (1 + kDrift)) + stepped_ns_);
  }
  Timestamp time_of(uint64_t stamp, int64_t) override { return clock_.to_utc(stamp); }
  void read(int64_t at) override {
    now_ = at;
    clock_.take_reading();
  }

 private:
  static constexpr int64_t kStart = 1'800'000'000 * kSecond_ns;
  int64_t now_ = 0;
  NicClock clock_;
};

struct Attempt {
  uint16_t port;
  int64_t begun, answered;  // true time; the client's ACK comes with the answer
};

/// A worker that polls every half a millisecond, and readings in between.
class Link {
 public:
  explicit Link(StampingClock& clock)
      : clock_(clock), run_({.pass_ns = kSecond_ns, .rtt_ports = 4, .clocks = clock.watches()}, RuleSet::none()) {}

  void at(int64_t time, std::function<void()> what) { events_.emplace(time, std::move(what)); }
  void connect(const Attempt& attempt) {
    const uint16_t port = attempt.port;
    receive(attempt.begun, testing::eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 443).syn().seq(100));
    receive(attempt.answered, testing::eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, port).syn_ack().seq(500).ack_number(101));
    receive(attempt.answered, testing::eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 443).ack().seq(101).ack_number(501));
  }
  void run_until(int64_t end) {
    for (int64_t reading = 0; reading <= end; reading += kReadEvery) at(reading, [this, reading] { clock_.read(reading); });
    for (const auto& [time, what] : events_) {
      poll_before(time);
      what();
    }
    poll_before(end);
  }
  std::map<uint16_t, HandshakeRecord> by_client() const {
    std::map<uint16_t, HandshakeRecord> sorted;
    for (const HandshakeRecord& each : run_.handshakes) sorted.emplace(each.client.port, each);
    return sorted;
  }
  uint64_t in_histograms() const { return run_.worker.rtts().all().count(); }

 private:
  static constexpr int64_t kPollEvery = kMillisecond / 2;

  void receive(int64_t time, const testing::FrameBuilder& frame) {
    at(time, [this, time, bytes = frame.bytes()] { waiting_.push_back({clock_.stamp(time), bytes}); });
  }
  void poll_before(int64_t time) {
    for (; polled_ + kPollEvery <= time; polled_ += kPollEvery) {
      for (const auto& [stamp, bytes] : waiting_) {
        last_ = clock_.time_of(stamp, polled_ + kPollEvery);
        run_.feed({bytes, last_});
      }
      waiting_.clear();
      if (last_ != kNoTimestamp) run_.worker.maintain(last_, 256);
    }
  }

  struct Frame {
    uint64_t stamp;
    testing::Bytes bytes;
  };
  StampingClock& clock_;
  testing::WorkerRun run_;
  std::multimap<int64_t, std::function<void()>> events_;
  std::vector<Frame> waiting_;
  int64_t polled_ = 0;
  Timestamp last_ = kNoTimestamp;
};

constexpr int64_t kSteppedAfter = 5 * kSecond_ns, kEnd = 14 * kSecond_ns;

/// Handshakes that take from 80 us to 3 s, some begun every few milliseconds.
std::vector<Attempt> attempts() {
  std::vector<Attempt> made;
  const int64_t takes[] = {80 * kMicrosecond, 3 * kMillisecond, 60 * kMillisecond, 180 * kMillisecond, 3 * kSecond_ns};
  uint16_t port = 1'024;
  for (int64_t begun = 2 * kSecond_ns + 1'234'567; begun < kEnd - 4 * kSecond_ns; begun += 11 * kMillisecond, ++port) {
    made.push_back({port, begun, begun + takes[port % std::size(takes)]});
  }
  return made;
}

/// Empty, or what is wrong with the first handshake that is not as it should be.
std::string check(const std::map<uint16_t, HandshakeRecord>& handed_on, const Attempt& attempt, int64_t stepped_at) {
  const auto text = [&](std::string_view what) {
    return std::string(what) + ": a handshake begun " + std::to_string((attempt.begun - stepped_at) / 1'000) + " us after the step, of " +
           std::to_string((attempt.answered - attempt.begun) / 1'000) + " us";
  };
  const auto found = handed_on.find(attempt.port);
  if (found == handed_on.end() || !found->second.syn_ack_rtt_ns) return text("not handed on");
  const HandshakeRecord* const record = &found->second;
  const int64_t off = *record->syn_ack_rtt_ns - (attempt.answered - attempt.begun);
  if (!record->clock_unsteady && std::abs(off) > kMicrosecond) return text("off by " + std::to_string(off) + " ns and not flagged");
  const bool far = attempt.answered < stepped_at - kReadEvery || attempt.begun > stepped_at + 3 * kSecond_ns;
  if (far && record->clock_unsteady) return text("flagged for nothing");
  return {};
}

template <typename Clock>
void step_at_every_phase(std::initializer_list<int64_t> steps, int64_t phase_ns) {
  const TscClock tsc;
  const std::vector<Attempt> made = attempts();
  for (const int64_t step : steps) {
    for (int64_t phase = 0; phase < kReadEvery; phase += phase_ns) {
      Clock clock(tsc);
      Link link(clock);
      const int64_t stepped_at = kSteppedAfter + phase;
      link.at(stepped_at, [&] { clock.step(step); });
      for (const Attempt& attempt : made) link.connect(attempt);
      link.run_until(kEnd);
      const auto handed_on = link.by_client();
      const auto flagged = static_cast<size_t>(std::ranges::count_if(handed_on, [](const auto& each) { return each.second.clock_unsteady; }));
      ASSERT_EQ(link.in_histograms(), made.size() - flagged);
      ASSERT_GT(flagged, 0u) << "a step by " << step << " ns, " << phase / kMillisecond << " ms after a reading";
      for (const Attempt& attempt : made) {
        ASSERT_EQ(check(handed_on, attempt, stepped_at), "") << "a step by " << step << " ns, " << phase / kMillisecond << " ms after a reading";
      }
    }
  }
}

TEST(ClockSteps, OfANicsTicksNeverPassForRoundTrips) {
  step_at_every_phase<TickingNic>({2'000, -2'000, 5'000, -5'000, 60'000, -60'000}, 49'900'000);
  step_at_every_phase<TickingNic>({1 * kMillisecond, -1 * kMillisecond, 40 * kMillisecond, -40 * kMillisecond}, 24'900'000);
  step_at_every_phase<TickingNic>({kSecond_ns * 3 / 2, -kSecond_ns * 3 / 2, 7'200 * kSecond_ns, -7'200 * kSecond_ns}, 49'900'000);
}

TEST(ClockSteps, OfTheSystemsClockNeverPassForRoundTripsThatTheKernelStamped) {
  step_at_every_phase<SystemClock>({2'000, -2'000, 50'000, -50'000}, 49'900'000);
  step_at_every_phase<SystemClock>({1 * kMillisecond, -1 * kMillisecond, 40 * kMillisecond, -40 * kMillisecond}, 24'900'000);
  step_at_every_phase<SystemClock>({kSecond_ns * 3 / 2, -kSecond_ns * 3 / 2}, 49'900'000);
}

TEST(ClockSteps, OfAKernelDrivenNicNeverPassForRoundTrips) {
  step_at_every_phase<KernelsNic>({1 * kMillisecond, -1 * kMillisecond, 40 * kMillisecond, -40 * kMillisecond}, 24'900'000);
  step_at_every_phase<KernelsNic>({kSecond_ns * 3 / 2, -kSecond_ns * 3 / 2}, 49'900'000);
}

}  // namespace
}  // namespace wirewatch
