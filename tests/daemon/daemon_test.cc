// SPDX-License-Identifier: BSD-3-Clause
// The daemon against a stand-in for the data plane: what it answers is what `inspect` says of the same packets, and it
// goes on when either of the two is gone for a while.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "control/replay/inspect.h"
#include "control/report/json.h"
#include "dataplane/base/file_descriptor.h"
#include "tests/daemon/scene.h"
#include "tests/daemon/stand_in_dataplane.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

/// What `inspect --json` says of the scenario.
Json inspected(std::vector<std::string> unwanted = {}) {
  InspectOptions options;
  options.paths = {scenario()};
  options.rules = *load_or_compile(rules_folder());
  options.keep_handshakes = options.keep_flows = true;
  options.unwanted = std::move(unwanted);
  const auto report = inspect(options);
  std::string text;
  Output out(text);
  write_json(*report, {}, out);
  out.finish();
  return Json::parse(text);
}

/// Rows in an order of their own, for lists whose order differs.
std::multiset<std::string> rows(const Json& list, std::initializer_list<const char*> without = {}) {
  std::multiset<std::string> all;
  for (Json row : list) {
    for (const char* key : without) row.erase(key);
    all.insert(row.dump());
  }
  return all;
}

using Rows = std::multiset<std::string>;

/// Empty when both hold the same; of hundreds of rows only those that differ are worth reading.
Rows differing(const Rows& one, const Rows& other) {
  Rows all;
  std::set_symmetric_difference(one.begin(), one.end(), other.begin(), other.end(), std::inserter(all, all.end()));
  return all;
}

ProcessState two_ports() {
  ProcessState state;
  state.updated_ns = 1'700'000'000'000'000'000;
  state.updates = 1;
  state.state = "running";
  state.ports.resize(1);
  state.ports[0].name = "mirror0";
  state.ports[0].source = "afpacket";
  state.ports[0].link_up = true;
  state.ports[0].timestamps = {TimestampSource::Kernel, 1, 40};
  state.ports[0].received = {4838, 1};
  state.ports[0].losses = {{"kernel_drops", 3}, {"vlan_tags_put_back", 2}};
  return state;
}

struct Watched {
  ScratchFolder folder;
  StandInDataplane dataplane{{.socket_path = folder.file("dataplane.sock")}};
};

TEST(Daemon, AnswersForTheScenarioWhatInspectSaysOfIt) {
  Watched watched;
  watched.dataplane.publish_process(two_ports());
  watched.dataplane.run_capture(scenario(), rules_folder());
  DaemonConfig config = config_in(watched.folder);
  config.unwanted = {"bittorrent", "p2p"};
  const RunningDaemon daemon(config);
  ASSERT_TRUE(daemon.connects());
  const Json report = inspected({"bittorrent", "p2p"});

  const Json protocols = daemon.get("/api/v1/protocols").json();
  EXPECT_EQ(protocols["protocol_hierarchy"], report["protocol_hierarchy"]);
  EXPECT_EQ(rows(protocols["applications"]), rows(report["applications"]));
  EXPECT_EQ(daemon.get("/api/v1/destinations?top=10000").json()["destinations"], report["destinations"]);
  EXPECT_EQ(daemon.get("/api/v1/endpoints?top=10000").json()["endpoints"], report["endpoints"]);
  EXPECT_EQ(daemon.get("/api/v1/conversations?top=10000").json()["conversations"], report["conversations"]);

  const Json handshakes = daemon.get("/api/v1/handshakes?top=10000").json();
  const auto clock = {"capture_port", "timestamp_source", "timestamp_resolution_ns", "clock_error_ns"};
  EXPECT_EQ(differing(rows(handshakes["handshakes"], clock), rows(report["handshakes"])), Rows());
  EXPECT_EQ(handshakes["handshakes"][0]["timestamp_source"], "kernel");
  EXPECT_EQ(handshakes["handshakes"][0]["clock_error_ns"], 40);
  for (const char* key : {"attempts", "established", "refused", "unanswered", "half_open", "ambiguous", "count", "max_ns", "min_ns"}) {
    EXPECT_EQ(handshakes["handshake_totals"][key], report["handshake_totals"][key]) << key;
  }
  const Json flows = daemon.get("/api/v1/flows?top=10000").json();
  // The replay is over before its events are read, so of several names asked for one address control knows the last alone.
  const auto without_asked = [](Json all) {
    for (Json& row : all) {
      if (row.value("host_source", "") == "dns") row.erase("host"), row.erase("host_source");
    }
    return all;
  };
  EXPECT_EQ(differing(rows(without_asked(flows["flows"]), {"active", "capture_port"}), rows(without_asked(report["flows"]))), Rows());
  const auto asked = [](const Json& all) {
    return std::count_if(all.begin(), all.end(), [](const Json& row) { return row.value("host_source", "") == "dns"; });
  };
  EXPECT_GT(asked(flows["flows"]), 0);
  EXPECT_LE(asked(flows["flows"]), asked(report["flows"])) << "rather no name than a wrong one";
  const Json alerts = daemon.get("/api/v1/alerts?top=10000").json();
  EXPECT_EQ(rows(alerts["unwanted"], {"raised"}), rows(report["unwanted"]));
  EXPECT_EQ(daemon.get("/api/v1/loss").json()["accounting"], report["accounting"]);
  EXPECT_EQ(daemon.status()["capture"]["packets"], report["capture"]["packets"]);
  EXPECT_EQ(daemon.status()["capture"]["first_timestamp"], report["capture"]["first_timestamp"]);
}

TEST(Daemon, PercentilesOfAWindowAreNeverTooLowAndAtMostAnEighthOfAnOctaveTooHigh) {
  Watched watched;
  watched.dataplane.run_capture(scenario(), rules_folder());
  const RunningDaemon daemon(config_in(watched.folder));
  ASSERT_TRUE(daemon.connects());
  const Json report = inspected();
  for (const char* window : {"1m", "5m", "1h"}) {
    const Json totals = daemon.get(std::string("/api/v1/handshakes?window=") + window).json()["handshake_totals"];
    for (const char* key : {"p50_ns", "p90_ns", "p99_ns"}) {
      const double exact = report["handshake_totals"][key].get<double>();
      EXPECT_GE(totals[key].get<double>(), exact) << window << " " << key;
      EXPECT_LE(totals[key].get<double>(), exact * 1.0906) << window << " " << key;
    }
  }
}

TEST(Daemon, ShowsPortsWithTheirClockAndEveryLossByName) {
  Watched watched;
  watched.dataplane.publish_process(two_ports());
  const RunningDaemon daemon(config_in(watched.folder));
  ASSERT_TRUE(daemon.connects());
  const Json port = daemon.status()["ports"][0];
  EXPECT_EQ(port["name"], "mirror0");
  EXPECT_EQ(port["timestamp_source"], "kernel");
  EXPECT_EQ(port["clock_error_ns"], 40);
  EXPECT_EQ(port["loss"], Json::parse(R"({"kernel_drops": 3})"));
  EXPECT_EQ(port["remarks"], Json::parse(R"({"vlan_tags_put_back": 2})"));
}

TEST(Daemon, HandsItsRulesToADataPlaneThatHasNone) {
  Watched watched;
  const RunningDaemon daemon(config_in(watched.folder));
  ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["rules"]["in_force"] == true; }));
  const Json rules = daemon.get("/api/v1/rules").json()["rules"];
  EXPECT_EQ(rules["sha256"], rules["wanted_sha256"]);
  EXPECT_EQ(watched.dataplane.rules_taken(), std::vector<std::string>{rules["sha256"]});
}

TEST(Daemon, GoesOnWithTheSameDataPlaneAfterALostConnectionWithoutAGap) {
  Watched watched;
  watched.dataplane.run_capture(scenario(), rules_folder());
  const RunningDaemon daemon(config_in(watched.folder));
  ASSERT_TRUE(daemon.connects());
  const auto greetings = [&] {
    size_t count = 0;
    for (const std::string& command : watched.dataplane.commands()) count += command.find("hello") != std::string::npos;
    return count;
  };
  watched.dataplane.drop_clients();
  ASSERT_TRUE(daemon.becomes([&](const Json& status) { return greetings() == 2 && status["dataplane"]["state"] == "running"; }));
  EXPECT_EQ(daemon.status()["gaps"].size(), 0u);
  EXPECT_EQ(daemon.status()["dataplane"]["restarts"], 0);
  EXPECT_EQ(daemon.status()["capture"]["packets"], 4838);
}

TEST(Daemon, AddsTheTotalsOfADataPlaneThatEndedToThoseOfTheNextAndMarksTheGap) {
  ScratchFolder folder;
  const RunningDaemon daemon(config_in(folder));
  const std::string socket = folder.file("dataplane.sock");
  {
    StandInDataplane first({.socket_path = socket, .generation = 7});
    first.publish_process(two_ports());
    first.run_capture(scenario(), rules_folder());
    ASSERT_TRUE(daemon.connects());
    ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["handshake_totals"]["attempts"] == 164; }));
    ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["ports"].size() == 1; })) << "looked at once a second";
  }
  ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["dataplane"]["state"] == "gone"; }));
  const Json gone = daemon.status();
  EXPECT_EQ(gone["capture"]["packets"], 4838) << "what is known does not go away with the data plane";
  ASSERT_EQ(gone["gaps"].size(), 1u);
  EXPECT_FALSE(gone["gaps"][0].contains("to"));

  // Names are given out in another order this time: totals go by name.
  StandInDataplane second({.socket_path = socket, .generation = 8, .workers = 3, .start_time_ns = 1'700'000'000'500'000'000});
  second.registry().application("zebra", "animals");
  second.run_capture(scenario(), rules_folder());
  ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["dataplane"]["restarts"] == 1; }));
  ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["capture"]["packets"] == 2 * 4838; }));
  const Json status = daemon.status();
  EXPECT_EQ(status["gaps"][0]["from"], "1700000000.000000000");
  EXPECT_EQ(status["gaps"][0]["to"], "1700000000.500000000");
  EXPECT_TRUE(daemon.becomes([](const Json& now) { return now["handshake_totals"]["attempts"] == 2 * 164; }));

  const Json report = inspected();
  const Json tls_before = report["applications"], tls_after = daemon.get("/api/v1/protocols").json()["applications"];
  const auto packets = [](const Json& list, const std::string& name) {
    for (const Json& row : list) {
      if (row["name"] == name) return row["packets"].get<uint64_t>();
    }
    return uint64_t{0};
  };
  EXPECT_EQ(packets(tls_after, "tls"), 2 * packets(tls_before, "tls"));
  const Json hierarchy = daemon.get("/api/v1/protocols").json()["protocol_hierarchy"];
  EXPECT_EQ(hierarchy[0]["packets"], 2 * report["protocol_hierarchy"][0]["packets"].get<uint64_t>());
  EXPECT_EQ(hierarchy[0]["children"].size(), report["protocol_hierarchy"][0]["children"].size());
}

TEST(Daemon, ComesBackAfterItsOwnEndWithTotalsThatContinue) {
  Watched watched;
  watched.dataplane.run_capture(scenario(), rules_folder());
  DaemonConfig config = config_in(watched.folder);
  config.unwanted = {"bittorrent"};
  const auto histograms = [](const RunningDaemon& daemon) {
    std::vector<std::string> lines;
    std::istringstream metrics(daemon.get("/metrics").body);
    for (std::string line; std::getline(metrics, line);) {
      if (line.starts_with("wirewatch_syn_ack_rtt_seconds")) lines.push_back(line);
    }
    return lines;
  };
  Json before, handshakes, alerts;
  std::vector<std::string> metrics;
  {
    const RunningDaemon daemon(config);
    ASSERT_TRUE(daemon.connects());
    ASSERT_TRUE(daemon.becomes([](const Json& status) { return status["handshake_totals"]["attempts"] == 164; }));
    before = daemon.get("/api/v1/protocols").json();
    handshakes = daemon.get("/api/v1/handshakes?window=1h&top=10000").json();
    alerts = daemon.get("/api/v1/alerts?top=10000").json();
    metrics = histograms(daemon);
  }
  const RunningDaemon again(config);
  ASSERT_TRUE(again.connects());
  EXPECT_EQ(again.status()["capture"]["packets"], 4838);
  EXPECT_EQ(again.get("/api/v1/protocols").json()["protocol_hierarchy"], before["protocol_hierarchy"]);
  EXPECT_EQ(again.get("/api/v1/protocols").json()["applications"], before["applications"]);
  EXPECT_EQ(again.status()["handshake_totals"]["attempts"], 164);
  const Json shown = again.get("/api/v1/handshakes?window=1h&top=10000").json();
  for (const char* part : {"handshake_totals", "handshake_summary", "handshake_ports"}) EXPECT_EQ(shown[part], handshakes[part]) << part;
  EXPECT_EQ(shown["handshakes"].size(), 164u);
  EXPECT_GT(alerts["unwanted"].size(), 0u);
  EXPECT_EQ(again.get("/api/v1/alerts?top=10000").json()["unwanted"], alerts["unwanted"]);
  EXPECT_GT(metrics.size(), 20u);
  EXPECT_EQ(histograms(again), metrics) << "a counter that goes back looks like a burst to Prometheus";
}

/// What a service manager listens on.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval patience{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "60000", 1);
  }
  ~NotifySocket() {
    ::unsetenv("NOTIFY_SOCKET");
    ::unsetenv("WATCHDOG_USEC");
  }
  /// Waits for a message that begins so; the message, or nothing after ten seconds without any.
  std::string wait_for(std::string_view begin) {
    std::array<char, 1024> text;
    for (;;) {
      const ssize_t length = ::recv(fd_.get(), text.data(), text.size(), 0);
      if (length <= 0) return {};
      const std::string message(text.data(), static_cast<size_t>(length));
      if (message.starts_with(begin)) return message;
    }
  }

 private:
  FileDescriptor fd_;
};

TEST(Daemon, TellsItsServiceManagerThatItIsReadyAliveAndEnding) {
  Watched watched;
  NotifySocket manager(watched.folder.file("notify"));
  {
    const RunningDaemon daemon(config_in(watched.folder));
    EXPECT_EQ(manager.wait_for("READY=1"), "READY=1");
    EXPECT_EQ(manager.wait_for("WATCHDOG=1"), "WATCHDOG=1");
    EXPECT_EQ(manager.wait_for("WATCHDOG=1"), "WATCHDOG=1") << "again and again";
    EXPECT_NE(manager.wait_for("STATUS=").find("packets/s"), std::string::npos);
  }
  EXPECT_EQ(manager.wait_for("STOPPING=1"), "STOPPING=1");
}

}  // namespace
}  // namespace wirewatch
