// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/stats/tables.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace wirewatch {
namespace {

ProtocolPath path_number(uint32_t number) {
  ProtocolPath path{};
  path[0] = Protocol::Eth;
  for (size_t i = 1; i < 6; ++i, number /= 8) path[i] = static_cast<Protocol>(static_cast<uint32_t>(Protocol::Vlan) + number % 8);
  return path;
}

TEST(PathTable, GivesEachPathOneNumber) {
  PathTable paths;
  std::map<uint32_t, uint16_t> ids;
  std::mt19937 random(2);
  for (int step = 0; step < 20'000; ++step) {
    const auto number = static_cast<uint32_t>(random() % 2000);
    const uint16_t id = paths.id_of(path_number(number));
    const auto [known, is_new] = ids.emplace(number, id);
    ASSERT_EQ(known->second, id);
    ASSERT_TRUE(paths.is(id, path_number(number)));
    ASSERT_EQ(paths[id], path_number(number));
  }
  std::set<uint16_t> different;
  for (const auto& [number, id] : ids) different.insert(id);
  EXPECT_EQ(different.size(), ids.size());
  EXPECT_FALSE(different.contains(PathTable::kOverflow));
}

TEST(PathTable, SharesOneNumberAmongPathsItHasNoRoomFor) {
  PathTable paths;
  std::set<uint16_t> ids;
  for (uint32_t number = 0; number < 10'000; ++number) ids.insert(paths.id_of(path_number(number)));
  EXPECT_EQ(ids.size(), size_t{PathTable::kMost});
  EXPECT_TRUE(ids.contains(PathTable::kOverflow));
  EXPECT_EQ(paths.size(), PathTable::kMost);
  EXPECT_EQ(paths[PathTable::kOverflow].front(), Protocol::None);
  EXPECT_NE(paths.id_of(path_number(0)), PathTable::kOverflow) << "known ones keep theirs";
}

TEST(PathTable, KnowsTunnelsAndTransports) {
  PathTable paths;
  using P = Protocol;
  struct Row {
    std::string_view description;
    ProtocolPath path;
    bool tunneled, ends_in_transport;
  };
  const std::vector<Row> rows{
      {"TCP", {P::Eth, P::Ip, P::Tcp}, false, true},
      {"ICMP", {P::Eth, P::Ip, P::Icmp}, false, false},
      {"6in4", {P::Eth, P::Ip, P::Ipv6, P::Udp}, true, true},
      {"GRE that ends there", {P::Eth, P::Ip, P::Gre}, false, false},
      {"VXLAN holding ARP", {P::Eth, P::Ip, P::Udp, P::Vxlan, P::Eth, P::Arp}, false, false},
      {"ARP", {P::Eth, P::Arp}, false, false},
  };
  for (const Row& row : rows) {
    const uint16_t id = paths.id_of(row.path);
    EXPECT_EQ(paths.tunneled(id), row.tunneled) << row.description;
    EXPECT_EQ(paths.ends_in_transport(id), row.ends_in_transport) << row.description;
  }
}

TEST(SidedTraffic, CountsLocalTrafficInBothDirectionsOnceInTheTotal) {
  SidedTraffic traffic;
  EXPECT_FALSE(traffic.sides_known());
  traffic[Side::Unknown] += {1, 10};
  EXPECT_FALSE(traffic.sides_known());
  traffic[Side::Sent] += {2, 200};
  traffic[Side::Received] += {3, 3000};
  traffic[Side::Both] += {4, 40'000};
  EXPECT_TRUE(traffic.sides_known());
  EXPECT_EQ(traffic.total(), (Traffic{10, 43'210}));
  EXPECT_EQ(traffic.sent(), (Traffic{6, 40'200}));
  EXPECT_EQ(traffic.received(), (Traffic{7, 43'000}));
}

TEST(ConversationCounts, AreNamedAfterTheLargestFlowInWhateverOrderTheyAreAdded) {
  struct Named {
    ApplicationId application;
    uint64_t packets;
  };
  std::vector<Named> flows{{4, 10}, {2, 30}, {kUnknownApplication, 99}, {7, 30}, {9, 1}};
  std::sort(flows.begin(), flows.end(), [](const Named& a, const Named& b) { return a.application < b.application; });
  do {
    ConversationCounts whole, first, second;
    for (size_t i = 0; i < flows.size(); ++i) {
      whole.name(flows[i].application, flows[i].packets);
      (i < 2 ? first : second).name(flows[i].application, flows[i].packets);
    }
    first += second;
    ASSERT_EQ(whole.application, 2) << "of equal ones the lower";
    ASSERT_EQ(first.application, 2);
  } while (std::next_permutation(flows.begin(), flows.end(),
                                 [](const Named& a, const Named& b) { return a.application < b.application; }));
}

TEST(Tables, CountDestinationsAndEndpointsApart) {
  Tables tables(100);
  tables.make_room(10);
  const IpAddress a = *IpAddress::parse("10.0.0.1"), b = *IpAddress::parse("2001:db8::1");
  tables.count_destination({a, 80}, 6, {1, 60});
  tables.count_destination({a, 80}, 6, {1, 40});
  tables.count_destination({a, 80}, 17, {1, 5});
  tables.count_destination({a, 0}, 0, {1, 7});
  tables.count_destination({b, 80}, 6, {1, 9});
  EXPECT_EQ(tables.destinations.size(), 4u);
  const Traffic* const row = tables.destinations.find({a.bytes, 80, a.family, 6});
  ASSERT_NE(row, nullptr);
  EXPECT_EQ(*row, (Traffic{2, 100}));
  tables.count_endpoint(a, {.sent = {1, 60}, .received = {}, .opened = 1});
  tables.count_endpoint(a, {.sent = {}, .received = {2, 80}, .accepted = 3});
  const EndpointCounts* const end = tables.endpoints.find(key_of(a));
  ASSERT_NE(end, nullptr);
  EXPECT_EQ(end->sent, (Traffic{1, 60}));
  EXPECT_EQ(end->received, (Traffic{2, 80}));
  EXPECT_EQ(end->opened, 1u);
  EXPECT_EQ(end->accepted, 3u);
  EXPECT_EQ(tables.endpoints.find(key_of(b)), nullptr);
}

TEST(Tables, MakesRoomForNewRowsByForgettingSmallOnes) {
  constexpr uint64_t kMost = 1000;
  Tables tables(kMost);
  tables.make_all_room();
  const auto destination = [](uint64_t number) {
    IpAddress address = *IpAddress::parse("2001:db8::");
    for (size_t i = 0; i < 8; ++i) address.bytes[8 + i] = static_cast<uint8_t>(number >> (8 * i));
    return Endpoint{address, 443};
  };
  for (uint64_t i = 0; i < 100; ++i) tables.count_destination(destination(i), 6, {1000, 60'000});  // the busy ones
  for (uint64_t i = 100; i < 50'000; ++i) {
    tables.count_destination(destination(i), 6, {1 + i % 3, 60});
    tables.prune(64);
  }
  EXPECT_LE(tables.destinations.size(), kMost);
  for (uint64_t i = 0; i < 100; ++i) {
    const Traffic* const row = tables.destinations.find(key_of(destination(i), 6));
    ASSERT_NE(row, nullptr) << "a busy destination was forgotten";
    EXPECT_EQ(row->packets, 1000u);
  }
  EXPECT_NE(tables.destinations.find(key_of(destination(49'999), 6)), nullptr) << "no room for a new one";
  EXPECT_EQ(tables.destinations.refused() + tables.destinations.size(), 50'000u);
}

}  // namespace
}  // namespace wirewatch
