// SPDX-License-Identifier: BSD-3-Clause
// Transfers of real clients, recorded on hosts that run BitTorrent and nothing else: whatever carries data is BitTorrent,
// encrypted or not, and no port makes a difference.
#include <gtest/gtest.h>

#include <array>
#include <map>

#include "tests/replay/scenario.h"

namespace wirewatch::testing {
namespace {

constexpr std::array kTransfers = {"plain-tcp", "encrypted-tcp", "encrypted-rtorrent", "utp", "utp-encrypted", "magnet-dht", "peer-on-443"};
constexpr uint16_t kDns = 53;  // clients ask for hosts that are not there

std::string transfer(const std::string& name) { return bundled("bittorrent/" + name + ".cap"); }

TEST(BitTorrentTransfers, AreFoundHoweverTheyHide) {
  if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  std::map<Evidence, size_t> found;
  for (const char* const name : kTransfers) {
    const Report report = report_of(transfer(name));
    ASSERT_FALSE(report.flows.empty()) << name;
    for (const FlowRecord& flow : report.flows) {
      if (!flow.has_payload || flow.server.port == kDns) continue;
      EXPECT_EQ(shipped_rules()->application_name(flow.application), "bittorrent")
          << name << ": " << flow.client.address.to_string() << " port " << flow.client.port << " to "
          << flow.server.address.to_string() << " port " << flow.server.port;
      EXPECT_GE(flow.evidence, Evidence::Learned) << name << ", server port " << flow.server.port;
      ++found[flow.evidence];
    }
  }
  EXPECT_GE(found[Evidence::Payload], 40u);
  EXPECT_GE(found[Evidence::Learned], 5u) << "the encrypted ones";
}

TEST(BitTorrentTransfers, AreNamedAlikeByAnyNumberOfWorkers) {
  if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  for (const char* const name : kTransfers) {
    const Report alone = report_of(transfer(name));
    InspectOptions options = everything_of({transfer(name)});
    options.jobs = 3;
    const Report together = report_of(options);
    ASSERT_EQ(together.flows.size(), alone.flows.size()) << name;
    for (size_t i = 0; i < alone.flows.size(); ++i) {
      EXPECT_EQ(together.flows[i].application, alone.flows[i].application) << name << ", flow " << i;
      EXPECT_EQ(together.flows[i].evidence, alone.flows[i].evidence) << name << ", flow " << i;
    }
  }
}

/// Nobody named a peer in the scenario's other traffic, and nothing there may be called one.
TEST(BitTorrentTransfers, TeachNothingAboutOtherTraffic) {
  if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  const InspectOptions options = everything_of({transfer("encrypted-tcp"), bundled("scenario.cap")});
  const Report both = report_of(options);
  for (const FlowRecord& flow : both.flows) {
    if (flow.evidence != Evidence::Learned) continue;
    EXPECT_TRUE(flow.server.address.to_string().starts_with("198.51.100.")) << flow.server.address.to_string();
  }
}

}  // namespace
}  // namespace wirewatch::testing
