// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/drop_list.h"

#include <gtest/gtest.h>

#include "dataplane/base/timestamp.h"
#include "tests/pipeline/live_run.h"

namespace wirewatch::testing {
namespace {

constexpr Timestamp kNow{100 * kSecond_ns};

IpPrefix prefix(std::string_view text) { return *IpPrefix::parse(text); }
IpAddress address(std::string_view text) { return *IpAddress::parse(text); }

TEST(DropList, BlocksNetworksUnlessTheAllowListKnowsAnEnd) {
  struct Row {
    std::string_view description, source, destination;
    bool blocked;
  };
  DropRules rules;
  rules.networks = {{prefix("203.0.113.0/24")},
                    {prefix("198.51.100.7")},
                    {prefix("2001:db8:bad::/48")},
                    {prefix("192.0.2.0/24"), Timestamp{50 * kSecond_ns}}};
  rules.allow = {prefix("203.0.113.99"), prefix("10.0.0.53")};
  const DropList list(rules);
  const std::vector<Row> rows{{"from a blocked network", "203.0.113.5", "10.0.0.1", true},
                              {"to a blocked network", "10.0.0.1", "203.0.113.5", true},
                              {"a single address", "198.51.100.7", "10.0.0.1", true},
                              {"its neighbour", "198.51.100.8", "10.0.0.1", false},
                              {"IPv6", "2001:db8:bad:1::1", "2001:db8::1", true},
                              {"other IPv6", "2001:db8:bae::1", "2001:db8::1", false},
                              {"an allowed address in a blocked network", "203.0.113.99", "10.0.0.1", false},
                              {"to an allowed address", "203.0.113.5", "10.0.0.53", false},
                              {"blocked until a time that is over", "192.0.2.1", "10.0.0.1", false}};
  for (const Row& row : rows) {
    EXPECT_EQ(list.blocks(address(row.source), address(row.destination), kNow), row.blocked) << row.description;
  }
  EXPECT_TRUE(list.blocks(address("192.0.2.1"), address("10.0.0.1"), Timestamp{49 * kSecond_ns}));
  EXPECT_TRUE(DropList(DropRules{}).empty());
}

class Blocking : public ::testing::Test {
 protected:
  static FrameBuilder tcp(uint16_t port = 40000) { return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 9999); }
  static FrameBuilder tcp_back(uint16_t port = 40000) { return eth().ipv4("10.0.0.2", "10.0.0.1").tcp(9999, port); }
  void use(LiveRun& live, const DropRules& rules) {
    live.worker.drop_list().offer(std::make_unique<DropList>(rules));
    live.worker.maintain(Timestamp{kSecond_ns}, false);
    live.worker.drop_list().collect();
  }
};

TEST_F(Blocking, DropsAConnectionByItsFiveTuple) {
  LiveRun live;
  DropRules rules;
  rules.connections = {{{address("10.0.0.2"), 9999}, {address("10.0.0.1"), 40000}, 6}};
  use(live, rules);
  const std::vector<SentFrame> frames{sent(tcp().syn(), kSecond_ns), sent(tcp(40001).syn(), kSecond_ns),
                                      sent(tcp_back().syn_ack(), kSecond_ns), sent(tcp().ack().payload("x"), kSecond_ns),
                                      sent(tcp(40001).ack().payload("x"), kSecond_ns)};
  EXPECT_EQ(live.feed(frames), 0b01101u);
  EXPECT_EQ(live.worker.worker().live_counters().blocked.packets, 3u);
  EXPECT_EQ(live.worker.worker().counters().total.packets, 5u) << "what is dropped is counted all the same";
}

TEST_F(Blocking, DropsAnApplicationFromItsVerdictOn) {
  LiveRun live;
  DropRules rules;
  rules.applications = {{live.registry.find_application("greeting")}, {live.registry.find_application("asking")}};
  use(live, rules);
  const std::vector<SentFrame> frames{sent(tcp().syn().seq(1), kSecond_ns),
                                      sent(tcp_back().syn_ack().seq(5).ack_number(2), kSecond_ns),
                                      sent(tcp().ack().seq(2).payload("hello there, you"), kSecond_ns),
                                      sent(tcp_back().ack().seq(6), kSecond_ns),
                                      sent(eth().ipv4("10.0.0.1", "10.0.0.2").udp(40000, 53).payload("gibberish"), kSecond_ns)};
  EXPECT_EQ(live.feed(frames), 0b01100u) << "a port alone is no evidence";
}

TEST_F(Blocking, LetsAnAllowedPeerThrough) {
  LiveRun live;
  DropRules rules;
  rules.applications = {{live.registry.find_application("greeting")}};
  rules.networks = {{prefix("10.0.0.0/8")}};
  rules.allow = {prefix("10.0.0.2/32")};
  use(live, rules);
  EXPECT_EQ(live.feed(sent(tcp().ack().payload("hello there, you"), kSecond_ns)), 0u);
}

TEST_F(Blocking, DropsFramesWithoutAFlowByTheirAddresses) {
  LiveRun live;
  DropRules rules;
  rules.networks = {{prefix("10.0.0.2/32")}};
  use(live, rules);
  EXPECT_EQ(live.feed(sent(eth().ipv4("10.0.0.1", "10.0.0.2").icmp(8), kSecond_ns)), 1u);
  EXPECT_EQ(live.feed(sent(eth().ipv4("10.0.0.1", "10.0.0.3").icmp(8), kSecond_ns)), 0u);
}

TEST_F(Blocking, ReachesFlowsThatAreKnownAlreadyAndLetsGoInTime) {
  LiveRun live;
  const auto frame = [](int64_t at) { return sent(tcp().ack().payload("x"), at); };
  EXPECT_EQ(live.feed(frame(kSecond_ns)), 0u);
  DropRules rules;
  rules.networks = {{prefix("10.0.0.2/32"), Timestamp{20 * kSecond_ns}}};
  use(live, rules);
  live.wait_until(Timestamp{4 * kSecond_ns});
  EXPECT_EQ(live.feed(frame(5 * kSecond_ns)), 1u);
  live.wait_until(Timestamp{23 * kSecond_ns});
  EXPECT_EQ(live.feed(frame(24 * kSecond_ns)), 0u);
  rules.networks[0].expires = kNever;
  use(live, rules);
  live.wait_until(Timestamp{27 * kSecond_ns});
  EXPECT_EQ(live.feed(frame(28 * kSecond_ns)), 1u);
  use(live, DropRules{});
  live.wait_until(Timestamp{31 * kSecond_ns});
  EXPECT_EQ(live.feed(frame(32 * kSecond_ns)), 0u);
}

}  // namespace
}  // namespace wirewatch::testing
