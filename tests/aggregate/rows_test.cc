// SPDX-License-Identifier: BSD-3-Clause
// The tables of several workers, added up and ranked.
#include "control/aggregate/rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "control/aggregate/hierarchy_tree.h"
#include "control/aggregate/merge_tables.h"
#include "control/aggregate/sort_by_number.h"
#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {
namespace {

using P = Protocol;

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

class Rows : public ::testing::Test {
 protected:
  void SetUp() override {
    for (Tables& each : tables_) each.make_room(50);
  }
  std::array<const Tables*, 2> both() const { return {&tables_[0], &tables_[1]}; }

  std::array<Tables, 2> tables_{Tables(1000), Tables(1000)};
};

TEST_F(Rows, AddDestinationsOfAllWorkersUp) {
  tables_[0].count_destination({address("10.0.0.1"), 80}, 6, {2, 200});
  tables_[1].count_destination({address("10.0.0.1"), 80}, 6, {3, 300});
  tables_[1].count_destination({address("10.0.0.1"), 80}, 17, {1, 10});
  tables_[0].count_destination({address("10.0.0.1"), 0}, 0, {4, 40});
  tables_[0].count_destination({address("2001:db8::1"), 53}, 17, {20, 100});
  const auto ranked = rank_destinations(both(), SIZE_MAX);
  EXPECT_EQ(ranked.all, 2u);
  ASSERT_EQ(ranked.rows.size(), 2u);
  EXPECT_EQ(ranked.rows[0].address, address("2001:db8::1"));
  EXPECT_EQ(ranked.rows[1].traffic, (Traffic{10, 550})) << "with what has no port";
  ASSERT_EQ(ranked.rows[1].ports.size(), 2u);
  EXPECT_EQ(ranked.rows[1].ports[0].ip_protocol, 6);
  EXPECT_EQ(ranked.rows[1].ports[0].traffic, (Traffic{5, 500}));
  EXPECT_EQ(ranked.rows[1].ports[1].traffic, (Traffic{1, 10}));
}

TEST_F(Rows, PutEqualOnesInTheOrderOfTheirAddresses) {
  for (const std::string_view text : {"10.0.0.9", "10.0.0.1", "2001:db8::1", "10.0.0.5"}) {
    tables_[0].count_destination({address(text), 0}, 0, {1, 60});
  }
  tables_[1].count_destination({address("10.0.0.7"), 0}, 0, {1, 61});
  for (const size_t most : {size_t{5}, size_t{3}, size_t{1}, size_t{0}}) {
    SCOPED_TRACE(most);
    const auto ranked = rank_destinations(both(), most);
    EXPECT_EQ(ranked.all, 5u);
    std::vector<std::string> order;
    for (const Destination& row : ranked.rows) order.push_back(row.address.to_string());
    std::vector<std::string> wanted{"10.0.0.7", "10.0.0.1", "10.0.0.5", "10.0.0.9", "2001:db8::1"};
    wanted.resize(most);
    EXPECT_EQ(order, wanted);
  }
}

TEST_F(Rows, RankEndpointsByWhatTheySentAndReceived) {
  tables_[0].count_endpoint(address("10.0.0.1"), {.sent = {1, 10}, .received = {1, 20}, .opened = 1});
  tables_[1].count_endpoint(address("10.0.0.1"), {.sent = {2, 30}, .received = {0, 0}, .opened = 2});
  tables_[1].count_endpoint(address("10.0.0.2"), {.sent = {5, 500}, .received = {}, .accepted = 3});
  const auto ranked = rank_endpoints(both(), SIZE_MAX);
  ASSERT_EQ(ranked.rows.size(), 2u);
  EXPECT_EQ(ranked.rows[0].address, address("10.0.0.2"));
  EXPECT_EQ(ranked.rows[0].connections_accepted, 3u);
  EXPECT_EQ(ranked.rows[1].sent, (Traffic{3, 40}));
  EXPECT_EQ(ranked.rows[1].received, (Traffic{1, 20}));
  EXPECT_EQ(ranked.rows[1].connections_opened, 3u);
}

TEST_F(Rows, NameConversationsAfterTheLargestFlowOfAnyWorker) {
  const auto rules = small_rules();
  const ApplicationId asking = rules->find_application("asking"), greeting = rules->find_application("greeting");
  const ConversationKey key{address("10.0.0.1").bytes, address("10.0.0.2").bytes, 443, IpFamily::V4, 6};
  ConversationCounts* const here = tables_[0].conversations.at(key);
  ConversationCounts* const there = tables_[1].conversations.at(key);
  *here += {.connections = 1, .to_server = {3, 30}, .to_client = {2, 20}};
  here->name(asking, 5);
  *there += {.connections = 2, .to_server = {6, 60}, .to_client = {5, 50}};
  there->name(greeting, 9);
  const auto ranked = rank_conversations(both(), *rules, SIZE_MAX);
  ASSERT_EQ(ranked.rows.size(), 1u);
  EXPECT_EQ(ranked.rows[0].connections, 3u);
  EXPECT_EQ(ranked.rows[0].to_server, (Traffic{9, 90}));
  EXPECT_EQ(ranked.rows[0].to_client, (Traffic{7, 70}));
  EXPECT_EQ(ranked.rows[0].application, "greeting");
}

TEST_F(Rows, OfNoWorkerAreNone) {
  EXPECT_EQ(rank_destinations({}, 10).all, 0u);
  EXPECT_EQ(rank_endpoints({}, 10).all, 0u);
  EXPECT_TRUE(rank_conversations({}, *small_rules(), 10).rows.empty());
  EXPECT_EQ(rank_endpoints(both(), 10).all, 0u) << "of workers that saw nothing";
}

TEST_F(Rows, AreTheSameWhenTheTablesWereBroughtTogetherBefore) {
  tables_[0].count_endpoint(address("10.0.0.1"), {.sent = {1, 10}, .received = {1, 20}});
  for (const std::string_view text : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
    tables_[1].count_endpoint(address(text), {.sent = {2, 30}, .received = {}});
  }
  const auto before = rank_endpoints(both(), SIZE_MAX);
  const std::array<Tables*, 2> own{&tables_[0], &tables_[1]};
  bring_together(own, &Tables::endpoints);
  EXPECT_EQ(tables_[0].endpoints.size(), 0u);
  EXPECT_EQ(tables_[1].endpoints.size(), 3u);
  const auto after = rank_endpoints(both(), SIZE_MAX);
  EXPECT_EQ(after.all, before.all);
  ASSERT_EQ(after.rows.size(), before.rows.size());
  for (size_t i = 0; i < after.rows.size(); ++i) {
    EXPECT_EQ(after.rows[i].address, before.rows[i].address);
    EXPECT_EQ(after.rows[i].sent, before.rows[i].sent);
  }
}

TEST_F(Rows, FoldPathsOfAllWorkersIntoOneTree) {
  // The same path has another number in each worker.
  const ProtocolPath tcp{P::Eth, P::Ip, P::Tcp}, udp{P::Eth, P::Ip, P::Udp};
  tables_[0].count_path(tables_[0].paths.id_of(tcp), Side::Sent, {2, 200});
  tables_[1].count_path(tables_[1].paths.id_of(udp), Side::Unknown, {1, 10});
  tables_[1].count_path(tables_[1].paths.id_of(tcp), Side::Received, {3, 300});
  const auto rules = small_rules();
  const ApplicationId greeting = rules->find_application("greeting");
  tables_[1].count_application(tables_[1].paths.id_of(tcp), greeting, Side::Received, {2, 250});
  tables_[1].count_application(tables_[1].paths.id_of(udp), kUnknownApplication, Side::Unknown, {1, 10});
  const auto tree = build_hierarchy(both(), *rules, "unsupported");
  ASSERT_EQ(tree.size(), 1u);
  EXPECT_EQ(tree[0].protocol, "eth");
  EXPECT_EQ(tree[0].traffic, (Traffic{6, 510}));
  EXPECT_EQ(tree[0].sent, (Traffic{2, 200}));
  EXPECT_EQ(tree[0].received, (Traffic{3, 300}));
  ASSERT_EQ(tree[0].children.size(), 1u);
  const auto& transports = tree[0].children[0].children;
  ASSERT_EQ(transports.size(), 2u);
  EXPECT_EQ(transports[0].protocol, "tcp");
  EXPECT_EQ(transports[0].traffic, (Traffic{5, 500}));
  ASSERT_EQ(transports[0].children.size(), 1u);
  EXPECT_EQ(transports[0].children[0].protocol, "greeting");
  EXPECT_EQ(transports[0].children[0].traffic, (Traffic{2, 250}));
  EXPECT_FALSE(transports[1].sent) << "unknown is absent, not 0";
  EXPECT_EQ(transports[1].children[0].protocol, "data");
}

TEST_F(Rows, ShowPathsThatHadNoNumberLeft) {
  tables_[0].count_path(PathTable::kOverflow, Side::Unknown, {7, 70});
  tables_[0].count_path(tables_[0].paths.id_of({P::Unsupported}), Side::Unknown, {1, 5});
  const auto tree = build_hierarchy(both(), *small_rules(), "bluetooth_hci_h4");
  ASSERT_EQ(tree.size(), 2u);
  EXPECT_EQ(tree[0].protocol, "too_many_paths");
  EXPECT_EQ(tree[0].traffic, (Traffic{7, 70}));
  EXPECT_EQ(tree[1].protocol, "bluetooth_hci_h4");
}

TEST(SortByNumber, GivesTheOrderThatComparingGives) {
  struct Row {
    Traffic traffic;
    uint32_t name = 0;
    bool operator==(const Row&) const = default;
  };
  const auto before = [](const Row& a, const Row& b) { return a.traffic != b.traffic ? a.traffic > b.traffic : a.name < b.name; };
  std::mt19937_64 random(3);
  for (const unsigned bits : {0u, 3u, 12u, 21u, 22u, 40u, 63u}) {  // few and many equal ones, and beyond what a number holds
    std::vector<Row> rows;
    for (uint32_t name = 0; name < 3000; ++name) {
      const auto some = [&] { return random() >> (63 - random() % (bits + 1)) >> 1; };
      rows.push_back({{some(), some()}, static_cast<uint32_t>(random() % 4000)});
    }
    auto compared = rows;
    std::sort(compared.begin(), compared.end(), before);
    sort_by_number(rows, [](const Row& row) { return most_first(row.traffic); }, before);
    EXPECT_TRUE(rows == compared) << bits << " bits";
  }
}

}  // namespace
}  // namespace wirewatch::testing
