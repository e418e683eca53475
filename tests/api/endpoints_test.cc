// SPDX-License-Identifier: BSD-3-Clause
// Requests as strangers send them: what is wrong is said, and what would have been right.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/api/stub_live_data.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

struct Wrong {
  const char* description;
  Method method;
  const char* target;
  const char* body;
  unsigned status;
  const char* says;
};

constexpr std::array kWrong{
    Wrong{"a parameter that is not declared", Method::Get, "/api/v1/destinations?tpo=3", "", 400,
          "unknown parameter 'tpo'; did you mean 'top'?"},
    Wrong{"a parameter where none is taken", Method::Get, "/api/v1/status?top=3", "", 400, "unknown parameter 'top'; this takes none"},
    Wrong{"a word for a number", Method::Get, "/api/v1/destinations?top=many", "", 400,
          "'top' takes a whole number from 1 to 10000, not 'many'"},
    Wrong{"a number out of range", Method::Get, "/api/v1/destinations?port=65536", "", 400,
          "'port' takes a whole number from 1 to 65535, not '65536'"},
    Wrong{"a negative number", Method::Get, "/api/v1/flows?top=-1", "", 400, "'top' takes a whole number from 1 to 10000, not '-1'"},
    Wrong{"an empty value", Method::Get, "/api/v1/flows?top=", "", 400, "'top' takes a whole number from 1 to 10000, not ''"},
    Wrong{"a window there is none of", Method::Get, "/api/v1/handshakes?window=2m", "", 400, "'window' takes 1m, 5m or 1h, not '2m'"},
    Wrong{"an order that this table has not", Method::Get, "/api/v1/destinations?sort=connections", "", 400,
          "'sort' takes packets or bytes, not 'connections'"},
    Wrong{"a parameter given twice", Method::Get, "/api/v1/flows?top=1&top=2", "", 400, "'top' is given twice"},
    Wrong{"half an escape", Method::Get, "/api/v1/flows?top=%1", "", 400, "a % is not followed by two hexadecimal digits"},
    Wrong{"half an escape in the path", Method::Get, "/api/v1/%zz", "", 400, "a % is not followed by two hexadecimal digits"},
    Wrong{"an application nobody knows", Method::Get, "/api/v1/flows?application=tsl", "", 400,
          "there is no application 'tsl'; did you mean 'tls'?"},
    Wrong{"a path with a slip", Method::Get, "/api/v1/stauts", "", 404, "there is no '/api/v1/stauts'; did you mean '/api/v1/status'?"},
    Wrong{"no path at all", Method::Get, "", "", 404, "there is no ''"},
    Wrong{"the wrong method", Method::Post, "/api/v1/status", "", 405, "/api/v1/status takes GET, not POST"},
    Wrong{"the wrong method of several", Method::Delete, "/api/v1/replay", "", 405, "/api/v1/replay takes POST, not DELETE"},
    Wrong{"a body where none is taken", Method::Post, "/api/v1/rules/reload", R"({"now": true})", 400, "this request takes no body"},
    Wrong{"a replay of nothing", Method::Post, "/api/v1/replay", "{}", 400,
          R"(expected a file to replay, as in {"path": "/var/captures/office.pcapng", "speed": 1.0})"},
    Wrong{"a replay without a body", Method::Post, "/api/v1/replay", "", 400, "the body is not JSON"},
    Wrong{"a body that is not JSON", Method::Post, "/api/v1/replay", "path=/x", 400, "the body is not JSON"},
    Wrong{"a body that is a list", Method::Post, "/api/v1/replay", "[1]", 400, "expected a JSON object"},
    Wrong{"a key that is not known", Method::Post, "/api/v1/replay", R"({"pth": "/x"})", 400, "unknown key 'pth'; did you mean 'path'?"},
    Wrong{"a speed below nothing", Method::Post, "/api/v1/replay", R"({"path": "/x", "speed": -1})", 400,
          "'speed' takes a number from 0 (as fast as it goes) to 1000000"},
    Wrong{"a speed in words", Method::Post, "/api/v1/replay", R"({"path": "/x", "speed": "fast"})", 400,
          "'speed' takes a number from 0 (as fast as it goes) to 1000000"},
    Wrong{"a path with a zero byte", Method::Post, "/api/v1/replay", R"({"path": "/x\u0000y"})", 400, "a path holds no zero byte"},
    Wrong{"a body nested without end", Method::Post, "/api/v1/block", R"({"flow":[[[[[[[[1]]]]]]]]})", 400, "the body is nested too deeply"},
    Wrong{"rules that do not compile", Method::Post, "/api/v1/rules/reload", "", 422, "a.toml:3:1: no"},
};

TEST(Endpoints, SayWhatIsWrongAndWhatWasExpected) {
  for (const Wrong& each : kWrong) {
    StubLiveData live;
    const ApiResponse response = ask(live, each.method, each.target, each.body);
    EXPECT_EQ(response.status, each.status) << each.description;
    EXPECT_EQ(response.content_type, kProblemType) << each.description;
    const Json problem = Json::parse(response.body);
    EXPECT_EQ(problem["detail"], each.says) << each.description;
    EXPECT_EQ(problem["status"], each.status) << each.description;
    EXPECT_EQ(problem["title"], reason_phrase(each.status)) << each.description;
  }
}

TEST(Endpoints, NameTheMethodsThatAPathTakes) {
  StubLiveData live;
  const ApiResponse response = ask(live, Method::Delete, "/api/v1/status");
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.headers[0], (std::pair<std::string, std::string>{"Allow", "GET"}));
}

TEST(Endpoints, AllAnswerWithSchemaAndTime) {
  for (const ApiEndpoint& endpoint : api_endpoints()) {
    if (endpoint.method != Method::Get || endpoint.content_type != kJsonType || endpoint.path == "/api/v1/openapi.json") continue;
    StubLiveData live;
    std::string path(endpoint.path);
    if (const size_t brace = path.find('{'); brace != std::string::npos) path = path.substr(0, brace) + "some";
    const ApiResponse response = ask(live, Method::Get, path);
    EXPECT_EQ(response.status, 200u) << endpoint.path;
    const Json answered = Json::parse(response.body, nullptr, false);
    ASSERT_TRUE(answered.is_object()) << endpoint.path << "\n" << response.body;
    EXPECT_EQ(answered["schema"], "wirewatch/api/1") << endpoint.path;
    EXPECT_EQ(answered["timestamp"], "1700000000.000000000") << endpoint.path;
  }
}

TEST(Endpoints, TakeWhatTheirParametersUsuallyAre) {
  StubLiveData live;
  ask(live, Method::Get, "/api/v1/handshakes");
  EXPECT_EQ(live.asked_for, "1m 20");
  ask(live, Method::Get, "/api/v1/handshakes?top=5&window=%31h");
  EXPECT_EQ(live.asked_for, "1h 5");
}

TEST(Endpoints, LetOnlyTheOwnerOfTheSocketNameAnyFile) {
  StubLiveData live;
  EXPECT_EQ(ask(live, Method::Post, "/api/v1/replay", R"({"path": "/x", "speed": 0})").status, 202u);
  EXPECT_TRUE(live.replayed->any_path);
  EXPECT_EQ(live.replayed->speed, 0);
  ask(live, Method::Post, "/api/v1/replay", R"({"path": "x.cap"})", Caller::TokenHolder);
  EXPECT_FALSE(live.replayed->any_path);
  EXPECT_EQ(live.replayed->speed, 1.0);
}

TEST(Endpoints, HandBlocksThroughToTheDataPlane) {
  StubLiveData live;
  const ApiResponse added = ask(live, Method::Post, "/api/v1/block", R"({"prefix": "10.0.0.0/8"})");
  EXPECT_EQ(live.blocked, R"(block {"prefix": "10.0.0.0/8"})");
  EXPECT_EQ(Json::parse(added.body)["block"]["blocked"], Json::array());
  EXPECT_EQ(ask(live, Method::Post, "/api/v1/block", R"({"nmae": "bittorrent"})").status, 400u);
  EXPECT_EQ(ask(live, Method::Post, "/api/v1/block", R"({"name": "bittorrent", "expires": 1795380811})").status, 200u);
  ask(live, Method::Delete, "/api/v1/block", R"({"prefix": "10.0.0.0/8"})");
  EXPECT_EQ(live.blocked, R"(unblock {"prefix": "10.0.0.0/8"})");
  ask(live, Method::Get, "/api/v1/block");
  EXPECT_EQ(live.blocked, "blocked {}");
}

TEST(Endpoints, AreAllInTheOpenApiDescription) {
  const Json document = Json::parse(open_api_document());
  EXPECT_EQ(document["openapi"], "3.1.0");
  for (const ApiEndpoint& endpoint : api_endpoints()) {
    const Json& path = document["paths"][std::string(endpoint.path)];
    std::string method(to_string(endpoint.method));
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    ASSERT_TRUE(path.contains(method)) << endpoint.path;
    const auto names = std::ranges::count(endpoint.path, '{');
    EXPECT_EQ(path[method].value("parameters", Json::array()).size(), endpoint.parameters.size() + static_cast<size_t>(names))
        << endpoint.path;
  }
}

TEST(Endpoints, SurviveWhateverTheTargetIs) {
  std::mt19937_64 random(11);
  const std::string_view pieces[] = {"/api/v1/", "flows", "destinations", "?", "&", "=", "top", "port", "captures", "files", "stop", "/", "%2f", "%2e", "%", "%00", "%ff", "+", "99999999999999999999", "\xff", "..", "//"};
  StubLiveData live;
  for (int i = 0; i < 20'000; ++i) {
    std::string target = i % 2 == 0 ? "/api/v1/flows?" : "";
    for (uint64_t left = random() % 12; left > 0; --left) target += pieces[random() % std::size(pieces)];
    const ApiResponse response = ask(live, Method::Get, target);
    ASSERT_TRUE(response.status == 200 || response.status == 400 || response.status == 404) << target;
    ASSERT_TRUE(response.content_type == kMetricsType || Json::accept(response.body)) << target;
  }
}

}  // namespace
}  // namespace wirewatch
