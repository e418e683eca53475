// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch capture`, run as a shell runs it: what it asks of the daemon, what it says of the answers, what it refuses.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/cli/live_answers.h"
#include "tests/cli/program.h"

namespace wirewatch::testing {
namespace {

using nlohmann::json;

std::string with_schema(const std::string& members) {
  return R"({"schema": "wirewatch/api/1", "timestamp": "1795380000.000000000", )" + members + "}";
}

constexpr const char* kSession = R"({"spec": {"name": "torrents", "filter": "flow.application == \"bittorrent\"",
    "max_bytes": 1073741824, "trigger": {"unwanted": ["bittorrent"]}}, "state": "stopped",
    "trigger": "on unwanted bittorrent for 1 min", "stop_reason": "bytes", "stopped_because": "it wrote 1 GiB, as much as it may",
    "started": "1795380000.000000000", "stopped": "1795380060.000000000",
    "counts": {"matched": 1300, "ring_full": 7, "in_ring": 3, "received": 1290, "not_matching": 40, "in_memory": 0, "forgotten": 50,
               "after_limit": 0, "write_failed": 0, "written": 1200, "from_before": 200, "deleted": 0, "written_bytes": 1048576},
    "files": [{"name": "torrents_00001_20261122204005.pcapng", "bytes": 1048576, "packets": 1200,
               "first": "1795380000.250000000", "last": "1795380059.500000000"}],
    "firings": [{"at": "1795380005.000000000", "why": "bittorrent from 10.20.0.60:55671 to 203.0.113.7:6881",
                 "file": "torrents_00001_20261122204005.pcapng", "from_before": 200}],
    "fired": 1, "suppressed": 2})";

std::string one_session() { return with_schema(std::string("\"capture\": ") + kSession); }

Outcome capture(const ApiStub& stub, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "capture");
  return run({.arguments = std::move(arguments), .environment = {{"WIREWATCH_API", stub.socket().string()}, {"COLUMNS", "120"}}});
}

struct Started {
  std::vector<std::string> arguments;
  json body;
};

TEST(CaptureStart, SaysInJsonWhatItsOptionsSay) {
  const std::vector<Started> cases{
      {{"x"}, {{"name", "x"}}},
      {{"x", "-Y", "tcp.port == 111"}, {{"name", "x"}, {"filter", "tcp.port == 111"}}},
      {{"x", "--bpf", "tcp port 111", "--port", "eth1"}, {{"name", "x"}, {"bpf", "tcp port 111"}, {"port", "eth1"}}},
      {{"x", "--snap", "96", "--max-bytes", "1G", "--max-packets", "5", "--for", "1m30s"},
       {{"name", "x"}, {"snap_length", 96}, {"max_bytes", 1 << 30}, {"max_packets", 5}, {"max_seconds", 90}}},
      {{"x", "--for", "1500ms"}, {{"name", "x"}, {"max_seconds", 2}}},
      {{"x", "--ring-size", "100M", "--ring-time", "1h", "--ring-files", "24", "--directory", "d"},
       {{"name", "x"}, {"directory", "d"}, {"ring", {{"file_bytes", 100 << 20}, {"file_seconds", 3600}, {"files", 24}}}}},
      {{"x", "--on-unwanted", "bittorrent,mining", "--before", "30s", "--for", "60s"},
       {{"name", "x"}, {"before_seconds", 30}, {"trigger", {{"unwanted", {"bittorrent", "mining"}}, {"for_s", 60}}}}},
      {{"x", "--on-unwanted"}, {{"name", "x"}, {"trigger", {{"unwanted", json::array()}}}}},
      {{"x", "--on-rtt", "p99 > 50ms", "--window", "5m", "--on-port", "443", "--before-size", "8M"},
       {{"name", "x"}, {"before_bytes", 8 << 20}, {"trigger", {{"rtt", {{"percentile", 99.0}, {"above_ms", 50.0}, {"window", "5m"}, {"port", 443}}}}}}},
      {{"x", "--on-rtt", "p99.9>250us"}, {{"name", "x"}, {"trigger", {{"rtt", {{"percentile", 99.9}, {"above_ms", 0.25}}}}}}},
      {{"x", "--on-loss", "--at-most-every", "5m", "--keep", "3"},
       {{"name", "x"}, {"trigger", {{"loss", true}, {"at_most_every_s", 300}, {"most", 3}}}}},
      {{"x", "--every", "1h", "--for", "60s"}, {{"name", "x"}, {"trigger", {{"every_s", 3600}, {"for_s", 60}}}}},
      {{"x", "--calendar", "Mon..Fri 09:00"}, {{"name", "x"}, {"trigger", {{"calendar", "Mon..Fri 09:00"}}}}}};
  for (const Started& each : cases) {
    json body;
    ApiStub stub([&](const std::string&, const std::string& sent) {
      body = json::parse(sent);
      return http_answer(201, "application/json", one_session());
    });
    std::vector<std::string> arguments = each.arguments;
    arguments.insert(arguments.begin(), "start");
    const Outcome outcome = capture(stub, arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(body, each.body);
    EXPECT_EQ(stub.asked().front(), "POST /api/v1/captures HTTP/1.1");
  }
}

struct Refused {
  std::vector<std::string> arguments;
  const char* says;
};

TEST(Capture, RefusesWrongCommandLinesWithASentence) {
  const std::vector<Refused> cases{
      {{}, "wirewatch capture: a command is missing (start, stop, list, show, delete, download)"},
      {{"strat", "x"}, "wirewatch capture: unknown command 'strat'; did you mean 'start'?"},
      {{"start"}, "NAME is required"},
      {{"start", "x", "y"}, "unexpected argument 'y'"},
      {{"start", "x", "--fliter", "tcp"}, "unknown option '--fliter'; did you mean '--filter'?"},
      {{"start", "x", "-Y"}, "--filter needs a value"},
      {{"start", "x", "-Y", "tcp", "--bpf", "tcp"}, "--filter excludes --bpf"},
      {{"start", "x", "--snap", "0"}, "--snap: expected a whole number from 1 to 262144, not '0'"},
      {{"start", "x", "--snap", "1M"}, "--snap: expected a whole number"},
      {{"start", "x", "--max-bytes", "lots"}, "--max-bytes: expected a size such as 4096, 512K, 100M or 1.5G, not 'lots'"},
      {{"start", "x", "--max-bytes", "0"}, "--max-bytes: expected a size above 0, not '0'"},
      {{"start", "x", "--max-packets", "-1"}, "--max-packets: expected a whole number"},
      {{"start", "x", "--for", "soon"}, "--for: expected a time such as 50ms, 60s, 5m, 1h or 1h30m, not 'soon'"},
      {{"start", "x", "--for", "0s"}, "--for: expected a time above 0, not '0s'"},
      {{"start", "x", "--ring-size", "x"}, "--ring-size: expected a size"},
      {{"start", "x", "--ring-time", "10x"}, "--ring-time: expected a time"},
      {{"start", "x", "--ring-files", "3"}, "--ring-files needs --ring-size or --ring-time"},
      {{"start", "x", "--ring-files", "0", "--ring-size", "1M"}, "--ring-files: expected a whole number from 1 to 10000, not '0'"},
      {{"start", "x", "--before", "30s"}, "--before needs a trigger: --every, --calendar, --on-unwanted, --on-rtt or --on-loss"},
      {{"start", "x", "--before-size", "1M"}, "--before-size needs a trigger"},
      {{"start", "x", "--at-most-every", "5m"}, "--at-most-every needs a trigger"},
      {{"start", "x", "--keep", "5"}, "--keep needs a trigger"},
      {{"start", "x", "--every", "1h", "--on-loss"}, "a session has one trigger: --every, --calendar, --on-unwanted, --on-rtt or --on-loss"},
      {{"start", "x", "--on-loss", "--ring-size", "1M"}, "a session with a trigger makes a file a firing, and takes no --ring-size or --ring-time"},
      {{"start", "x", "--on-rtt", "slow"}, "expected a percentile from 1 to 100 and a limit, such as 'p99 > 50ms', not 'slow'"},
      {{"start", "x", "--on-rtt", "p101 > 50ms"}, "not 'p101 > 50ms'"},
      {{"start", "x", "--on-rtt", "p99 > 0ms"}, "not 'p99 > 0ms'"},
      {{"start", "x", "--on-rtt", "p99 < 5ms"}, "not 'p99 < 5ms'"},
      {{"start", "x", "--on-rtt", "p > 5ms"}, "not 'p > 5ms'"},
      {{"start", "x", "--window", "1m"}, "--window requires --on-rtt"},
      {{"start", "x", "--on-port", "443"}, "--on-port requires --on-rtt"},
      {{"start", "x", "--on-rtt", "p99 > 5ms", "--on-port", "0"}, "--on-port: expected a whole number from 1 to 65535, not '0'"},
      {{"start", "x", "--on-rtt", "p99 > 5ms", "--window", "2m"}, "--window: expected 1m, 5m or 1h, not '2m'"},
      {{"stop"}, "NAME is required"},
      {{"show"}, "NAME is required"},
      {{"show", "x", "y"}, "unexpected argument 'y'"},
      {{"list", "x"}, "unexpected argument 'x'"},
      {{"delete"}, "NAME is required"},
      {{"download"}, "NAME is required"},
      {{"download", "x", "../y", "-o", "/"}, "'../y' is not the name of a file of a session"},
      {{"download", "x", "--json"}, "unknown option '--json'"}};
  ApiStub stub([](const std::string&, const std::string&) { return json_answer(one_session()); });
  for (const Refused& each : cases) {
    const Outcome outcome = capture(stub, each.arguments);
    EXPECT_EQ(outcome.status, 2) << each.says;
    EXPECT_EQ(outcome.out, "") << each.says;
    EXPECT_NE(outcome.err.find(each.says), std::string::npos) << each.says << " in " << outcome.err;
  }
  EXPECT_TRUE(stub.asked().empty()) << "nothing of this reached the daemon";
}

TEST(Capture, SaysWhatTheDaemonFoundWrongAndNoWhenItSaysNo) {
  struct Said {
    unsigned http;
    int status;
  };
  for (const auto& [http, status] : {Said{400, 2}, Said{404, 1}, Said{409, 1}, Said{501, 1}, Said{503, 1}}) {
    ApiStub stub([http = http](const std::string&, const std::string&) { return problem_answer(http, "because"); });
    for (const char* command : {"start", "stop", "show", "delete", "download"}) {
      const Outcome outcome = capture(stub, {command, "x"});
      EXPECT_EQ(outcome.status, status) << command << http;
      EXPECT_EQ(outcome.err, "wirewatch capture " + std::string(command) + ": because\n");
    }
  }
}

TEST(Capture, EscapesNamesOnTheirWayIntoPaths) {
  ApiStub stub([](const std::string&, const std::string&) { return json_answer(one_session()); });
  capture(stub, {"show", "../x y"});
  capture(stub, {"stop", "a/b"});
  capture(stub, {"delete", "a?b"});
  capture(stub, {"download", "a", "../b", "-o", "-"});
  EXPECT_EQ(stub.asked(), (std::vector<std::string>{"GET /api/v1/captures/..%2Fx%20y HTTP/1.1", "POST /api/v1/captures/a%2Fb/stop HTTP/1.1",
                                                    "DELETE /api/v1/captures/a%3Fb HTTP/1.1",
                                                    "GET /api/v1/captures/a/files/..%2Fb HTTP/1.1"}));
}

TEST(CaptureShow, PutsEveryPacketInOnePlace) {
  ApiStub stub([](const std::string&, const std::string&) { return json_answer(one_session()); });
  EXPECT_EQ(capture(stub, {"show", "torrents"}).out,
            "  Session       torrents\n"
            "  State         stopped (bytes), begun 2026-11-22 20:40:00 UTC, ended 2026-11-22 20:41:00 UTC\n"
            "  Because       it wrote 1 GiB, as much as it may\n"
            "  Packets       flow.application == \"bittorrent\"\n"
            "  At most       1.00 GiB\n"
            "  Trigger       on unwanted bittorrent for 1 min\n"
            "  Fired         1 time, 2 occasions came too soon after\n"
            "  Matched       1,300 = 1,290 received + 3 on the way + 7 dropped: the ring was full\n"
            "  Received      1,290 = 1,200 written + 40 not matching after all + 50 forgotten before it\n"
            "  Written       1,200 packets, 1.00 MiB, 200 from before the trigger\n"
            "\n"
            "  Fired\n"
            "  At (UTC)                 Why                                                   From before\n"
            "  2026-11-22 20:40:05.000  bittorrent from 10.20.0.60:55671 to 203.0.113.7:6881          200\n"
            "\n"
            "  Files\n"
            "  Name                                  Packets     Bytes  First (UTC)              Last (UTC)\n"
            "  torrents_00001_20261122204005.pcapng    1,200  1.00 MiB  2026-11-22 20:40:00.250  2026-11-22 20:40:59.500\n");
}

TEST(CaptureList, HasARowForEachAndSaysHowFullTheDiskIs) {
  ApiStub stub([](const std::string&, const std::string&) {
    return json_answer(with_schema(std::string("\"captures\": [") + kSession + R"(], "disk": {"bytes": 1048576, "quota_bytes": 10737418240})"));
  });
  const std::string out = capture(stub, {"list"}).out;
  EXPECT_NE(out.find("torrents  stopped (bytes)    1,200  1.00 MiB     7      1"), std::string::npos) << out;
  EXPECT_NE(out.find("Files take 1.00 MiB of the 10.0 GiB they may."), std::string::npos) << out;
  ApiStub empty([](const std::string&, const std::string&) { return json_answer(with_schema(R"("captures": [])")); });
  EXPECT_NE(capture(empty, {"list"}).out.find("No capture session"), std::string::npos);
}

TEST(Capture, KeepsEscapeSequencesOfStrangersFromTheTerminal) {
  const std::string evil = with_schema(R"("captures": [{"spec": {"name": "\u001b[2J"}}], "capture": {"spec": {"name": "\u001b[2J", "filter": "\u0007"}})");
  ApiStub stub([&](const std::string&, const std::string&) { return json_answer(evil); });
  for (const auto& arguments : {std::vector<std::string>{"list"}, {"show", "x"}, {"start", "x"}, {"stop", "x"}}) {
    const std::string out = capture(stub, arguments).out;
    EXPECT_EQ(out.find('\x1b'), std::string::npos);
    EXPECT_EQ(out.find('\x07'), std::string::npos);
    EXPECT_NE(out.find("\\x1b[2J"), std::string::npos) << out;
  }
}

class Download : public ::testing::Test {
 protected:
  Download() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wirewatch-download-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
  }
  ~Download() override { std::filesystem::remove_all(folder); }
  static std::string text_of(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

  std::filesystem::path folder;
  const std::string bytes = std::string("\x0a\x0d\x0d\x0a", 4) + std::string(200'000, 'p');
  ApiStub stub{[this](const std::string& line, const std::string&) {
    if (line.find("/files/") != std::string::npos) return http_answer(200, "application/octet-stream", bytes);
    return json_answer(one_session());
  }};
};

TEST_F(Download, WritesTheSessionsFileUnderItsNameForItsOwnerOnly) {
  const Outcome outcome = capture(stub, {"download", "torrents", "-o", folder.string()});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const auto file = folder / "torrents_00001_20261122204005.pcapng";
  EXPECT_EQ(text_of(file), bytes);
  struct stat info {};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const Outcome again = capture(stub, {"download", "torrents", "-o", folder.string()});
  EXPECT_EQ(again.status, 2) << "what is there is not written over unasked";
  EXPECT_NE(again.err.find("already"), std::string::npos) << again.err;
}

TEST_F(Download, WritesToAFileOrToStandardOutput) {
  const auto file = folder / "out.pcapng";
  std::ofstream(file) << "something else";
  EXPECT_EQ(capture(stub, {"download", "torrents", "-o", file.string()}).status, 0);
  EXPECT_EQ(text_of(file), bytes);
  const Outcome piped = capture(stub, {"download", "torrents", "torrents_00001_20261122204005.pcapng", "-o", "-"});
  EXPECT_EQ(piped.status, 0);
  EXPECT_EQ(piped.out, bytes);
  EXPECT_EQ(piped.err, "");
}

TEST_F(Download, LeavesNothingBehindWhenTheDaemonSaysNo) {
  ApiStub none([](const std::string&, const std::string&) { return problem_answer(404, "'x' has no file 'y'"); });
  EXPECT_EQ(capture(none, {"download", "x", "y", "-o", (folder / "out").string()}).status, 1);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
}

TEST_F(Download, TakesNoNameFromTheDaemonThatLeadsElsewhere) {
  ApiStub evil([](const std::string&, const std::string&) {
    return json_answer(with_schema(R"("capture": {"files": [{"name": "../../etc/cron.d/x"}]})"));
  });
  const Outcome outcome = capture(evil, {"download", "x", "-o", folder.string()});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(evil.asked().size(), 1u) << "and does not even ask for it";
}

}  // namespace
}  // namespace wirewatch::testing
