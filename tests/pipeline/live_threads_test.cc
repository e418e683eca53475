// SPDX-License-Identifier: BSD-3-Clause
// A worker under load while control reads what it publishes and the main thread swaps its rules and drop list: the
// arrangement of the live data plane, for ThreadSanitizer to look at.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "dataplane/base/timestamp.h"
#include "dataplane/pipeline/run_live.h"
#include "tests/pipeline/live_run.h"

namespace wirewatch::testing {
namespace {

std::shared_ptr<const RuleSet> other_rules() {
  return rules_of(R"(
schema = 1
[[protocol]]
name = "aardvark"
category = "test"
  [[protocol.sig]]
  id = "aardvark.first"
  l4 = "any"
  dir = "any"
  regex = '^aardvark'
  strength = "strong"
[[protocol]]
name = "asking"
category = "test"
udp_ports = [53]
  [[protocol.sig]]
  id = "asking.query"
  l4 = "udp"
  dir = "any"
  regex = '^query'
  strength = "strong"
[[protocol]]
name = "greeting"
category = "test"
  [[protocol.sig]]
  id = "greeting.hello"
  l4 = "tcp"
  dir = "any"
  regex = '^hello'
  strength = "strong"
)");
}

/// Connections without end, each a millisecond after the one before, their message split in two.
class EndlessSource {
 public:
  static constexpr bool kParses = false;

  explicit EndlessSource(uint64_t rounds) : rounds_(rounds) {
    const auto client = eth().ipv4("10.0.0.1", "10.0.0.2");
    frames_ = {eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 9999).syn().seq(1).bytes(),
               eth().ipv4("10.0.0.2", "10.0.0.1").tcp(9999, 40000).syn_ack().seq(5).ack_number(2).bytes(),
               eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 9999).ack().seq(2).ack_number(6).payload("hel").bytes(),
               eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 9999).ack().seq(5).ack_number(6).payload("lo there, how are you").bytes(),
               eth().ipv4("10.0.0.2", "10.0.0.1").tcp(9999, 40000).rst().seq(6).bytes()};
  }

  Poll poll(Burst& burst) {
    if (round_ == rounds_) return Poll::End;
    if (++polls_ % 7 == 0) return Poll::Idle;
    packets_.clear();
    // Eleven connections at once, one step a poll, so that swaps come between the halves of messages.
    for (uint16_t i = 0; i < kAtOnce; ++i) {
      Bytes& bytes = copies_[i] = frames_[step_];
      const auto port = static_cast<uint16_t>(20000 + (round_ * kAtOnce + i) % 30000);
      const size_t at = step_ == 1 || step_ == 4 ? 36 : 34;
      bytes[at] = static_cast<uint8_t>(port >> 8);
      bytes[at + 1] = static_cast<uint8_t>(port);
      packets_.push_back(packet_over(bytes, 1, now_, 0));
    }
    sent_ += {packets_.size(), packets_.size() * frames_[step_].size()};
    now_.ns += 3 * kMillisecond;
    if (++step_ == frames_.size()) step_ = 0, ++round_;
    burst.packets = packets_;
    burst.count = packets_.size();
    return Poll::Packets;
  }
  void recycle(Burst& burst) noexcept { burst.count = 0; }
  Timestamp now() const noexcept { return now_; }
  TimestampProperties timestamps() const noexcept { return {}; }
  size_t read_losses(std::span<LossCounter>) const noexcept { return 0; }

  const Traffic& sent() const noexcept { return sent_; }

 private:
  static constexpr size_t kAtOnce = 11;
  std::vector<Bytes> frames_;
  std::array<Bytes, kAtOnce> copies_;
  std::vector<Packet> packets_;
  uint64_t rounds_;
  uint64_t round_ = 0;
  uint64_t polls_ = 0;
  size_t step_ = 0;
  Timestamp now_{1'700'000'000 * kSecond_ns};
  Traffic sent_;
};

TEST(LiveThreads, NamesEveryFlowRightWhileRulesAreSwappedAndControlReads) {
  constexpr uint64_t kRounds = 600;
  SharedLimits limits = small_limits();
  limits.workers = 2;
  auto region = SharedRegion::create(limits, 1, 1);
  ASSERT_TRUE(region);
  Registry registry(*region);
  const std::shared_ptr<const RuleSet> sets[] = {small_rules(), other_rules()};
  const std::shared_ptr<const RuleIds> ids[] = {number(*sets[0], registry), number(*sets[1], registry)};
  WorkerOptions options = live_options(20 * kMillisecond);
  options.preallocate = true;
  options.max_name_bytes = 1;
  std::vector<std::unique_ptr<LiveWorker>> workers;
  std::vector<std::unique_ptr<EndlessSource>> sources;
  for (unsigned i = 0; i < limits.workers; ++i) {
    workers.push_back(std::make_unique<LiveWorker>(options, std::make_unique<PreparedRules>(sets[0], ids[0]), *region, i));
    sources.push_back(std::make_unique<EndlessSource>(kRounds));
  }
  const std::atomic<bool> never{false};
  std::atomic<unsigned> running{limits.workers};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < limits.workers; ++i) {
    threads.emplace_back([&, i] {
      NoHooks hooks;
      run_live(*sources[i], *workers[i], hooks, never);
      workers[i]->finish();
      running.fetch_sub(1);
    });
  }
  std::map<std::string, uint64_t> named;
  uint64_t snapshots = 0, events = 0, dropped = 0;
  std::thread control([&] {
    const auto state = SharedState::map(region->fd());
    ASSERT_TRUE(state);
    std::vector<EventReader> readers;
    for (unsigned i = 0; i < limits.workers; ++i) readers.push_back(state->events(i));
    const auto drain = [&] {
      for (EventReader& reader : readers) {
        while (const auto event = reader.pop()) {
          ++events;
          const auto* flow = std::get_if<FlowEvent>(&*event);
          if (flow == nullptr || flow->record.evidence == Evidence::None) continue;
          ++named[state->application_name(flow->record.application) + " " + state->signature_id(flow->record.signature)];
        }
      }
    };
    std::array<uint64_t, 2> last{};
    while (running.load() > 0) {
      drain();
      for (unsigned i = 0; i < limits.workers; ++i) {
        const auto snapshot = state->read_worker(i);
        if (!snapshot) continue;
        ++snapshots;
        ASSERT_GE(snapshot->counters.total.packets, last[i]) << "counts went back";
        last[i] = snapshot->counters.total.packets;
        Traffic sum = in_paths(snapshot->tables);
        sum += snapshot->live.not_yet_folded;
        ASSERT_EQ(sum, snapshot->counters.total) << "parts of two snapshots";
      }
    }
    drain();
    for (const EventReader& reader : readers) dropped += reader.dropped();
  });
  uint64_t swaps = 0;
  for (uint64_t i = 0; running.load() > 0; ++i) {
    for (auto& worker : workers) {
      worker->rules().collect();
      worker->drop_list().collect();
      if (!worker->rules().settled()) continue;
      worker->rules().offer(std::make_unique<PreparedRules>(sets[i % 2], ids[i % 2]));
      worker->drop_list().offer(std::make_unique<DropList>(DropRules{.networks = {{IpPrefix{{{10}, IpFamily::V4}, 8}}}}));
      ++swaps;
    }
    std::this_thread::yield();
  }
  for (auto& thread : threads) thread.join();
  control.join();
  const auto state = SharedState::map(region->fd());
  for (unsigned i = 0; i < limits.workers; ++i) {
    const auto snapshot = state->read_worker(i);
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(snapshot->counters.total, sources[i]->sent());
    EXPECT_EQ(snapshot->live.not_yet_folded, Traffic{});
    EXPECT_EQ(snapshot->live.flows_begun, kRounds * 11);
    EXPECT_EQ(snapshot->rtt.count(), kRounds * 11);
    Traffic greetings;
    snapshot->tables.by_application.for_each([&](const PathApplication& key, const SidedTraffic& traffic) {
      EXPECT_EQ(state->application_name(key.application), "greeting") << "payload without its name, or with another";
      greetings += traffic.total();
    });
    EXPECT_EQ(greetings.packets, kRounds * 11 * 2);
  }
  ASSERT_EQ(named.size(), 1u);
  EXPECT_EQ(named.begin()->first, "greeting greeting.hello");
  EXPECT_GT(swaps, 2u);
  EXPECT_GT(snapshots, 0u);
  EXPECT_GT(events, 0u);
}

}  // namespace
}  // namespace wirewatch::testing
