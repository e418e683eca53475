// SPDX-License-Identifier: BSD-3-Clause
// Reading large tables must not cost control a core: newer snapshots wait until the last reading has been paid for.
#include "control/daemon/totals_keeper.h"

#include <gtest/gtest.h>

#include "dataplane/pipeline/prepared_rules.h"
#include "dataplane/pipeline/publisher.h"
#include "dataplane/pipeline/registry.h"
#include "dataplane/pipeline/worker.h"
#include "tests/support/packet_builder.h"

namespace wirewatch {
namespace {

/// A data plane of one worker, published by hand.
class OneWorker {
 public:
  OneWorker() {
    const auto none = RuleSet::none();
    WorkerOptions options;
    options.max_flows = 1'000;
    options.max_pending_syns = 1'000;
    options.max_table_rows = 1'000;
    options.rtt_ports = region_.limits().rtt_ports;
    worker_ = std::make_unique<Worker>(options, std::make_unique<PreparedRules>(none, number(*none, registry_)), events_);
  }
  void publish_one_more_packet() {
    const testing::Bytes bytes = testing::eth().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x").bytes();
    const Packet packet = testing::packet_over(bytes, 1, Timestamp{1});
    Layers layers;
    parse(packet, {}, layers);
    const ParsedPacket parsed{&packet, &layers};
    worker_->process({&parsed, 1});
    publisher_.publish(*worker_, {}, 0, Timestamp{1});
  }
  std::shared_ptr<const SharedState> mapped() { return std::make_shared<const SharedState>(std::move(*SharedState::map(region_.fd()))); }

 private:
  SharedRegion region_ = std::move(*SharedRegion::create({}, 1, 1));
  Registry registry_{region_};
  SharedEvents events_{region_, 0};
  WorkerPublisher publisher_{region_, 0};
  std::unique_ptr<Worker> worker_;
};

TEST(TotalsKeeper, WaitsWithNewerSnapshotsUntilTheLastReadingIsPaidFor) {
  OneWorker plane;
  plane.publish_one_more_packet();
  int64_t time = 1'000'000, work = 0;
  constexpr int64_t kReading_ns = 40'000'000;  // as eight full workers take
  TotalsKeeper keeper(std::make_shared<NameCatalogue>(), {[&] { return time; }, [&] { return work += kReading_ns / 2; }});
  keeper.attach(plane.mapped());
  const auto packets = [&] {
    LiveTotals totals;
    keeper.fill(totals);
    return totals.snapshots->front().counters.total.packets;
  };
  EXPECT_EQ(packets(), 1u);
  plane.publish_one_more_packet();
  time += 500'000'000;
  EXPECT_EQ(packets(), 1u) << "that was half a second ago";
  time += kReading_ns / 2 * TotalsKeeper::kShareOfACore;
  EXPECT_EQ(packets(), 2u);
  plane.publish_one_more_packet();
  EXPECT_EQ(packets(), 2u);
  keeper.attach(plane.mapped());
  EXPECT_EQ(packets(), 3u) << "another data plane is read at once";
}

}  // namespace
}  // namespace wirewatch
