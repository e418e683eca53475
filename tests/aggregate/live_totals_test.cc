// SPDX-License-Identifier: BSD-3-Clause
// Snapshots of live workers, and what earlier data planes had counted, as one set of totals.
#include "control/aggregate/live_totals.h"

#include <gtest/gtest.h>

#include "control/aggregate/hierarchy_tree.h"
#include "control/aggregate/merge_tables.h"
#include "control/aggregate/rows.h"

namespace wirewatch {
namespace {

using P = Protocol;
constexpr ProtocolPath kTcp{P::Eth, P::Ip, P::Tcp};
constexpr ProtocolPath kUdp{P::Eth, P::Ip, P::Udp};

IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

/// A worker that saw `packets` of application `id` over `path`.
WorkerSnapshot worker_with(const ProtocolPath& path, ApplicationId id, uint64_t packets) {
  WorkerSnapshot worker(1000);
  worker.tables.make_room(10);
  const uint16_t number = worker.tables.paths.id_of(path);
  worker.tables.count_path(number, Side::Sent, {packets, packets * 100});
  worker.tables.count_application(number, id, Side::Sent, {packets, packets * 100});
  worker.tables.count_destination({address("10.0.0.1"), 443}, 6, {packets, packets * 100});
  ConversationCounts* const row = worker.tables.conversations.at(key_of(address("10.0.0.2"), {address("10.0.0.1"), 443}, 6));
  row->connections = 1;
  row->to_server = {packets, packets * 100};
  row->name(id, packets);
  worker.counters.total = {packets, packets * 100};
  worker.counters.by_status[0] = packets;
  worker.counters.first_time = Timestamp{static_cast<int64_t>(packets)};
  worker.counters.last_time = Timestamp{static_cast<int64_t>(packets) + 5};
  worker.rtt.record(1'000'000);
  worker.rtt_by_port.push_back({443, worker.rtt});
  return worker;
}

ApplicationNames three_names() {
  ApplicationNames names;
  names.names = {"unknown", "dns", "tls", "ssh"};
  names.categories = {"", "names", "web", "remote-access"};
  return names;
}

TEST(LiveTotals, GoOnAcrossDataPlanesThatNumberTheirNamesDifferently) {
  LiveTotals totals;
  totals.names = three_names();
  auto before = std::make_shared<EndedRuns>();
  const std::array<ApplicationId, 3> ids{0, 2, 1};  // it called tls 1 and dns 2
  before->add(worker_with(kUdp, 2, 7), ids);
  before->add(worker_with(kTcp, 1, 30), ids);
  totals.before = before;
  auto workers = std::make_shared<std::vector<WorkerSnapshot>>();
  workers->push_back(worker_with(kTcp, 2, 10));
  totals.snapshots = workers;

  const auto tree = build_hierarchy(totals.tables(), totals.names, "unsupported");
  ASSERT_EQ(tree.size(), 1u);
  EXPECT_EQ(tree[0].traffic.packets, 47u);
  const auto& ip = tree[0].children.at(0);
  ASSERT_EQ(ip.children.size(), 2u);
  EXPECT_EQ(ip.children[0].protocol, "tcp");
  EXPECT_EQ(ip.children[0].traffic.packets, 40u);
  EXPECT_EQ(ip.children[0].children.at(0).protocol, "tls");
  EXPECT_EQ(ip.children[1].children.at(0).protocol, "dns");
  const auto conversations = rank_conversations(totals.tables(), totals.names, 10);
  EXPECT_EQ(conversations.rows.at(0).connections, 3u);
  EXPECT_EQ(conversations.rows.at(0).application, "tls");
  EXPECT_EQ(rank_destinations(totals.tables(), 10).rows.at(0).traffic.packets, 47u);
  EXPECT_EQ(totals.rtt().count(), 3u);
  EXPECT_EQ(totals.rtt_by_port().at(443).count(), 3u);

  CaptureSection capture;
  AccountingSection accounting;
  totals.account(capture, accounting);
  EXPECT_EQ(accounting.read, 47u);
  EXPECT_EQ(accounting.understood, 47u);
  EXPECT_EQ(capture.first_timestamp, Timestamp{7});
  EXPECT_EQ(capture.last_timestamp, Timestamp{35});
}

TEST(LiveTotals, TranslateASnapshotOnlyWhenItIsNumberedOtherwise) {
  WorkerSnapshot worker = worker_with(kTcp, 1, 10);
  const std::array<ApplicationId, 4> same{0, 1, 2, 3}, swapped{0, 3, 2, 1};
  translate(worker, same);
  EXPECT_NE(worker.tables.by_application.find({1, 1}), nullptr);
  translate(worker, swapped);
  EXPECT_EQ(worker.tables.by_application.find({1, 1}), nullptr);
  ASSERT_NE(worker.tables.by_application.find({1, 3}), nullptr);
}

TEST(LiveTotals, CountRowsOfEndedDataPlanesThatFindNoRoom) {
  Tables into(5), from(1000);
  from.make_room(20);
  for (uint8_t i = 0; i < 20; ++i) {
    const std::array<uint8_t, 4> bytes{10, 0, 0, i};
    from.count_destination({IpAddress::v4(bytes.data()), 80}, 6, {1, 1});
  }
  merge_tables(into, from, {});
  EXPECT_EQ(into.destinations.size(), 5u);
  EXPECT_EQ(into.destinations.refused(), 15u);
}

TEST(FlowSums, MakeTheSameRowsAsAReplay) {
  FlowSums sums;
  sums.detected.resize(4);
  sums.detected[2] = {.flows = 2, .traffic = {10, 100}, .sent = {6, 60}, .received = {4, 40}, .strongest = Evidence::Payload};
  sums.detected[3] = {.flows = 1, .traffic = {50, 10}, .sent = {}, .received = {}, .strongest = Evidence::Learned};
  sums.guessed.resize(2);
  sums.guessed[1] = {.flows = 7, .traffic = {900, 9}, .sent = {}, .received = {}, .strongest = Evidence::Port};
  sums.unclassified = 4;
  AccountingSection accounting;
  const auto rows = application_rows(sums, three_names(), accounting);
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].name, "ssh");
  EXPECT_EQ(rows[1].name, "tls");
  EXPECT_EQ(rows[2].name, "dns") << "guesses come last";
  EXPECT_EQ(accounting.classified, 3u);
  EXPECT_EQ(accounting.guessed, 7u);
  EXPECT_EQ(accounting.unclassified, 4u);
}

}  // namespace
}  // namespace wirewatch
