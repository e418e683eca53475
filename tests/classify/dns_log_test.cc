// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/dns_log.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace wirewatch {
namespace {

IpAddress address_of(std::string_view text) { return *IpAddress::parse(text); }

DnsNames arranged(const std::vector<std::vector<DnsNote>>& logs) {
  DnsNames names;
  size_t count = 0;
  for (const auto& log : logs) count += log.size();
  names.expect(count);
  for (const auto& log : logs) {
    for (const DnsNote& note : log) names.add(note);
  }
  names.arrange();
  return names;
}

const IpAddress kAsker = address_of("10.0.0.1"), kNeighbour = address_of("10.0.0.2");
const IpAddress kGiven = address_of("192.0.2.1"), kGiven6 = address_of("2001:db8::1");

TEST(DnsNames, OfNothingAreNone) {
  EXPECT_EQ(DnsNames().name_of(kAsker, kGiven, 1, {0}), "");
  EXPECT_EQ(arranged({}).name_of(kAsker, kGiven, 1, {0}), "");
  EXPECT_TRUE(arranged({{}, {}}).empty());
}

TEST(DnsNames, GiveWhatTheClientWasToldLastBeforeTheFrameAndCouldStillGoBy) {
  const DnsNames names = arranged({{{kAsker, kGiven, 10, 1000, "old.example"},
                                    {kAsker, kGiven6, 10, 1000, "six.example"},
                                    {kAsker, kGiven, 20, 2000, "new.example"},
                                    {kNeighbour, kGiven, 30, 3000, "other.example"}}});
  struct Row {
    std::string_view description;
    IpAddress client, server;
    uint64_t frame;
    int64_t time;
    std::string_view name;
  };
  for (const Row& row : std::vector<Row>{
           {"nothing was said before", kAsker, kGiven, 10, 5, ""},
           {"the first answer", kAsker, kGiven, 11, 5, "old.example"},
           {"the first answer at its last moment", kAsker, kGiven, 20, 1000, "old.example"},
           {"the first answer has expired", kAsker, kGiven, 20, 1001, ""},
           {"the second answer", kAsker, kGiven, 21, 2000, "new.example"},
           {"another address of the same answer", kAsker, kGiven6, 99, 1000, "six.example"},
           {"another client was told something else", kNeighbour, kGiven, 99, 5, "other.example"},
           {"nobody asked for that address", kNeighbour, kGiven6, 99, 5, ""},
       }) {
    EXPECT_EQ(names.name_of(row.client, row.server, row.frame, {row.time}), row.name) << row.description;
  }
}

TEST(DnsNames, DoNotDependOnWhichWorkerNotedWhat) {
  std::mt19937 random(3);
  std::vector<std::string> kept;
  for (int i = 0; i < 2000; ++i) kept.push_back("host" + std::to_string(i));
  std::vector<DnsNote> all;
  for (uint64_t frame = 1; frame <= kept.size(); ++frame) {
    IpAddress client = kAsker, server = kGiven;
    client.bytes[3] = static_cast<uint8_t>(random() % 5);
    server.bytes[3] = static_cast<uint8_t>(random() % 20);
    all.push_back({client, server, frame, INT64_MAX, kept[frame - 1]});
  }
  std::vector<std::vector<DnsNote>> spread(3);
  for (const DnsNote& note : all) spread[random() % 3].push_back(note);
  const DnsNames one = arranged({all}), three = arranged(spread);
  for (int i = 0; i < 5000; ++i) {
    IpAddress client = kAsker, server = kGiven;
    client.bytes[3] = static_cast<uint8_t>(random() % 6);
    server.bytes[3] = static_cast<uint8_t>(random() % 21);
    const uint64_t frame = random() % 2100;
    ASSERT_EQ(one.name_of(client, server, frame, {0}), three.name_of(client, server, frame, {0}));
  }
}

}  // namespace
}  // namespace wirewatch
