// SPDX-License-Identifier: BSD-3-Clause
// Capture sessions of the real daemon on the real data plane, which replays the scenario: what tshark reads in the files is
// what tshark selects from the scenario, and neither survives the other's death the worse.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <sstream>

#include "tests/daemon/scene.h"

extern char** environ;

namespace wirewatch {
namespace {

using Json = nlohmann::json;

/// What a program prints; nothing when it ends with anything but 0.
std::optional<std::string> output_of(const std::string& command) {
  FILE* const pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 4096> piece;
  while (const size_t got = std::fread(piece.data(), 1, piece.size(), pipe)) text.append(piece.data(), got);
  return ::pclose(pipe) == 0 ? std::optional(text) : std::nullopt;
}

bool has_tshark() { return output_of("tshark --version").has_value(); }

/// One line for each frame, by what does not depend on where it stands in a file.
std::optional<std::string> frames(const std::string& path, const std::string& filter = {}) {
  return output_of("tshark -r '" + path + "' -T fields -e frame.time_epoch -e frame.len -e ip.src -e ip.dst -e tcp.seq_raw -e udp.srcport" +
                   (filter.empty() ? "" : " -Y '" + filter + "'"));
}

class CaptureSessionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* const program = std::getenv("WIREWATCH_DATAPLANE");
    if (program == nullptr) GTEST_SKIP() << "$WIREWATCH_DATAPLANE does not name the data plane";
    if (!has_tshark()) GTEST_SKIP() << "there is no tshark";
    folder.write("w.toml",
                 "[dataplane]\nmax_flows = 20000\nmax_pending_syns = 20000\nmax_table_rows = 20000\nhugepages = \"off\"\ncapture_ring_mib = 4\n"
                 "publish_interval_ms = 100\n[[dataplane.port]]\nname = \"replayed\"\nsource = \"replay\"\n");
    config = config_in(folder);
    config.path = folder.file("w.toml");
    config.dataplane = DataplaneMode::Start;
    config.dataplane_program = program;
    config.capture_directory = folder.file("captures");
  }

  static bool settles(const RunningDaemon& daemon, const std::function<bool(const Json&)>& wanted) {
    for (int i = 0; i < 6; ++i) {
      if (daemon.becomes(wanted)) return true;
    }
    return false;
  }
  static bool runs(const RunningDaemon& daemon) {
    return settles(daemon, [](const Json& status) { return status["rules"]["in_force"] == true && status["ports"].size() == 1; });
  }
  static Json session(const RunningDaemon& daemon, const std::string& name) {
    return daemon.get("/api/v1/captures/" + name).json()["capture"];
  }
  static bool becomes(const RunningDaemon& daemon, const std::string& name, const std::function<bool(const Json&)>& wanted) {
    return settles(daemon, [&](const Json&) { return wanted(session(daemon, name)); });
  }
  /// Started, and the data plane hands its packets on.
  static void start(const RunningDaemon& daemon, const Json& spec) {
    const HttpAnswer started = daemon.post("/api/v1/captures", spec.dump());
    ASSERT_EQ(started.status, 201u) << started.body;
    ASSERT_TRUE(becomes(daemon, spec["name"], [](const Json& each) { return !each.contains("problem"); })) << session(daemon, spec["name"]);
  }
  static void replay(const RunningDaemon& daemon, double speed) {
    const uint64_t before = daemon.status()["capture"]["packets"];
    const HttpAnswer started = daemon.post("/api/v1/replay", Json{{"path", scenario()}, {"speed", speed}}.dump());
    ASSERT_EQ(started.status, 202u) << started.body;
    ASSERT_TRUE(settles(daemon, [&](const Json& status) { return status["capture"]["packets"] == before + 4838; }));
  }
  std::string download(const RunningDaemon& daemon, const std::string& name, size_t index = 0) const {
    const std::string file = session(daemon, name)["files"][index]["name"];
    const HttpAnswer answer = daemon.get("/api/v1/captures/" + name + "/files/" + file);
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.type, "application/octet-stream");
    folder.write("got.pcapng", answer.body);
    return folder.file("got.pcapng");
  }
  static void expect_balance(const Json& capture) {
    const Json& counts = capture["counts"];
    const auto of = [&](const char* key) { return counts[key].get<uint64_t>(); };
    EXPECT_EQ(of("matched"), of("ring_full") + of("in_ring") + of("received")) << counts;
    EXPECT_EQ(of("received"), of("not_matching") + of("in_memory") + of("forgotten") + of("after_limit") + of("write_failed") + of("written")) << counts;
    uint64_t packets = of("deleted");
    for (const Json& file : capture["files"]) packets += file["packets"].get<uint64_t>();
    EXPECT_EQ(of("written"), packets) << capture;
  }

  ScratchFolder folder;
  DaemonConfig config;
};

TEST_F(CaptureSessionsTest, SaveExactlyTheFramesThatTsharkSelects) {
  const RunningDaemon daemon(config);
  ASSERT_TRUE(runs(daemon));
  const std::array<std::pair<const char*, Json>, 4> sessions{
      {{"tcp.port == 111", {{"name", "portmap"}, {"filter", "tcp.port == 111"}}},
       {"udp.port == 53 && ip", {{"name", "dns"}, {"bpf", "ip and udp port 53"}}},
       {"tcp.flags.syn == 1", {{"name", "syn"}, {"filter", "tcp.flags.syn == 1"}, {"port", "replayed"}}},
       {"", {{"name", "all"}}}}};
  for (const auto& [filter, spec] : sessions) start(daemon, spec);
  replay(daemon, 0);
  for (const auto& [filter, spec] : sessions) {
    const std::string name = spec["name"];
    const auto wanted = frames(scenario(), filter);
    ASSERT_TRUE(wanted);
    const auto lines = static_cast<uint64_t>(std::ranges::count(*wanted, '\n'));
    ASSERT_GT(lines, 0u) << filter;
    EXPECT_TRUE(becomes(daemon, name, [&](const Json& each) { return each["counts"]["written"] == lines; })) << session(daemon, name);
    ASSERT_EQ(daemon.post("/api/v1/captures/" + name + "/stop").status, 200u);
    const Json stopped = session(daemon, name);
    EXPECT_EQ(stopped["stop_reason"], "asked");
    expect_balance(stopped);
    const auto got = frames(download(daemon, name));
    ASSERT_TRUE(got) << "tshark finds fault with the file of " << name;
    EXPECT_EQ(*got, *wanted) << name;
  }
  const Json list = daemon.get("/api/v1/captures").json();
  EXPECT_EQ(list["captures"].size(), sessions.size());
  EXPECT_GT(list["disk"]["bytes"], 1'000'000);
  EXPECT_NE(daemon.get("/metrics").body.find("wirewatch_capture_packets_total{stage=\"written\"} "), std::string::npos);
}

TEST_F(CaptureSessionsTest, KeepThePacketsFromBeforeBitTorrentWasNoticed) {
  const RunningDaemon daemon(config);
  ASSERT_TRUE(runs(daemon));
  // Whoever serves it, and everything there was before: a flow has its name only once a payload showed it.
  start(daemon, {{"name", "torrents"}, {"before_seconds", 30}, {"trigger", {{"unwanted", {"bittorrent"}}, {"for_s", 600}}}});
  replay(daemon, 2);
  const auto all_came = [](const Json& each) {
    return each["fired"] == 1 && each["counts"].value("matched", 0) == 4838 && each["counts"].value("in_ring", 0) == 0;
  };
  ASSERT_TRUE(becomes(daemon, "torrents", all_came)) << session(daemon, "torrents");
  ASSERT_EQ(daemon.post("/api/v1/captures/torrents/stop").status, 200u);
  const Json stopped = session(daemon, "torrents");
  expect_balance(stopped);
  const Json firing = stopped["firings"][0];
  EXPECT_TRUE(firing["why"].get<std::string>().starts_with("bittorrent")) << firing;
  const uint64_t before = firing["from_before"];
  EXPECT_GT(before, 100u);
  EXPECT_EQ(stopped["counts"]["from_before"], before);
  EXPECT_EQ(daemon.get("/api/v1/alerts").json()["unwanted"][0]["application"], "bittorrent") << "what a session waits for is unwanted";

  const std::string file = download(daemon, "torrents");
  const auto got = frames(file), all = frames(scenario());
  ASSERT_TRUE(got && all);
  EXPECT_TRUE(all->ends_with(*got)) << "every frame from the first kept one on";
  // The transfer's own SYN came before any payload could say what it is.
  const std::string syn = "tcp.port == 6881 && tcp.flags.syn == 1 && tcp.flags.ack == 0";
  const auto first = frames(file, syn);
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->empty()) << "BitTorrent's handshake is in the file";
  EXPECT_EQ(first, frames(scenario(), syn));
}

TEST_F(CaptureSessionsTest, GoOnWhenTheDataPlaneIsKilledAndComesBack) {
  const RunningDaemon daemon(config);
  ASSERT_TRUE(runs(daemon));
  start(daemon, {{"name", "portmap"}, {"filter", "tcp.port == 111"}});
  replay(daemon, 0);
  ASSERT_TRUE(becomes(daemon, "portmap", [](const Json& each) { return each["counts"]["written"] == 432; }));
  ASSERT_EQ(::kill(daemon.status()["dataplane"]["pid"].get<pid_t>(), SIGKILL), 0);
  ASSERT_TRUE(becomes(daemon, "portmap", [](const Json& each) { return each.contains("problem"); }));
  ASSERT_TRUE(settles(daemon, [](const Json& status) { return status["dataplane"]["restarts"] == 1; }));
  ASSERT_TRUE(runs(daemon));
  ASSERT_TRUE(becomes(daemon, "portmap", [](const Json& each) { return !each.contains("problem"); })) << session(daemon, "portmap");
  EXPECT_EQ(session(daemon, "portmap")["state"], "recording");
  replay(daemon, 0);
  ASSERT_TRUE(becomes(daemon, "portmap", [](const Json& each) { return each["counts"]["written"] == 2 * 432; })) << session(daemon, "portmap");
  ASSERT_EQ(daemon.post("/api/v1/captures/portmap/stop").status, 200u);
  expect_balance(session(daemon, "portmap"));
  EXPECT_EQ(output_of("tshark -r " + download(daemon, "portmap") + " -T fields -e frame.number | wc -l"), "864\n");
}

struct Wrong {
  const char* body;
  unsigned status;
  const char* says;
};

TEST_F(CaptureSessionsTest, RefuseWhatIsWrongWithASentence) {
  config.dataplane = DataplaneMode::Attach;  // none is needed to say no
  config.most_captures = 2;
  const RunningDaemon daemon(config);
  const Wrong wrong[] = {
      {"", 400, "JSON"},
      {"name=x", 400, "JSON"},
      {"[]", 400, "object"},
      {"{}", 400, "needs a 'name'"},
      {R"({"name": ""})", 400, "'name' must be"},
      {R"({"name": 7})", 400, "'name' must be"},
      {R"({"name": null})", 400, "'name' must be"},
      {R"({"name": "../x"})", 400, "'name' must be"},
      {R"({"name": ".x"})", 400, "'name' must be"},
      {R"({"name": "a/b"})", 400, "'name' must be"},
      {R"({"name": "a\u0000b"})", 400, "'name' must be"},
      {R"({"name": "x", "directory": "/etc"})", 400, "'directory' must be"},
      {R"({"name": "x", "directory": ".."})", 400, "'directory' must be"},
      {R"({"name": "x", "fliter": "tcp"})", 400, "did you mean 'filter'?"},
      {R"({"name": "x", "filter": "tcp.prot == 1"})", 400, "did you mean 'tcp.port'?"},
      {R"({"name": "x", "filter": "tcp.port =="})", 400, "'filter'"},
      {R"({"name": "x", "bpf": "port port"})", 400, "'bpf'"},
      {R"({"name": "x", "filter": "tcp", "bpf": "tcp"})", 400, "not both"},
      {R"({"name": "x", "snap_length": 0})", 400, "'snap_length'"},
      {R"({"name": "x", "snap_length": "all"})", 400, "'snap_length'"},
      {R"({"name": "x", "max_bytes": -1})", 400, "'max_bytes'"},
      {R"({"name": "x", "max_bytes": 1.5})", 400, "'max_bytes'"},
      {R"({"name": "x", "max_packets": "1"})", 400, "'max_packets'"},
      {R"({"name": "x", "max_seconds": 99999999999})", 400, "'max_seconds'"},
      {R"({"name": "x", "ring": 5})", 400, "'ring'"},
      {R"({"name": "x", "ring": {"files": 3}})", 400, "'file_bytes' or 'file_seconds'"},
      {R"({"name": "x", "ring": {"file_bytes": 1}})", 400, "'file_bytes'"},
      {R"({"name": "x", "before_seconds": 30})", 400, "need a 'trigger'"},
      {R"({"name": "x", "trigger": {}})", 400, "exactly one of"},
      {R"({"name": "x", "trigger": {"loss": true, "every_s": 60}})", 400, "exactly one of"},
      {R"({"name": "x", "trigger": {"loss": false}})", 400, "'loss' must be true"},
      {R"({"name": "x", "trigger": {"calendar": "sometimes"}})", 400, "calendar"},
      {R"({"name": "x", "trigger": {"every_s": 60, "for_s": 60}})", 400, "would never stop"},
      {R"({"name": "x", "trigger": {"unwanted": "bittorrent"}})", 400, "'unwanted' must be a list"},
      {R"({"name": "x", "trigger": {"rtt": {"percentile": 101, "above_ms": 5}}})", 400, "'percentile'"},
      {R"({"name": "x", "trigger": {"rtt": {"window": "2m", "above_ms": 5}}})", 400, "1m, 5m or 1h"},
      {R"({"name": "x", "trigger": {"rtt": {}}})", 400, "'above_ms'"},
      {R"({"name": "x", "trigger": {"loss": true}, "ring": {"file_bytes": 1000000}})", 400, "takes no 'ring'"}};
  for (const Wrong& each : wrong) {
    const HttpAnswer answer = daemon.post("/api/v1/captures", each.body);
    EXPECT_EQ(answer.status, each.status) << each.body << answer.body;
    EXPECT_EQ(answer.type, "application/problem+json") << each.body;
    const std::string detail = answer.json()["detail"];
    EXPECT_NE(detail.find(each.says), std::string::npos) << each.body << ": " << detail;
  }
  EXPECT_EQ(daemon.get("/api/v1/captures").json()["captures"].size(), 0u);
  EXPECT_FALSE(std::filesystem::exists(folder.file("captures") + "/x"));

  ASSERT_EQ(daemon.post("/api/v1/captures", R"({"name": "x"})").status, 201u);
  EXPECT_EQ(daemon.post("/api/v1/captures", R"({"name": "x"})").status, 409u) << "the name is taken";
  ASSERT_EQ(daemon.post("/api/v1/captures", R"({"name": "y"})").status, 201u);
  EXPECT_EQ(daemon.post("/api/v1/captures", R"({"name": "z"})").status, 409u) << "that would be one too many";
  EXPECT_EQ(daemon.get("/api/v1/captures/nobody").status, 404u);
  EXPECT_EQ(daemon.post("/api/v1/captures/nobody/stop").status, 404u);
  EXPECT_EQ(ask(config.api_socket, "DELETE", "/api/v1/captures/nobody").status, 404u);
  for (const char* file : {"session.json", "passwd", "x_00009_20260101000000.pcapng"}) {
    EXPECT_EQ(daemon.get("/api/v1/captures/x/files/" + std::string(file)).status, 404u) << file;
  }
  EXPECT_EQ(ask(config.api_socket, "DELETE", "/api/v1/captures/x").status, 200u);
  EXPECT_EQ(daemon.get("/api/v1/captures/x").status, 404u);
  EXPECT_FALSE(std::filesystem::exists(folder.file("captures") + "/x"));
}

TEST_F(CaptureSessionsTest, FollowNoLinkThatStandsInAFilesPlace) {
  config.dataplane = DataplaneMode::Attach;
  const RunningDaemon daemon(config);
  ASSERT_EQ(daemon.post("/api/v1/captures", R"({"name": "x"})").status, 201u);
  const Json files = session(daemon, "x")["files"];
  ASSERT_EQ(files.size(), 1u);
  const std::string name = files[0]["name"], path = folder.file("captures") + "/x/" + name;
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(folder.file("captures").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  std::filesystem::remove(path);
  std::filesystem::create_symlink("/etc/passwd", path);
  EXPECT_EQ(daemon.get("/api/v1/captures/x/files/" + name).status, 404u);
}

TEST_F(CaptureSessionsTest, AreListedAsInterruptedAfterTheDaemonWasKilled) {
  const char* const program = std::getenv("WIREWATCH_PROGRAM");
  if (program == nullptr) GTEST_SKIP() << "$WIREWATCH_PROGRAM does not name the program";
  folder.write("whole.toml", "[dataplane]\nmax_flows = 20000\nmax_pending_syns = 20000\nmax_table_rows = 20000\nhugepages = \"off\"\n"
                             "capture_ring_mib = 4\ncontrol_socket = \"" + config.dataplane_socket + "\"\n[[dataplane.port]]\nname = \"replayed\"\nsource = \"replay\"\n"
                             "[control]\napi_socket = \"" + config.api_socket + "\"\ncapture_directory = \"" + config.capture_directory +
                             "\"\ndataplane_program = \"" + config.dataplane_program + "\"\nrules = \"" + rules_folder() + "\"\n");
  const std::string toml = folder.file("whole.toml");
  std::array<const char*, 5> arguments{program, "run", "--config", toml.c_str(), nullptr};
  pid_t pid = 0;
  ASSERT_EQ(::posix_spawn(&pid, program, nullptr, nullptr, const_cast<char* const*>(arguments.data()), environ), 0);
  const auto wait_for = [&](const std::string& target, const std::function<bool(const Json&)>& wanted) {
    for (int i = 0; i < 6000; ++i) {
      const Json answer = ask(config.api_socket, "GET", target).json();
      if (answer.is_object() && wanted(answer)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  EXPECT_TRUE(wait_for("/api/v1/status", [](const Json& status) { return status.value("ports", Json::array()).size() == 1; }));
  EXPECT_EQ(ask(config.api_socket, "POST", "/api/v1/captures", R"({"name": "all"})").status, 201u);
  EXPECT_TRUE(wait_for("/api/v1/captures/all", [](const Json& each) { return !each["capture"].contains("problem"); }));
  EXPECT_EQ(ask(config.api_socket, "POST", "/api/v1/replay", Json{{"path", scenario()}, {"speed", 5}}.dump()).status, 202u);
  EXPECT_TRUE(wait_for("/api/v1/captures/all", [](const Json& each) { return each["capture"]["counts"]["written"] > 1000; }));
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);

  config.dataplane = DataplaneMode::Attach;
  const RunningDaemon again(config);
  const Json found = session(again, "all");
  EXPECT_EQ(found["state"], "stopped");
  EXPECT_EQ(found["stop_reason"], "interrupted");
  const std::string path = download(again, "all");
  const auto got = output_of("tshark -r " + path + " -T fields -e frame.number | wc -l");
  ASSERT_TRUE(got) << "a cut last block at most";
  EXPECT_GE(std::stoul(*got), 500u);
  // The data plane outlives the daemon that started it; this test began it and ends it.
  ASSERT_TRUE(again.connects());
  ::kill(again.status()["dataplane"]["pid"].get<pid_t>(), SIGKILL);
}

}  // namespace
}  // namespace wirewatch
