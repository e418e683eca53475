// SPDX-License-Identifier: BSD-3-Clause
// Commands that ask the daemon, run as a shell runs them, against one that answers from a table.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/cli/live_answers.h"
#include "tests/cli/program.h"

namespace wirewatch::testing {
namespace {

Outcome ask(const ApiStub& stub, std::vector<std::string> arguments) {
  return run({.arguments = std::move(arguments), .environment = {{"WIREWATCH_API", stub.socket().string()}}});
}

TEST(LiveCommands, PrintTheDaemonsDocumentUnchangedWithJson) {
  ApiStub stub(live_daemon());
  EXPECT_EQ(ask(stub, {"handshakes", "--json"}).out, handshakes_answer() + "\n");
  EXPECT_EQ(ask(stub, {"alerts", "--json"}).out, alerts_answer() + "\n");
  EXPECT_EQ(ask(stub, {"destinations", "--json"}).out, destinations_answer(0) + "\n");
}

struct Asked {
  std::vector<std::string> arguments;
  const char* request;
};

TEST(LiveCommands, AskWhatTheirOptionsSay) {
  for (const Asked& each :
       std::vector<Asked>{{{"status"}, "GET /api/v1/status HTTP/1.1"},
                          {{"protocols", "--top", "3"}, "GET /api/v1/protocols HTTP/1.1"},
                          {{"destinations", "--port", "111", "--sort", "bytes"},
                           "GET /api/v1/destinations?top=10&port=111&sort=bytes HTTP/1.1"},
                          {{"handshakes", "--window", "5m", "--top", "3"},
                           "GET /api/v1/handshakes?top=3&window=5m HTTP/1.1"},
                          {{"flows", "--application", "a&b c"},
                           "GET /api/v1/flows?top=10&sort=recent&application=a%26b%20c HTTP/1.1"},
                          {{"alerts"}, "GET /api/v1/alerts?top=10 HTTP/1.1"},
                          {{"rules", "reload"}, "POST /api/v1/rules/reload HTTP/1.1"}}) {
    ApiStub stub(live_daemon());
    ask(stub, each.arguments);
    ASSERT_FALSE(stub.asked().empty()) << each.request;
    EXPECT_EQ(stub.asked().front(), each.request);
  }
}

TEST(LiveCommands, SayWhatToStartWhenNoDaemonAnswers) {
  for (const char* command :
       {"status", "top", "protocols", "destinations", "handshakes", "flows", "alerts"}) {
    const Outcome outcome = run({.arguments = {command, "--socket", "/nonexistent/api.sock"}});
    EXPECT_EQ(outcome.status, 2) << command;
    EXPECT_EQ(outcome.out, "") << command;
    EXPECT_NE(outcome.err.find("start one with 'wirewatch run'"), std::string::npos) << outcome.err;
  }
}

TEST(LiveCommands, PassOnWhatTheDaemonSaysNoTo) {
  ApiStub stub([](const std::string&, const std::string&) {
    return problem_answer(503, "the data plane is not there");
  });
  const Outcome outcome = ask(stub, {"flows"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "wirewatch flows: the data plane is not there\n");
}

TEST(LiveCommands, KeepEscapeSequencesOfStrangersFromTheTerminal) {
  ApiStub stub([](const std::string&, const std::string&) {
    return json_answer(
        R"({"schema": "wirewatch/api/1", "flow_count": 1, "flows": [{"host": "\u001b[2Jevil\u0007"}]})");
  });
  const Outcome outcome =
      run({.arguments = {"flows"},
           .environment = {{"WIREWATCH_API", stub.socket().string()}, {"COLUMNS", "200"}}});
  EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos);
  EXPECT_NE(outcome.out.find("\\x1b[2Jevil\\x07"), std::string::npos);
}

TEST(Status, SaysWhatRunsWhatIsWatchedAndWhatWasLost) {
  ApiStub stub(live_daemon());
  EXPECT_EQ(ask(stub, {"status"}).out,
            "  Control       Wirewatch 0.1.0, up 2 min 05 s, 20.0 MiB\n"
            "  Data plane    running, 2 workers, 97.0 % idle, since 2026-11-22 20:40:00 UTC\n"
            "  Port          eth1 (afpacket), link up\n"
            "                stamped by the kernel to 1 ns, at most 50 ns off (follows the\n"
            "                system clock)\n"
            "                lost: kernel_drops 7\n"
            "  Packets       1,000, 977 KiB since 2026-11-22 20:40:00 UTC\n"
            "  Now           1,000 packets/s, 8.00 Mbit/s, 12.0 handshakes/s\n"
            "  Connections   40 tried, 38 established, p50 5.36 ms, p99 50.9 ms\n"
            "  Alerts        1 unwanted flow: 'wirewatch alerts'\n"
            "  Rules         SHA-256 b6ecc8043bbc492f in force\n"
            "  Not watched   2026-11-22 20:41:40 UTC to 2026-11-22 20:41:41 UTC: the data\n"
            "                plane ended with signal 9\n");
}

TEST(Handshakes, LookAsInspectPrintsThem) {
  ApiStub stub(live_daemon());
  const std::string out = ask(stub, {"handshakes"}).out;
  for (const char* line :
       {"1  How long do connections take to set up?", "  Attempts      12: 11 established, 1 refused\n",
        "10.20.0.30:443", "All of this is about the last minute.", "Most recent connections",
        "20:40:01.250  10.30.0.11:46456  10.20.0.30:443  5.36 ms", "unsteady\n", "  Left out      1 timed while a clock was stepped",
        "  Clock         eth1: stamped by the nic to 1 ns, at most 50 ns off (UTC)"})
    EXPECT_NE(out.find(line), std::string::npos) << line << " in\n" << out;
}

TEST(Destinations, PutTheInitiatorsViewBelow) {
  ApiStub stub(live_daemon());
  const std::string out = ask(stub, {"destinations"}).out;
  EXPECT_NE(out.find("tcp/443"), std::string::npos) << out;
  EXPECT_NE(out.find("Who opened connections to whom"), std::string::npos) << out;
}

TEST(Protocols, SayWhatIsUnwantedBelow) {
  ApiStub stub(live_daemon());
  const std::string out = ask(stub, {"protocols"}).out;
  EXPECT_NE(out.find("eth"), std::string::npos) << out;
  EXPECT_NE(out.find("10.20.0.60:55671  203.0.113.7:6881  bittorrent"), std::string::npos) << out;
}

TEST(Alerts, SayWhoWhomWhenAndHowMuch) {
  ApiStub stub(live_daemon());
  const std::string out = ask(stub, {"alerts"}).out;
  EXPECT_NE(out.find("20:40:00.750  bittorrent   10.20.0.60:55671  203.0.113.7:6881  428 KiB"),
            std::string::npos)
      << out;
}

TEST(Replay, HandsTheDaemonTheWholePathAndTheSpeed) {
  std::string body;
  ApiStub stub([&body](const std::string&, const std::string& sent) {
    body = sent;
    return http_answer(202, "application/json",
                       R"({"schema": "wirewatch/api/1", "replay": {"state": "running"}})");
  });
  const auto capture = toy_capture("replayed.cap");
  EXPECT_EQ(ask(stub, {"replay", capture.string(), "--speed", "2.5x"}).status, 0);
  EXPECT_EQ(nlohmann::json::parse(body), (nlohmann::json{{"path", capture.string()}, {"speed", 2.5}}));
  ask(stub, {"replay", capture.string(), "--speed", "max"});
  EXPECT_EQ(nlohmann::json::parse(body)["speed"], 0.0);
  EXPECT_EQ(ask(stub, {"replay", capture.string(), "--speed", "-1"}).status, 2);
  EXPECT_EQ(ask(stub, {"replay", "/nonexistent.cap"}).status, 2);
}

TEST(RulesReload, SaysThatTheOldOnesStayWhenTheNewAreAtFault) {
  ApiStub stub([](const std::string&, const std::string&) {
    return problem_answer(422, "rules/x.toml:3:1: unknown key");
  });
  const Outcome outcome = ask(stub, {"rules", "reload"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err,
            "wirewatch rules reload: the rules stay as they were\nwirewatch rules reload: rules/x.toml:3:1: "
            "unknown key\n");
}

TEST(Doctor, RunsOnThisMachineWithoutADaemon) {
  const Outcome outcome = run({.arguments = {"doctor", "--json"}});
  EXPECT_TRUE(outcome.status == 0 || outcome.status == 1) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["schema"], "wirewatch/doctor/1");
}

}  // namespace
}  // namespace wirewatch::testing
