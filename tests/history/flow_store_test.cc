// SPDX-License-Identifier: BSD-3-Clause
#include "control/history/flow_store.h"

#include <gtest/gtest.h>

#include "control/history/alert_log.h"
#include "tests/history/made_up.h"

namespace wirewatch {
namespace {

ApplicationNames some_names() {
  ApplicationNames names;
  names.names = {"unknown", "tls", "bittorrent"};
  names.categories = {"", "web", "p2p"};
  return names;
}

std::vector<KnownFlow> recent(const FlowStore& store) {
  std::vector<KnownFlow> flows;
  store.for_each_recent([&](const KnownFlow& flow) {
    flows.push_back(flow);
    return true;
  });
  return flows;
}

TEST(FlowStore, PutsAFlowTogetherFromItsRecords) {
  FlowStore store(10);
  store.observe(flow_event(1, 2, 2), kUnknownApplication);
  store.observe(flow_event(1, 3, 5, Evidence::Payload), 1);
  store.observe(ended(flow_event(1, 1, 6, Evidence::Payload)), 1);
  const auto flows = recent(store);
  ASSERT_EQ(flows.size(), 1u);
  EXPECT_EQ(flows[0].record.total().packets, 12u);
  EXPECT_FALSE(flows[0].active);
  EXPECT_EQ(store.sums().flows, 1u);
  ASSERT_EQ(store.sums().detected.size(), 2u);
  EXPECT_EQ(store.sums().detected[1].flows, 1u);
  EXPECT_EQ(store.sums().detected[1].traffic.packets, 12u) << "what came before the name counts as well";
  EXPECT_EQ(store.sums().unclassified, 0u);
}

TEST(FlowStore, MovesAFlowsSumsWithItsName) {
  FlowStore store(10);
  store.observe(flow_event(1, 4, 4, Evidence::Port), 1);
  EXPECT_EQ(store.sums().guessed[1].traffic.packets, 8u);
  store.observe(flow_event(1, 1, 5, Evidence::Payload), 2);
  EXPECT_EQ(store.sums().guessed[1].flows, 0u);
  EXPECT_EQ(store.sums().guessed[1].traffic.packets, 0u);
  EXPECT_EQ(store.sums().detected[2].traffic.packets, 10u);
  EXPECT_EQ(store.sums().detected[2].strongest, Evidence::Payload);
}

TEST(FlowStore, CountsOnlyTheNewsOfAFlowWhoseBeginningItMissed) {
  FlowStore store(10);
  store.observe(flow_event(1, 2, 100, Evidence::Payload), 1);
  EXPECT_EQ(store.sums().flows, 0u) << "an earlier daemon counted it";
  EXPECT_EQ(store.sums().detected[1].flows, 0u);
  EXPECT_EQ(store.sums().detected[1].traffic.packets, 4u);
  EXPECT_EQ(recent(store)[0].record.total().packets, 200u);
}

TEST(FlowStore, LeavesAloneWhatAnEarlierDaemonCountedAFlowAs) {
  FlowStore store(10);
  FlowEvent news = flow_event(1, 1, 9);
  news.record.has_payload = false;
  store.observe(news, kUnknownApplication);
  store.observe(flow_event(1, 1, 10), kUnknownApplication);
  EXPECT_EQ(store.sums().without_payload, 0u);
  EXPECT_EQ(store.sums().unclassified, 0u);
}

TEST(FlowStore, ForgetsEndedFlowsBeforeActiveOnesAndCountsTheActive) {
  FlowStore store(3);
  store.observe(ended(flow_event(1, 1, 1)), 0);
  store.observe(flow_event(2, 1, 1), 0);
  store.observe(flow_event(3, 1, 1), 0);
  store.observe(flow_event(4, 1, 1), 0);
  EXPECT_EQ(store.size(), 3u);
  EXPECT_EQ(store.forgotten(), 0u);
  store.observe(flow_event(2, 1, 2), 0);
  store.observe(flow_event(5, 1, 1), 0);
  EXPECT_EQ(store.forgotten(), 1u);
  std::vector<uint16_t> ports;
  for (const KnownFlow& flow : recent(store)) ports.push_back(flow.record.client.port);
  EXPECT_EQ(ports, (std::vector<uint16_t>{5, 2, 4})) << "3 was silent longest";
  EXPECT_EQ(store.sums().flows, 5u) << "sums do not forget";
}

TEST(FlowStore, TakesASlotThatIsUsedAgainForAnotherFlow) {
  FlowStore store(10);
  store.observe(ended(flow_event(1, 1, 1)), 0);
  FlowEvent again = flow_event(1, 1, 1);
  again.progress.id.incarnation = 1;
  store.observe(again, 0);
  EXPECT_EQ(store.sums().flows, 2u);
  EXPECT_EQ(store.size(), 2u);
}

TEST(FlowStore, HasNoActiveFlowsOnceTheDataPlaneIsGone) {
  FlowStore store(10);
  store.observe(flow_event(1, 1, 1), 0);
  store.end_all();
  EXPECT_FALSE(recent(store)[0].active);
  store.observe(flow_event(1, 1, 1), 0);
  EXPECT_EQ(store.sums().flows, 2u) << "ids of another data plane are other flows";
}

TEST(AlertLog, RaisesOneAlertAFlowAndKeepsItUpToDate) {
  FlowStore store(10);
  AlertLog log({"p2p"}, 10);
  const auto names = some_names();
  EXPECT_FALSE(log.observe(store.observe(flow_event(1, 1, 1, Evidence::Payload), 1), names, Timestamp{5}));
  EXPECT_TRUE(log.observe(store.observe(flow_event(2, 1, 1, Evidence::Payload), 2), names, Timestamp{6}));
  EXPECT_FALSE(log.observe(store.observe(ended(flow_event(2, 9, 10, Evidence::Payload)), 2), names, Timestamp{7}));
  ASSERT_EQ(log.alerts().size(), 1u);
  EXPECT_EQ(log.alerts()[0].raised, Timestamp{6});
  EXPECT_EQ(log.alerts()[0].flow.total().packets, 20u);
}

TEST(AlertLog, NeverActsOnAGuessFromThePort) {
  FlowStore store(10);
  AlertLog log({"bittorrent"}, 10);
  EXPECT_FALSE(log.observe(store.observe(flow_event(1, 1, 1, Evidence::Port), 2), some_names(), Timestamp{}));
  EXPECT_TRUE(log.observe(store.observe(flow_event(1, 1, 2, Evidence::Learned), 2), some_names(), Timestamp{}));
}

TEST(AlertLog, GivesUpTheOldestAndCountsIt) {
  FlowStore store(100);
  AlertLog log({"tls"}, 3);
  for (uint32_t i = 0; i < 50; ++i) log.observe(store.observe(flow_event(i, 1, 1, Evidence::Payload), 1), some_names(), Timestamp{i});
  EXPECT_EQ(log.alerts().size(), 3u);
  EXPECT_EQ(log.raised(), 50u);
  EXPECT_EQ(log.forgotten(), 47u);
  log.observe(store.observe(ended(flow_event(0, 1, 2, Evidence::Payload)), 1), some_names(), Timestamp{99});
  EXPECT_EQ(log.alerts().front().flow.client.port, 47u);
}

TEST(AlertLog, GoesOnWithAlertsWhoseFlowsAreStillOpenWithoutRaisingThemAgain) {
  AlertLog before({"bittorrent"}, 10), log({"bittorrent"}, 10);
  {
    FlowStore store(10);
    for (uint32_t i = 1; i <= 3; ++i) before.observe(store.observe(flow_event(i, 1, 1, Evidence::Payload), 2), some_names(), Timestamp{i});
  }
  log.go_on_from({before.alerts().begin(), before.alerts().end()}, 7);
  EXPECT_EQ(log.raised(), 7u);
  EXPECT_EQ(log.forgotten(), 4u);
  FlowStore store(10);
  EXPECT_FALSE(log.observe(store.observe(flow_event(2, 5, 20, Evidence::Payload), 2), some_names(), Timestamp{50}));
  EXPECT_EQ(log.alerts()[1].flow.total().packets, 40u);
  EXPECT_EQ(log.alerts()[1].raised, Timestamp{2});
  EXPECT_FALSE(log.observe(store.observe(ended(flow_event(2, 1, 21, Evidence::Payload)), 2), some_names(), Timestamp{51}));
  EXPECT_EQ(log.alerts()[1].flow.total().packets, 42u);
  FlowEvent later = flow_event(2, 1, 1, Evidence::Payload);  // the same ends, another connection
  later.record.first_time = Timestamp{60};
  EXPECT_TRUE(log.observe(store.observe(later, 2), some_names(), Timestamp{61}));
  EXPECT_EQ(log.raised(), 8u);
  EXPECT_EQ(log.alerts().size(), 4u);
}

TEST(AlertLog, TakesUpNoMoreThanItHolds) {
  AlertLog before({"tls"}, 50), log({"tls"}, 3);
  FlowStore store(100);
  for (uint32_t i = 0; i < 50; ++i) before.observe(store.observe(flow_event(i, 1, 1, Evidence::Payload), 1), some_names(), Timestamp{i});
  log.go_on_from({before.alerts().begin(), before.alerts().end()}, 50);
  EXPECT_EQ(log.alerts().size(), 3u);
  EXPECT_EQ(log.alerts().front().flow.client.port, 47u);
  EXPECT_EQ(log.forgotten(), 47u);
}

TEST(AlertLog, NamesWhatThePolicyMisspelled) {
  EXPECT_EQ(AlertLog({"p2p", "bitorrent"}, 3).unknown_names(some_names()), std::vector<std::string>{"bitorrent"});
}

}  // namespace
}  // namespace wirewatch
