// SPDX-License-Identifier: BSD-3-Clause
// Names come as events of their own, from whichever worker saw them, and find their flow.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "control/daemon/event_collector.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/pipeline/publisher.h"

namespace wirewatch {
namespace {

class LiveNames : public ::testing::Test {
 protected:
  LiveNames() { collector_.attach(std::make_shared<SharedState>(SharedState::map(region_.fd()).value()), {}); }

  static FlowRecord flow(const char* client, int64_t begins_s) {
    FlowRecord record;
    record.client = {IpAddress::parse(client).value(), 40'000};
    record.server = {IpAddress::parse("192.0.2.1").value(), 443};
    record.ip_protocol = 6;
    record.first_time = record.last_time = Timestamp{begins_s * kSecond_ns};
    record.to_server = {1, 100};
    return record;
  }
  static FlowProgress progress(uint32_t slot) {
    FlowProgress progress;
    progress.id = {.slot = slot, .worker = 0, .incarnation = 1};
    progress.total_to_server = {1, 100};
    return progress;
  }
  static void tell(SharedEvents& worker, const char* client, const char* name, int64_t at_s) {
    DnsAnswer answer;
    answer.name = name;
    answer.count = 1;
    answer.addresses[0] = {IpAddress::parse("192.0.2.1").value(), 600 * kSecond_ns};
    worker.on_answer(answer, IpAddress::parse(client).value(), Timestamp{at_s * kSecond_ns});
  }
  std::vector<KnownFlow> flows() {
    collector_.collect({});
    std::vector<KnownFlow> known;
    collector_.flows().for_each_recent([&](const KnownFlow& flow) {
      known.push_back(flow);
      return true;
    });
    return known;
  }

  SharedRegion region_ = SharedRegion::create({.workers = 2, .table_rows = 64, .events = 64}, 1, 1).value();
  SharedEvents first_{region_, 0};
  SharedEvents second_{region_, 1};
  EventCollector collector_{std::make_shared<NameCatalogue>(), {}, EventCollector::Bounds{}};
};

TEST_F(LiveNames, AreThoseTheClientHadAskedForWhicheverWorkerSawIt) {
  tell(second_, "10.0.0.5", "web.example", 10);
  flows();
  first_.on_progress(flow("10.0.0.5", 11), progress(1));
  const auto known = flows();
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].host, "web.example");
  EXPECT_EQ(known[0].record.host_source, HostSource::Dns);
}

TEST_F(LiveNames, AreNotThoseAskedForLaterOrByOthers) {
  tell(second_, "10.0.0.5", "late.example", 10);
  tell(second_, "10.0.0.6", "theirs.example", 1);
  flows();
  first_.on_progress(flow("10.0.0.5", 9), progress(1));
  const auto known = flows();
  ASSERT_EQ(known.size(), 1u);
  EXPECT_EQ(known[0].host, "");
  EXPECT_EQ(known[0].record.host_source, HostSource::None);
}

TEST_F(LiveNames, ReadInsideAFlowComeOnceAndStay) {
  std::array<char, NameSheet::kMost> room;
  FlowRecord record = flow("10.0.0.5", 1);
  record.names = NameSheet(NameSheet::pack({.host = "said.example", .alpn = "h2", .ja4 = "t13", .user_agent = {},
                                            .host_source = HostSource::Sni, .encrypted_hello = true}, room));
  record.host = record.names.host();
  record.host_source = HostSource::Sni;
  FlowProgress going = progress(1);
  going.names_are_news = true;
  first_.on_progress(record, going);
  first_.on_progress(flow("10.0.0.7", 1), progress(2));
  going.names_are_news = false;
  first_.on_progress(record, going);
  const auto known = flows();
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[0].host, "said.example");
  EXPECT_EQ(known[0].record.host_source, HostSource::Sni);
  EXPECT_EQ(NameSheet(known[0].names).alpn(), "h2");
  EXPECT_TRUE(NameSheet(known[0].names).encrypted_hello());
  EXPECT_EQ(known[1].names, "") << "names belong to one flow";
}

}  // namespace
}  // namespace wirewatch
