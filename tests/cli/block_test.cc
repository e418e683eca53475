// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch block`: what it asks the daemon for what is typed, and what it prints of the answer.
#include <gtest/gtest.h>
#include <time.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/client/api_stub.h"

namespace wirewatch::testing {
namespace {

using nlohmann::json;

/// A daemon that takes everything, and remembers the last request.
class Taker {
 public:
  Outcome ask(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "block");
    return run({.arguments = std::move(arguments), .environment = {{"WIREWATCH_API", stub_.socket().string()}, {"COLUMNS", "120"}}});
  }
  std::string line;
  json body;
  std::string answer = R"({"schema": "wirewatch/api/1", "timestamp": "1795380811.000000000", "block": {}})";

 private:
  ApiStub stub_{[this](const std::string& request, const std::string& sent) {
    line = request;
    body = sent.empty() ? json() : json::parse(sent);
    return json_answer(answer);
  }};
};

struct Case {
  std::vector<std::string> words;
  std::string body;  // without its time
};

TEST(Block, AsksForWhatIsTyped) {
  const std::string flow = R"({"protocol": "tcp", "source": {"address": "10.0.0.1", "port": 40000}, "destination": {"address": "203.0.113.7", "port": 6881}})";
  const std::string flow6 = R"({"protocol": "udp", "source": {"address": "2001:db8::1", "port": 1}, "destination": {"address": "2001:db8::2", "port": 2}})";
  const std::vector<Case> cases{{{"203.0.113.0/24"}, R"({"prefix": "203.0.113.0/24"})"},
                                {{"203.0.113.9"}, R"({"prefix": "203.0.113.9/32"})"},
                                {{"2001:db8::/32"}, R"({"prefix": "2001:db8::/32"})"},
                                {{"bittorrent"}, R"({"name": "bittorrent"})"},
                                {{"tcp", "10.0.0.1:40000", "203.0.113.7:6881"}, R"({"flow": )" + flow + "}"},
                                {{"udp", "[2001:db8::1]:1", "[2001:db8::2]:2"}, R"({"flow": )" + flow6 + "}"}};
  Taker daemon;
  for (const Case& each : cases) {
    std::vector<std::string> add{"add"}, remove{"remove"};
    add.insert(add.end(), each.words.begin(), each.words.end());
    remove.insert(remove.end(), each.words.begin(), each.words.end());
    add.insert(add.end(), {"--for", "10m"});
    const auto before = ::time(nullptr);
    const Outcome added = daemon.ask(add);
    EXPECT_EQ(added.status, 0) << added.err;
    EXPECT_EQ(added.out, "Blocked for 10m.\n");
    EXPECT_EQ(daemon.line, "POST /api/v1/block HTTP/1.1");
    EXPECT_GE(daemon.body["expires"].get<int64_t>(), before + 600);
    EXPECT_LE(daemon.body["expires"].get<int64_t>(), ::time(nullptr) + 600);
    daemon.body.erase("expires");
    EXPECT_EQ(daemon.body, json::parse(each.body));
    EXPECT_EQ(daemon.ask(remove).status, 0);
    EXPECT_EQ(daemon.line, "DELETE /api/v1/block HTTP/1.1");
    EXPECT_EQ(daemon.body, json::parse(each.body));
  }
  EXPECT_EQ(daemon.ask({"add", "--allow", "10.0.0.53"}).out, "Never blocked from now on.\n");
  EXPECT_EQ(daemon.body, json::parse(R"({"allow": "10.0.0.53/32"})"));
}

TEST(Block, RefusesWhatIsNoneOfTheseBeforeItAsks) {
  Taker daemon;
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"add", "10.0.0.0/33"}, "10.0.0.0/33"},
      {{"add", "10.0.0"}, "10.0.0"},
      {{"add", "tcp", "10.0.0.1:40000"}, "expected an address, a prefix, a name, or a connection"},
      {{"add", "icmp", "10.0.0.1:1", "10.0.0.2:2"}, "'icmp' is no transport"},
      {{"add", "tcp", "10.0.0.1", "10.0.0.2:2"}, "'10.0.0.1' is no end of a connection: expected ADDRESS:PORT"},
      {{"add", "tcp", "10.0.0.1:70000", "10.0.0.2:2"}, "no end of a connection"},
      {{"add", "bittorrent", "--for", "never"}, "--for"},
      {{"add", "bittorrent", "--for", "0s"}, "expected 1s to 366d"},
      {{"add", "--allow", "bittorrent"}, "bittorrent"},
      {{"add"}, "WHAT"},
      {{"ad"}, "did you mean 'add'?"}};
  for (const auto& [arguments, said] : wrong) {
    const Outcome outcome = daemon.ask(arguments);
    EXPECT_EQ(outcome.status, 2) << said;
    EXPECT_NE(outcome.err.find(said), std::string::npos) << outcome.err;
  }
  EXPECT_EQ(daemon.line, "");
}

TEST(Block, SaysWhereNothingCanBeKeptBack) {
  Taker daemon;
  daemon.answer = R"({"schema": "wirewatch/api/1", "block": {"not_on": [{"port": "mirror0", "why": "it only looks on"}]}})";
  const Outcome outcome = daemon.ask({"add", "10.0.0.0/8"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(outcome.err.find("port 'mirror0' keeps nothing back: it only looks on"), std::string::npos) << outcome.err;
}

TEST(Block, ListsWhatIsBlockedUntilWhenAndWhatNeverIs) {
  Taker daemon;
  daemon.answer = R"({"schema": "wirewatch/api/1", "timestamp": "1795380811.000000000", "block": {
    "names": [{"name": "bittorrent", "kind": "application", "expires": 1795384411.0}],
    "prefixes": [{"prefix": "203.0.113.0/24", "expires": 1795380871.0}],
    "flows": [{"flow": {"protocol": 6, "source": {"address": "10.0.0.1", "port": 40000}, "destination": {"address": "2001:db8::1", "port": 443}},
               "expires": 1795380812.0}],
    "allow": ["10.0.0.53/32"], "not_on": [{"port": "mirror0", "why": "it only looks on"}]}})";
  const std::string out = daemon.ask({"list"}).out;
  EXPECT_EQ(daemon.line, "GET /api/v1/block HTTP/1.1");
  for (const char* line : {"bittorrent ", "application", "203.0.113.0/24", "tcp 10.0.0.1:40000 [2001:db8::1]:443", "connection", "10.0.0.53/32",
                           "mirror0: it only looks on"}) {
    EXPECT_NE(out.find(line), std::string::npos) << line << "\n" << out;
  }
  daemon.answer = R"({"schema": "wirewatch/api/1", "block": {"names": [], "prefixes": [], "flows": [], "allow": []}})";
  EXPECT_EQ(daemon.ask({"list"}).out, "  Nothing is blocked.\n");
}

}  // namespace
}  // namespace wirewatch::testing
