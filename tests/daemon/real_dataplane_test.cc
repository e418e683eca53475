// SPDX-License-Identifier: BSD-3-Clause
// The daemon with the data plane it starts: what a replay through it counts is what `inspect` counts, and it is there again
// after it was killed.
#include <gtest/gtest.h>
#include <signal.h>

#include <set>

#include "control/replay/inspect.h"
#include "control/report/json.h"
#include "tests/daemon/scene.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

Json inspected(const std::string& path) {
  InspectOptions options;
  options.paths = {path};
  options.rules = *load_or_compile(rules_folder());
  options.keep_handshakes = true;
  const auto report = inspect(options);
  std::string text;
  Output out(text);
  write_json(*report, {}, out);
  out.finish();
  return Json::parse(text);
}

std::multiset<std::string> rows_without_clock(const Json& list) {
  std::multiset<std::string> all;
  for (Json row : list) {
    for (const char* key : {"capture_port", "timestamp_source", "timestamp_resolution_ns", "clock_error_ns"}) row.erase(key);
    all.insert(row.dump());
  }
  return all;
}

class RealDataplane : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const program = std::getenv("WIREWATCH_DATAPLANE");
    if (program == nullptr) GTEST_SKIP() << "$WIREWATCH_DATAPLANE does not name the data plane";
    folder.write("w.toml",
                 "[dataplane]\nmax_flows = 20000\nmax_pending_syns = 20000\nmax_table_rows = 20000\nhugepages = \"off\"\n"
                 "publish_interval_ms = 100\n[[dataplane.port]]\nname = \"replayed\"\nsource = \"replay\"\n");
    config = config_in(folder);
    config.path = folder.file("w.toml");
    config.dataplane = DataplaneMode::Start;
    config.dataplane_program = program;
  }
  /// Starting takes seconds on a busy machine.
  static bool settles(const RunningDaemon& daemon, const std::function<bool(const Json&)>& wanted) {
    for (int i = 0; i < 6; ++i) {
      if (daemon.becomes(wanted)) return true;
    }
    return false;
  }

  ScratchFolder folder;
  DaemonConfig config;
};

bool in_force(const Json& status) { return status["rules"]["in_force"] == true && status["dataplane"]["state"] == "running"; }

TEST_F(RealDataplane, CountsAReplayAsInspectDoes) {
  const std::string scenario = captures_folder() + "/scenario.cap";
  const Json report = inspected(scenario);
  const RunningDaemon daemon(config);
  ASSERT_TRUE(settles(daemon, in_force));
  const HttpAnswer started = daemon.post("/api/v1/replay", Json{{"path", scenario}, {"speed", 0}}.dump());
  ASSERT_EQ(started.status, 202u) << started.body;
  ASSERT_TRUE(settles(daemon, [&](const Json& status) { return status["capture"]["packets"] == report["capture"]["packets"]; }));
  const auto folded = [&](const Json&) {
    uint64_t left = 0;
    const Json loss = daemon.get("/api/v1/loss").json();
    for (const Json& worker : loss["workers"]) left += worker["not_yet_folded"].get<uint64_t>();
    return left == 0;
  };
  ASSERT_TRUE(settles(daemon, folded));

  EXPECT_EQ(daemon.get("/api/v1/protocols").json()["protocol_hierarchy"], report["protocol_hierarchy"]);
  EXPECT_EQ(daemon.get("/api/v1/destinations?top=10000").json()["destinations"], report["destinations"]);
  const Json loss = daemon.get("/api/v1/loss").json();
  EXPECT_EQ(loss["accounting"]["understood"], report["accounting"]["understood"]);
  EXPECT_EQ(loss["accounting"]["malformed"], report["accounting"]["malformed"]);
  // Flows end, and hand on what they were, after the last packet was counted.
  const auto ended = [&](const Json& status) {
    return status["replay"]["state"] == "done" && status["handshake_totals"]["attempts"] == report["handshake_totals"]["attempts"] &&
           rows_without_clock(daemon.get("/api/v1/protocols").json()["applications"]) == rows_without_clock(report["applications"]);
  };
  EXPECT_TRUE(settles(daemon, ended));
  EXPECT_EQ(rows_without_clock(daemon.get("/api/v1/handshakes?top=10000").json()["handshakes"]), rows_without_clock(report["handshakes"]));
  EXPECT_EQ(rows_without_clock(daemon.get("/api/v1/protocols").json()["applications"]), rows_without_clock(report["applications"]));
}

TEST_F(RealDataplane, IsNoticedWhenItIsKilledAndStartedAgain) {
  const RunningDaemon daemon(config);
  ASSERT_TRUE(settles(daemon, in_force));
  const Json before = daemon.status()["dataplane"];
  const auto killed_at = std::chrono::steady_clock::now();
  ASSERT_EQ(::kill(before["pid"].get<pid_t>(), SIGKILL), 0);
  ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["gaps"].size() == 1; }));
  EXPECT_LT(std::chrono::steady_clock::now() - killed_at, std::chrono::seconds(1));
  ASSERT_TRUE(settles(daemon, [](const Json& status) { return status["dataplane"]["restarts"] == 1; }));
  ASSERT_TRUE(settles(daemon, in_force)) << "with the rules it had";
  const Json status = daemon.status();
  EXPECT_NE(status["dataplane"]["pid"], before["pid"]);
  EXPECT_EQ(status["gaps"][0]["reason"], "the data plane ended with signal 9 (Killed)");
  EXPECT_TRUE(status["gaps"][0].contains("to"));
}

/// What is on the list, without the times.
std::multiset<std::string> blocked_by(const RunningDaemon& daemon) {
  std::multiset<std::string> all;
  const Json list = daemon.get("/api/v1/block").json()["block"];
  for (const Json& row : list["prefixes"]) all.insert(row["prefix"].get<std::string>());
  for (const Json& row : list["names"]) all.insert(row["name"].get<std::string>());
  for (const Json& row : list["flows"]) all.insert("connection to port " + std::to_string(row["flow"]["destination"]["port"].get<int>()));
  for (const Json& prefix : list["allow"]) all.insert("never " + prefix.get<std::string>());
  return all;
}

TEST_F(RealDataplane, IsGivenBackWhatWasBlockedWhenItIsStartedAgain) {
  const auto port = [](const std::string& number, const std::string& other) {
    return "[[dataplane.port]]\nname = \"side" + number + "\"\ninline_with = \"side" + other + "\"\nsource = \"dpdk:net_ring" + number + "\"\n";
  };
  folder.write("w.toml",
               "[dataplane]\nallow = [\"10.255.0.0/16\"]\nmax_flows = 5000\nmax_pending_syns = 5000\nmax_table_rows = 5000\nhugepages = \"off\"\n"
               "memory_mb = 128\n" + port("0", "1") + port("1", "0"));
  const auto now = [] { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); };
  std::multiset<std::string> wanted{"10.8.0.0/16", "bittorrent", "connection to port 443", "never 10.8.1.0/24", "never 10.255.0.0/16"};
  Json before;
  {
    const RunningDaemon daemon(config);
    if (!settles(daemon, in_force)) {
      const Json status = daemon.status();
      if (status["dataplane"].value("error", std::string()).find("status 2") != std::string::npos) GTEST_SKIP() << "the data plane was built without DPDK";
      FAIL() << status;
    }
    const Json flow = Json::parse(R"({"source": {"address": "10.0.0.1", "port": 1000}, "destination": {"address": "10.0.0.2", "port": 443}, "protocol": "tcp"})");
    for (const Json& each : {Json{{"allow", "10.8.1.0/24"}}, Json{{"prefix", "10.8.0.0/16"}}, Json{{"prefix", "10.6.0.0/16"}}, Json{{"flow", flow}},
                             Json{{"name", "bittorrent"}, {"expires", now() + 3600}}, Json{{"prefix", "10.7.0.0/16"}, {"expires", now() + 2}}}) {
      ASSERT_EQ(daemon.post("/api/v1/block", each.dump()).status, 200u) << each;
    }
    ASSERT_EQ(ask(config.api_socket, "DELETE", "/api/v1/block", R"({"prefix": "10.6.0.0/16"})").status, 200u);
    before = daemon.get("/api/v1/block").json()["block"];
    ASSERT_EQ(::kill(daemon.status()["dataplane"]["pid"].get<pid_t>(), SIGKILL), 0);
    ASSERT_TRUE(settles(daemon, [](const Json& status) { return status["dataplane"]["restarts"] == 1; }));
    ASSERT_TRUE(settles(daemon, in_force));
    EXPECT_TRUE(daemon.becomes([&](const Json&) { return blocked_by(daemon) == wanted; })) << daemon.get("/api/v1/block").body;
    const Json after = daemon.get("/api/v1/block").json()["block"];
    EXPECT_EQ(after["names"][0]["expires"], before["names"][0]["expires"]) << "as long as was asked for, no longer";
  }
  // Control ends as well, and its data plane with it: the file beside the socket is what is left.
  const RunningDaemon daemon(config);
  ASSERT_TRUE(settles(daemon, in_force));
  EXPECT_TRUE(daemon.becomes([&](const Json&) { return blocked_by(daemon) == wanted; })) << daemon.get("/api/v1/block").body;
}

}  // namespace
}  // namespace wirewatch
