// SPDX-License-Identifier: BSD-3-Clause
#include "control/metrics/exposition.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "control/metrics/families.h"

namespace wirewatch {
namespace {

/// Totals in which everything that has a metric is there.
LiveTotals totals() {
  LiveTotals totals;
  totals.names.names = {"unknown", "tls"};
  totals.names.categories = {"", "web"};
  totals.flows.detected.resize(2);
  totals.flows.detected[1] = {.flows = 2, .traffic = {10, 1000}, .sent = {}, .received = {}, .strongest = Evidence::Payload};
  totals.flows.guessed.resize(2);
  totals.flows.guessed[1] = {.flows = 1, .traffic = {1, 60}, .sent = {}, .received = {}, .strongest = Evidence::Port};
  totals.handshakes.established = 3;
  RttHistogram rtt;
  for (const int64_t ns : std::array<int64_t, 4>{1'000, 2'000'000, 2'000'001, 90'000'000'000}) rtt.record(ns);
  totals.rtt_by_capture_port = {{"mirror\"0\\", {{443, rtt}, {0, rtt}}}};
  totals.process.emplace();
  totals.process->ports.resize(1);
  totals.process->ports[0].name = "mirror\"0\\";
  totals.process->ports[0].timestamps = {TimestampSource::Kernel, 1, 40};
  totals.process->ports[0].losses = {{"kernel_drops", 3}, {"xdp_redirected", 9}};
  auto workers = std::make_shared<std::vector<WorkerSnapshot>>();
  workers->emplace_back(0);
  workers->front().counters.total = {100, 10'000};
  workers->front().counters.by_status[static_cast<size_t>(ParseStatus::Ipv4Short)] = 7;
  workers->front().counters.flows_evicted = 5;
  totals.snapshots = workers;
  return totals;
}

MetricsState state() {
  return {.version = "0.1.0",
          .dataplane_up = true,
          .dataplane_restarts = 1,
          .gaps = 1,
          .alerts = 4,
          .rules_sha256 = std::string(64, 'b'),
          .rules_in_force = true,
          .rules_generations = 2,
          .control_loss = {{"flows_forgotten", 9}},
          .control_memory_bytes = 1 << 20,
          .control_started = Timestamp{1'700'000'000'000'000'000}};
}

TEST(Exposition, HoldsEveryKindOfNumber) {
  const std::string text = exposition(totals(), state());
  for (const char* line : {"wirewatch_packets_total 100\n", "wirewatch_malformed_packets_total{kind=\"ipv4_short\"} 7\n",
                           "wirewatch_evicted_total{kind=\"flows\"} 5\n", "wirewatch_dataplane_up 1\n",
                           "wirewatch_port_lost_packets_total{port=\"mirror\\\"0\\\\\",reason=\"kernel_drops\"} 3\n",
                           "wirewatch_port_remarks_total{port=\"mirror\\\"0\\\\\",reason=\"xdp_redirected\"} 9\n",
                           "wirewatch_application_flows_total{application=\"tls\",category=\"web\",guessed=\"false\"} 2\n",
                           "wirewatch_application_flows_total{application=\"tls\",category=\"web\",guessed=\"true\"} 1\n",
                           "wirewatch_handshakes_total{outcome=\"established\"} 3\n",
                           "wirewatch_control_lost_total{reason=\"flows_forgotten\"} 9\n",
                           "wirewatch_syn_ack_rtt_seconds_count{port=\"mirror\\\"0\\\\\",server_port=\"443\"} 4\n",
                           "server_port=\"other\",le=\"+Inf\"} 4\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(Exposition, LeavesOutWhatHasNoValue) {
  const std::string text = exposition({}, {});
  EXPECT_EQ(text.find("wirewatch_port_packets_total"), std::string::npos);
  EXPECT_EQ(text.find("wirewatch_rules_info"), std::string::npos);
  EXPECT_NE(text.find("wirewatch_dataplane_up 0\n"), std::string::npos);
}

TEST(Exposition, HasHistogramsWhoseBucketsOnlyGrow) {
  RttHistogram rtt;
  for (int64_t ns = 1000; ns < 100'000'000'000; ns = ns * 5 / 4) rtt.record(ns);
  Families families;
  families.histogram("x_seconds", "x").value(rtt, {});
  const auto all = families.take();
  const auto& histogram = all.at(0).metric.at(0).histogram;
  uint64_t last = 0;
  double bound = 0;
  for (const auto& bucket : histogram.bucket) {
    EXPECT_GE(bucket.cumulative_count, last);
    EXPECT_GT(bucket.upper_bound, bound);
    last = bucket.cumulative_count;
    bound = bucket.upper_bound;
  }
  EXPECT_EQ(last, rtt.count());
  EXPECT_NEAR(histogram.bucket.at(0).upper_bound, 1.0 / 65536, 1e-9);
}

TEST(Exposition, IsCleanByPromtool) {
  if (std::system("command -v promtool >/dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not installed";
  for (const auto& [name, text] : {std::pair{"full", exposition(totals(), state())}, std::pair{"empty", exposition({}, {})}}) {
    std::string path = (std::filesystem::temp_directory_path() / "wirewatch-XXXXXX").string();
    const int file = ::mkstemp(path.data());
    ASSERT_GE(file, 0);
    std::ofstream(path) << text;
    const std::string command = "promtool check metrics < " + path + " 2>&1";
    std::string said;
    FILE* const pipe = ::popen(command.c_str(), "r");
    char line[256];
    while (std::fgets(line, sizeof(line), pipe) != nullptr) said += line;
    EXPECT_EQ(::pclose(pipe), 0) << name;
    EXPECT_EQ(said, "") << name;
    std::filesystem::remove(path);
  }
}

}  // namespace
}  // namespace wirewatch
