// SPDX-License-Identifier: BSD-3-Clause
#include "control/client/api_client.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/client/api_stub.h"

namespace wirewatch {
namespace {

using testing::ApiStub;
using testing::http_answer;
using testing::json_answer;
using testing::problem_answer;

constexpr std::chrono::milliseconds kShort{100};

ApiStub::Answer always(const std::string& answer) {
  return [answer](const std::string&, const std::string&) { return answer; };
}

TEST(ApiClient, HandsOnTheBodyAsTheDaemonWroteIt) {
  ApiStub stub(always(json_answer("{ \"a\" :1}\n")));
  ApiClient client({.socket = stub.socket()});
  const auto answer = client.get("/api/v1/status");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "{ \"a\" :1}\n");
  EXPECT_EQ(stub.asked().front(), "GET /api/v1/status HTTP/1.1");
}

TEST(ApiClient, AsksManyTimesOverOneConnection) {
  ApiStub stub(always(json_answer("{}")));
  ApiClient client({.socket = stub.socket()});
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client.get("/"));
  EXPECT_EQ(stub.connections(), 1u);
}

TEST(ApiClient, OpensAnotherConnectionWhenTheDaemonClosedTheFirst) {
  ApiStub stub(always(http_answer(200, "application/json", "{}", false)));
  ApiClient client({.socket = stub.socket()});
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(client.get("/"));
  EXPECT_EQ(stub.connections(), 2u);
}

TEST(ApiClient, SendsABodyWithAPost) {
  std::string seen;
  ApiStub stub([&seen](const std::string& line, const std::string& body) {
    seen = line + " " + body;
    return http_answer(202, "application/json", "{}");
  });
  ApiClient client({.socket = stub.socket()});
  ASSERT_TRUE(client.post("/api/v1/replay", R"({"path":"/a"})"));
  EXPECT_EQ(seen, R"(POST /api/v1/replay HTTP/1.1 {"path":"/a"})");
}

TEST(ApiClient, DeletesWithoutABody) {
  ApiStub stub(always(json_answer("{}")));
  ApiClient client({.socket = stub.socket()});
  ASSERT_TRUE(client.erase("/api/v1/captures/x"));
  EXPECT_EQ(stub.asked().front(), "DELETE /api/v1/captures/x HTTP/1.1");
}

TEST(ApiClient, DownloadsMoreThanItWouldEverHold) {
  std::string bytes(3'000'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 / 7);
  ApiStub stub(always(http_answer(200, "application/octet-stream", bytes)));
  ApiClient client({.socket = stub.socket(), .longest_answer = 4096});
  std::string got;
  size_t longest = 0;
  const auto downloaded = client.download("/file", [&](std::string_view piece) -> Result<void> {
    longest = std::max(longest, piece.size());
    got += piece;
    return {};
  });
  ASSERT_TRUE(downloaded) << downloaded.error().message;
  EXPECT_EQ(*downloaded, bytes.size());
  EXPECT_EQ(got, bytes);
  EXPECT_LE(longest, 64u * 1024);
  EXPECT_TRUE(client.download("/again", [](std::string_view) -> Result<void> { return {}; }));
}

TEST(ApiClient, WordsWhatEndsADownload) {
  struct Case {
    const char* description;
    std::string answer;
    ApiFault fault;
    const char* says;
    unsigned status;
  };
  const std::vector<Case> cases{
      {"a problem", problem_answer(404, "there is no session 'x'"), ApiFault::Refused, "there is no session 'x'", 404},
      {"half a file", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf", ApiFault::NoDaemon, "the daemon went away while it was asked", 0},
      {"no HTTP", "SSH-2.0-OpenSSH_9.2\r\nConnection: close\r\n\r\n", ApiFault::Unusable, "is no daemon", 0},
      {"a sink that is full", http_answer(200, "application/octet-stream", "bytes"), ApiFault::Unusable, "no space left", 0}};
  for (const Case& each : cases) {
    ApiStub stub(always(each.answer));
    ApiClient client({.socket = stub.socket()});
    const auto got = client.download("/file", [&](std::string_view) -> Result<void> {
      if (each.status == 0 && each.fault == ApiFault::Unusable) return fail("no space left");
      return {};
    });
    ASSERT_FALSE(got) << each.description;
    EXPECT_EQ(got.error().fault, each.fault) << each.description;
    EXPECT_EQ(got.error().status, each.status) << each.description;
    EXPECT_NE(got.error().message.find(each.says), std::string::npos) << each.description << ": " << got.error().message;
  }
}

TEST(ApiClient, SaysWhatToStartWhenThereIsNoSocket) {
  ApiClient client({.socket = "/nonexistent/api.sock"});
  const auto answer = client.get("/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, ApiFault::NoDaemon);
  EXPECT_EQ(answer.error().message,
            "no daemon runs here: there is no socket /nonexistent/api.sock; start one with 'wirewatch run', "
            "or name its "
            "socket with --socket or $WIREWATCH_API");
}

TEST(ApiClient, RefusesAPathThatNoSocketCanHave) {
  ApiClient client({.socket = "/" + std::string(200, 'x')});
  const auto answer = client.get("/");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find("at most 107 characters"), std::string::npos);
}

struct BadAnswer {
  const char* description;
  std::string bytes;
  ApiFault fault;
  const char* says;
};

TEST(ApiClient, WordsEveryWayInWhichAnAnswerCanBeWrong) {
  const std::vector<BadAnswer> answers{
      {"a problem with a detail", problem_answer(400, "unknown parameter 'tpo'"), ApiFault::Refused,
       "unknown parameter 'tpo'"},
      {"a problem without a detail",
       http_answer(503, "application/problem+json", R"({"title": "Unavailable"})"), ApiFault::Refused,
       "Unavailable"},
      {"an error that is no problem document", http_answer(500, "text/html", "<h1>oops</h1>"),
       ApiFault::Refused, "the daemon answered with HTTP status 500"},
      {"a closed connection", "", ApiFault::NoDaemon, "the daemon went away while it was asked"},
      {"half an answer", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf",
       ApiFault::NoDaemon, "the daemon went away while it was asked"},
      {"something that is not HTTP", "SSH-2.0-OpenSSH_9.2\r\nConnection: close\r\n\r\n", ApiFault::Unusable,
       "is no daemon"},
      {"more than was asked to be held", json_answer(std::string(5000, 'x')), ApiFault::Unusable,
       "longer than"},
  };
  for (const BadAnswer& bad : answers) {
    ApiStub stub(always(bad.bytes));
    ApiClient client({.socket = stub.socket(), .longest_answer = 4096});
    const auto answer = client.get("/");
    ASSERT_FALSE(answer) << bad.description;
    EXPECT_EQ(answer.error().fault, bad.fault) << bad.description;
    EXPECT_NE(answer.error().message.find(bad.says), std::string::npos)
        << bad.description << ": " << answer.error().message;
  }
}

TEST(ApiClient, GivesUpOnADaemonThatNeverAnswers) {
  // An answer whose end never comes.
  ApiStub stub(always("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
  ApiClient client({.socket = stub.socket(), .timeout = kShort});
  const auto answer = client.get("/");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, ApiFault::Unusable);
  EXPECT_EQ(answer.error().message, "the daemon did not answer within 100 ms");
}

TEST(ApiSocketPath, TakesTheOptionThenTheVariableThenTheRuntimeFolder) {
  ::setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
  ::setenv("WIREWATCH_API", "/tmp/named.sock", 1);
  EXPECT_EQ(api_socket_path("/given"), "/given");
  EXPECT_EQ(api_socket_path(""), "/tmp/named.sock");
  ::unsetenv("WIREWATCH_API");
  EXPECT_EQ(api_socket_path(""), "/run/user/7/wirewatch/api.sock");
  ::unsetenv("XDG_RUNTIME_DIR");
  EXPECT_EQ(api_socket_path(""), "/run/wirewatch/api.sock");
}

}  // namespace
}  // namespace wirewatch
