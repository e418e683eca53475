// SPDX-License-Identifier: BSD-3-Clause
// Names in paths: what they reach is what they name, and nothing beside it. Files: sent whole, in pieces, to who may have them.
#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>

#include "tests/api/stub_live_data.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

struct Asked {
  const char* description;
  Method method;
  const char* target;
  const char* body;
  unsigned status;
  const char* captured;
};

TEST(Captures, AreAskedForByTheNameInThePath) {
  constexpr std::array kCases{
      Asked{"all of them", Method::Get, "/api/v1/captures", "", 200, "0  "},
      Asked{"a new one", Method::Post, "/api/v1/captures", R"({"name": "x"})", 201, R"(1  {"name": "x"})"},
      Asked{"one", Method::Get, "/api/v1/captures/portmap-2.a_b", "", 200, "2 portmap-2.a_b "},
      Asked{"one whose name is escaped", Method::Get, "/api/v1/captures/%70ortmap", "", 200, "2 portmap "},
      Asked{"its end", Method::Post, "/api/v1/captures/portmap/stop", "", 200, "3 portmap "},
      Asked{"its deletion", Method::Delete, "/api/v1/captures/portmap", "{}", 200, "4 portmap {}"},
      Asked{"one that is not there", Method::Get, "/api/v1/captures/nobody", "", 404, "2 nobody "}};
  for (const Asked& each : kCases) {
    StubLiveData live;
    const ApiResponse response = ask(live, each.method, each.target, each.body);
    EXPECT_EQ(response.status, each.status) << each.description << response.body;
    EXPECT_EQ(live.captured, each.captured) << each.description;
    EXPECT_TRUE(Json::accept(response.body)) << response.body;
  }
}

TEST(Captures, AnswersBeginAsAllOthersDo) {
  StubLiveData live;
  const ApiResponse response = ask(live, Method::Get, "/api/v1/captures/x");
  EXPECT_TRUE(response.body.starts_with(R"({"schema":"wirewatch/api/1","timestamp":"1700000000.000000000",)")) << response.body;
  EXPECT_EQ(Json::parse(response.body)["capture"]["name"], "x");
}

struct WrongName {
  const char* target;
  Method method;
  unsigned status;
  const char* says;
};

constexpr const char* kName = "a name in a path has 1 to 128 letters, digits, '_', '.' and '-', and does not begin with '.'";

TEST(Captures, NamesInPathsReachNothingButWhatTheyName) {
  const std::string longest(129, 'x');
  const std::string too_long = "/api/v1/captures/" + longest;
  const WrongName cases[] = {
      {"/api/v1/captures/", Method::Get, 400, kName},
      {"/api/v1/captures/..", Method::Get, 400, kName},
      {"/api/v1/captures/.", Method::Get, 400, kName},
      {"/api/v1/captures/.hidden", Method::Get, 400, kName},
      {"/api/v1/captures/%2e%2e", Method::Get, 400, kName},
      {"/api/v1/captures/..%2f..%2fetc", Method::Get, 400, kName},
      {"/api/v1/captures/a%2fb", Method::Get, 400, kName},
      {"/api/v1/captures/a%5cb", Method::Get, 400, kName},
      {"/api/v1/captures/a%00", Method::Get, 400, kName},
      {"/api/v1/captures/a%0ab", Method::Get, 400, kName},
      {"/api/v1/captures/a+b", Method::Get, 400, kName},
      {"/api/v1/captures/%c3%a9", Method::Get, 400, kName},
      {"/api/v1/captures/%ff", Method::Get, 400, kName},
      {too_long.c_str(), Method::Get, 400, kName},
      {"/api/v1/captures/..", Method::Delete, 400, kName},
      {"/api/v1/captures/../stop", Method::Post, 400, kName},
      {"/api/v1/captures/x/files/..", Method::Get, 400, kName},
      {"/api/v1/captures/x/files/..%2fsession.json", Method::Get, 400, kName},
      {"/api/v1/captures/x/files/.session.json", Method::Get, 400, kName},
      {"/api/v1/captures/../files/passwd", Method::Get, 400, kName},
      {"/api/v1/captures/x/files/%2fetc%2fpasswd", Method::Get, 400, kName},
      {"/api/v1/captures/x/files//etc/passwd", Method::Get, 404, "there is no '/api/v1/captures/x/files//etc/passwd'"},
      {"/api/v1/captures/x/files/../../y/files/z", Method::Get, 404, "there is no '/api/v1/captures/x/files/../../y/files/z'"},
      {"/api/v1/captures/x/files/", Method::Get, 400, kName},
      {"/api/v1/captures/x/files", Method::Get, 404, "there is no '/api/v1/captures/x/files'"},
      {"/api/v1/captures/x/y", Method::Get, 404, "there is no '/api/v1/captures/x/y'"},
      {"/api/v1/captures/%zz", Method::Get, 400, "a % is not followed by two hexadecimal digits"},
      {"/api/v1/capture", Method::Get, 404, "there is no '/api/v1/capture'; did you mean '/api/v1/captures'?"},
      {"/api/v1/captures/x", Method::Post, 405, "/api/v1/captures/x takes GET, DELETE, not POST"},
      {"/api/v1/captures/x/stop", Method::Get, 405, "/api/v1/captures/x/stop takes POST, not GET"},
      {"/api/v1/captures", Method::Delete, 405, "/api/v1/captures takes GET, POST, not DELETE"},
      {"/api/v1/captures/x/files/y", Method::Delete, 405, "/api/v1/captures/x/files/y takes GET, not DELETE"},
      {"/api/v1/captures?top=3", Method::Get, 400, "unknown parameter 'top'; this takes none"}};
  for (const WrongName& each : cases) {
    StubLiveData live;
    const ApiResponse response = ask(live, each.method, each.target);
    EXPECT_EQ(response.status, each.status) << each.target;
    const std::string detail = Json::parse(response.body)["detail"];
    EXPECT_TRUE(detail.starts_with(each.says)) << each.target << ": " << detail;
    EXPECT_EQ(live.captured, "") << each.target;
  }
}

TEST(Captures, HandPacketsToWhoMayHaveThem) {
  StubLiveData live;
  live.file_to_send = "/dev/null";
  const std::string target = "/api/v1/captures/x/files/x_00001_20260101000000.pcapng";
  for (const Caller caller : {Caller::Owner, Caller::TokenHolder}) {
    const ApiResponse response = ask(live, Method::Get, target, {}, caller);
    EXPECT_EQ(response.status, 200u);
    EXPECT_TRUE(response.file);
    EXPECT_EQ(response.content_type, "application/octet-stream");
    EXPECT_EQ(live.captured, "x/x_00001_20260101000000.pcapng");
  }
  live.captured.clear();
  const ApiResponse refused = ask(live, Method::Get, target, {}, Caller::Anyone);
  EXPECT_EQ(refused.status, 403u);
  EXPECT_EQ(live.captured, "") << "the file is not even opened";
}

}  // namespace
}  // namespace wirewatch
