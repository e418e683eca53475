// SPDX-License-Identifier: BSD-3-Clause
// Rules change between two bursts: names that were found stay, names under way are found by whichever rules know them,
// and numbers never mean another name.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "dataplane/base/timestamp.h"
#include "tests/pipeline/live_run.h"

namespace wirewatch::testing {
namespace {

/// The small rules behind others, so that every number is another one.
std::shared_ptr<const RuleSet> renumbered_rules() {
  static const auto rules = rules_of(R"(
schema = 1
[[protocol]]
name = "aardvark"
category = "test"
  [[protocol.sig]]
  id = "aardvark.first"
  l4 = "tcp"
  dir = "any"
  regex = '^aardvark'
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
[[protocol]]
name = "asking"
category = "test"
udp_ports = [53]
  [[protocol.sig]]
  id = "asking.aaa"
  l4 = "udp"
  dir = "any"
  regex = '^aaa'
  strength = "strong"
  [[protocol.sig]]
  id = "asking.query"
  l4 = "udp"
  dir = "any"
  regex = '^query'
  strength = "strong"
)");
  return rules;
}

/// One weak signature a direction: named only once both sides have spoken.
std::shared_ptr<const RuleSet> weak_rules(bool renumbered, std::string_view reply) {
  const std::string before = renumbered ? R"(
[[protocol]]
name = "aardvark"
category = "test"
  [[protocol.sig]]
  id = "aardvark.first"
  l4 = "tcp"
  dir = "any"
  regex = '^aardvark'
  strength = "strong"
)" : "";
  return rules_of("schema = 1\n" + before + fmt::format(R"(
[[protocol]]
name = "talk"
category = "test"
  [[protocol.sig]]
  id = "talk.ask"
  l4 = "tcp"
  dir = "any"
  regex = '^ask '
  strength = "weak"
  confirm = "both-directions"
  [[protocol.sig]]
  id = "{}"
  l4 = "tcp"
  dir = "any"
  regex = '^tell '
  strength = "weak"
  confirm = "both-directions"
)", reply));
}

SentFrame from_client(std::string_view text, int64_t at, uint32_t sequence = 1) {
  return sent(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 9999).ack().seq(sequence).payload(text), at);
}
SentFrame from_server(std::string_view text, int64_t at, uint32_t sequence = 1) {
  return sent(eth().ipv4("10.0.0.2", "10.0.0.1").tcp(9999, 40000).ack().seq(sequence).payload(text), at);
}

class Adopting : public ::testing::Test {
 protected:
  void swap(LiveRun& live, const std::shared_ptr<const RuleSet>& rules) {
    live.worker.rules().offer(live.prepared(rules));
    live.worker.maintain(Timestamp{kSecond_ns}, false);
    live.worker.rules().collect();
    EXPECT_TRUE(live.worker.rules().settled());
  }
  std::string name_of_only_flow(LiveRun& live) {
    live.worker.finish();
    live.drain();
    if (live.flows.size() != 1) return fmt::format("{} flows", live.flows.size());
    const FlowRecord& flow = live.flows[0].record;
    return fmt::format("{} by {} ({})", live.state.application_name(flow.application), to_string(flow.evidence),
                       live.state.signature_id(flow.signature));
  }
};

TEST_F(Adopting, LeavesNamedFlowsTheirName) {
  for (const auto& next : {renumbered_rules(), RuleSet::none()}) {
    LiveRun live;
    live.feed(from_client("hello there, you", kSecond_ns));
    live.feed(from_server("whatever", kSecond_ns));
    swap(live, next);
    live.feed(from_client("aardvark", kSecond_ns, 20));
    EXPECT_EQ(name_of_only_flow(live), "greeting by payload (greeting.hello)");
    EXPECT_EQ(live.worker.worker().live_counters().rules_generation, 1u);
  }
}

TEST_F(Adopting, NamesFlowsByTheNewRulesWithTheOldNumbers) {
  LiveRun live;
  const ApplicationId greeting = live.registry.find_application("greeting");
  swap(live, renumbered_rules());
  live.feed(from_client("hello there, you", kSecond_ns));
  EXPECT_EQ(live.registry.find_application("greeting"), greeting);
  EXPECT_NE(renumbered_rules()->find_application("greeting"), small_rules()->find_application("greeting")) << "the test proves nothing";
  EXPECT_EQ(name_of_only_flow(live), "greeting by payload (greeting.hello)");
}

TEST_F(Adopting, GoesOnWithTheFirstBytesOfASplitMessage) {
  LiveRun live;
  live.feed(from_client("hel", kSecond_ns));
  swap(live, renumbered_rules());
  live.feed(from_client("lo there, how are you", kSecond_ns, 4));
  EXPECT_EQ(name_of_only_flow(live), "greeting by payload (greeting.hello)");
}

TEST_F(Adopting, KeepsAWeakMatchThatTheNewRulesKnowToo) {
  LiveRun live(live_options(), weak_rules(false, "talk.tell"));
  live.feed(from_client("ask something of him", kSecond_ns));
  swap(live, weak_rules(true, "talk.tell"));
  live.feed(from_server("tell something to her", kSecond_ns));
  EXPECT_EQ(name_of_only_flow(live), "talk by confirmed (talk.tell)");
}

TEST_F(Adopting, ForgetsAWeakMatchThatTheNewRulesDoNotKnow) {
  LiveRun live(live_options(), weak_rules(false, "talk.tell"));
  live.feed(from_server("tell something to her", kSecond_ns));
  swap(live, renumbered_rules());
  live.feed(from_client("ask something of him", kSecond_ns));
  EXPECT_EQ(name_of_only_flow(live), "unknown by none ()");
}

TEST_F(Adopting, StandsMoreSwapsThanItRemembersNumbersOf) {
  LiveRun live(live_options(), weak_rules(false, "talk.tell"));
  live.feed(from_client("ask something of him", kSecond_ns));
  for (int i = 0; i < 40; ++i) swap(live, weak_rules(i % 2 == 0, "talk.tell"));
  live.feed(from_server("tell something to her", kSecond_ns));
  EXPECT_EQ(name_of_only_flow(live), "unknown by none ()") << "forgotten, and not mistaken for another";
}

TEST_F(Adopting, CountsScansOfAllItsRules) {
  LiveRun live;
  live.feed(from_client("hello there, you", kSecond_ns));
  const uint64_t before = live.worker.worker().classify_counters().scans;
  EXPECT_GT(before, 0u);
  swap(live, renumbered_rules());
  EXPECT_EQ(live.worker.worker().classify_counters().scans, before);
}

TEST_F(Adopting, TakesOneOfferAtATimeAndLosesNone) {
  Mailbox<int> mailbox;
  mailbox.offer(std::make_unique<int>(1));
  mailbox.offer(std::make_unique<int>(2));
  auto taken = mailbox.take();
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, 2) << "the newest";
  mailbox.give_back(std::move(taken));
  mailbox.offer(std::make_unique<int>(3));
  EXPECT_FALSE(mailbox.take()) << "what came back was not collected yet";
  EXPECT_FALSE(mailbox.settled());
  mailbox.collect();
  ASSERT_TRUE(mailbox.take());
  EXPECT_TRUE(mailbox.settled());
}

}  // namespace
}  // namespace wirewatch::testing
