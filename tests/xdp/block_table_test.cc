// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/xdp/block_table.h"

#include <gtest/gtest.h>

#include "dataplane/xdp/layout.h"

namespace wirewatch::testing {
namespace {

IpPrefix prefix(const char* text) { return *IpPrefix::parse(text); }
IpAddress address(const char* text) { return *IpAddress::parse(text); }

BlockedFlow flow(const char* source, const char* destination, uint16_t source_port = 1, uint16_t destination_port = 2,
                 uint8_t ip_protocol = 6) {
  return {{address(source), source_port}, {address(destination), destination_port}, ip_protocol};
}

constexpr Timestamp kNow{1'000'000'000'000};
constexpr Timestamp in_seconds(int64_t seconds) { return {kNow.ns + seconds * 1'000'000'000}; }

TEST(BlockTable, BlocksEitherDirectionOfWhatIsInAPrefix) {
  BlockTable table;
  ASSERT_TRUE(table.block(prefix("10.1.0.0/16")));
  ASSERT_TRUE(table.block(prefix("2001:db8::/33")));
  EXPECT_TRUE(table.blocks(flow("10.1.2.3", "192.0.2.1"), kNow));
  EXPECT_TRUE(table.blocks(flow("192.0.2.1", "10.1.2.3"), kNow));
  EXPECT_FALSE(table.blocks(flow("10.2.0.0", "192.0.2.1"), kNow));
  EXPECT_TRUE(table.blocks(flow("2001:db8:7fff::1", "2001:db9::"), kNow));
  EXPECT_FALSE(table.blocks(flow("2001:db8:8000::1", "2001:db9::"), kNow));
}

TEST(BlockTable, BlocksBothDirectionsOfAFlowAndNoOther) {
  BlockTable table;
  ASSERT_TRUE(table.block(flow("10.0.0.2", "10.0.0.1", 80, 40'000)));
  EXPECT_TRUE(table.blocks(flow("10.0.0.1", "10.0.0.2", 40'000, 80), kNow));
  EXPECT_TRUE(table.blocks(flow("10.0.0.2", "10.0.0.1", 80, 40'000), kNow));
  EXPECT_FALSE(table.blocks(flow("10.0.0.2", "10.0.0.1", 40'000, 80), kNow));
  EXPECT_FALSE(table.blocks(flow("10.0.0.2", "10.0.0.1", 80, 40'000, 17), kNow));
  EXPECT_TRUE(table.unblock(flow("10.0.0.1", "10.0.0.2", 40'000, 80)));
  EXPECT_TRUE(table.flows().empty());
}

TEST(BlockTable, LetsTheAllowListWin) {
  BlockTable table;
  ASSERT_TRUE(table.block(prefix("0.0.0.0/0")));
  ASSERT_TRUE(table.block(flow("10.0.0.1", "10.0.0.2")));
  ASSERT_TRUE(table.allow(prefix("10.0.0.0/30")));
  EXPECT_FALSE(table.blocks(flow("10.0.0.1", "10.0.0.2"), kNow));
  EXPECT_FALSE(table.blocks(flow("192.0.2.1", "10.0.0.2"), kNow)) << "one end is enough";
  EXPECT_TRUE(table.blocks(flow("192.0.2.1", "10.0.0.4"), kNow));
  EXPECT_TRUE(table.disallow(prefix("10.0.0.0/30")));
  EXPECT_TRUE(table.blocks(flow("10.0.0.1", "10.0.0.2"), kNow));
}

TEST(BlockTable, EndsWhenTheTimeComes) {
  BlockTable table;
  ASSERT_TRUE(table.block(prefix("10.0.0.0/8"), in_seconds(5)));
  ASSERT_TRUE(table.block(flow("192.0.2.1", "192.0.2.2"), in_seconds(7)));
  EXPECT_TRUE(table.blocks(flow("10.0.0.1", "192.0.2.9"), kNow));
  EXPECT_FALSE(table.blocks(flow("10.0.0.1", "192.0.2.9"), in_seconds(5)));
  EXPECT_FALSE(table.forget_expired(kNow));
  EXPECT_TRUE(table.forget_expired(in_seconds(5)));
  EXPECT_TRUE(table.prefixes().empty());
  EXPECT_EQ(table.flows().size(), 1u);
}

TEST(BlockTable, CutsPrefixesToTheirLength) {
  BlockTable table;
  ASSERT_TRUE(table.block(prefix("10.1.2.3/8")));
  ASSERT_TRUE(table.block(prefix("10.200.0.0/8")));
  ASSERT_EQ(table.prefixes().size(), 1u);
  EXPECT_EQ(table.prefixes().begin()->first.to_string(), "10.0.0.0/8");
  EXPECT_TRUE(table.unblock(prefix("10.9.9.9/8")));
}

TEST(BlockTable, GivesANestedPrefixTheLatestTimeAroundIt) {
  BlockTable table;
  ASSERT_TRUE(table.block(prefix("10.0.0.0/8"), in_seconds(100)));
  ASSERT_TRUE(table.block(prefix("10.1.0.0/16"), in_seconds(5)));
  ASSERT_TRUE(table.block(prefix("10.1.2.0/24"), in_seconds(500)));
  ASSERT_TRUE(table.block(prefix("10.2.0.0/16"), in_seconds(5)));
  ASSERT_TRUE(table.block(prefix("11.0.0.0/16"), in_seconds(5)));
  std::map<std::string, int64_t> seconds;
  for (const auto& [inner, until] : table.longest_match_times()) seconds[inner.to_string()] = until.since(kNow) / 1'000'000'000;
  EXPECT_EQ(seconds, (std::map<std::string, int64_t>{{"10.0.0.0/8", 100}, {"10.1.0.0/16", 100}, {"10.1.2.0/24", 500},
                                                     {"10.2.0.0/16", 100}, {"11.0.0.0/16", 5}}));
}

TEST(BlockTable, SaysWhenAListIsFull) {
  BlockTable table;
  const auto numbered = [](uint32_t number) {
    IpPrefix host = prefix("10.0.0.0/32");
    host.address.bytes[1] = static_cast<uint8_t>(number >> 16);
    host.address.bytes[2] = static_cast<uint8_t>(number >> 8);
    host.address.bytes[3] = static_cast<uint8_t>(number);
    return host;
  };
  for (uint32_t i = 0; i < xdp::MOST_PREFIXES; ++i) ASSERT_TRUE(table.block(numbered(i)));
  const auto refused = table.block(numbered(xdp::MOST_PREFIXES));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("65536"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(table.block(numbered(7), in_seconds(1))) << "what is on it may change";
  EXPECT_TRUE(table.block(prefix("2001:db8::/32"))) << "each family has room of its own";
}

TEST(BlockTable, RefusesAFlowBetweenTwoFamilies) {
  BlockTable table;
  EXPECT_FALSE(table.block(flow("10.0.0.1", "2001:db8::1")));
}

}  // namespace
}  // namespace wirewatch::testing
