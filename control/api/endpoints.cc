// SPDX-License-Identifier: BSD-3-Clause
#include "control/api/endpoints.h"

#include <algorithm>

#include "control/api/answers.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

const Parameter kTop{"top", "Rows at most", "20", std::pair<uint64_t, uint64_t>{1, 10'000}, {}};
const Parameter kPort{"port", "Only this port of the server", "", std::pair<uint64_t, uint64_t>{1, 65'535}, {}};

Parameter sort(std::vector<std::string_view> choices) {
  const std::string_view usual = choices.front();
  return {"sort", "Largest first by this", usual, {}, std::move(choices)};
}

const Parameter kWindow{"window", "How far back", "1m", {}, {"1m", "5m", "1h"}};
const Parameter kApplication{"application", "Only flows of this application, by its name", "", {}, {}};
constexpr std::string_view kBlockBody = R"({"prefix": "203.0.113.0/24", "expires": 1795380811})";

void answer_open_api(const EndpointCall&, Reply reply) {
  reply({.status = 200, .content_type = kJsonType, .body = open_api_document(), .headers = {}});
}

std::vector<ApiEndpoint> make_endpoints() {
  using enum Method;
  return {
      {Get, "/api/v1/status", "Control, data plane, ports, rules and totals at a glance", {}, {}, answer_status},
      {Get, "/api/v1/protocols", "Protocol hierarchy and applications", {}, {}, answer_protocols},
      {Get, "/api/v1/destinations", "Destinations and their ports",
       {kTop, kPort, sort({"packets", "bytes"})}, {}, answer_destinations},
      {Get, "/api/v1/endpoints", "What every address sent and received",
       {kTop, sort({"packets", "bytes"})}, {}, answer_endpoints},
      {Get, "/api/v1/conversations", "Who opened connections to whom",
       {kTop, kPort, sort({"packets", "bytes", "connections"})}, {}, answer_conversations},
      {Get, "/api/v1/handshakes", "How long connections took to set up, over a window of time",
       {kWindow, kTop, kPort}, {}, answer_handshakes},
      {Get, "/api/v1/flows", "Flows that are active or were a moment ago",
       {kTop, kApplication, kPort, sort({"recent", "packets", "bytes"})}, {}, answer_flows},
      {Get, "/api/v1/alerts", "Unwanted flows, newest first", {kTop}, {}, answer_alerts},
      {Get, "/api/v1/loss", "Everything that was lost, given up or guessed, by name", {}, {}, answer_loss},
      {Get, "/api/v1/rules", "Which rules are in force", {}, {}, answer_rules},
      {Post, "/api/v1/rules/reload", "Compile the rules again and hand them to the data plane", {}, {}, reload_rules},
      {Post, "/api/v1/replay", "Replay a saved capture through a replay port",
       {}, R"({"path": "/var/captures/office.pcapng", "speed": 1.0})", start_replay},
      {Get, "/api/v1/block", "What is blocked and what is never blocked", {}, {}, list_blocked},
      {Post, "/api/v1/block", "Block an address prefix or a flow", {}, kBlockBody, add_block},
      {Delete, "/api/v1/block", "Block it no longer", {}, kBlockBody, remove_block},
      {Get, "/api/v1/openapi.json", "This table as OpenAPI 3.1", {}, {}, answer_open_api},
      {Get, "/metrics", "Counters for Prometheus", {}, {}, answer_metrics},
  };
}

/// The endpoint, or the problem of there being none.
tl::expected<const ApiEndpoint*, ApiResponse> find_endpoint(Method method, std::string_view path) {
  std::string allowed;
  std::vector<std::string_view> paths;
  for (const ApiEndpoint& endpoint : api_endpoints()) {
    paths.push_back(endpoint.path);
    if (endpoint.path != path) continue;
    if (endpoint.method == method) return &endpoint;
    allowed += (allowed.empty() ? "" : ", ") + std::string(to_string(endpoint.method));
  }
  if (allowed.empty()) {
    return tl::unexpected(problem(404, "there is no '" + std::string(path.substr(0, 100)) + "'" + did_you_mean(path, paths)));
  }
  ApiResponse refused = problem(405, std::string(path) + " takes " + allowed + ", not " + std::string(to_string(method)));
  refused.headers.emplace_back("Allow", allowed);
  return tl::unexpected(std::move(refused));
}

}  // namespace

std::span<const ApiEndpoint> api_endpoints() {
  static const std::vector<ApiEndpoint> endpoints = make_endpoints();
  return endpoints;
}

void answer(const ApiRequest& request, LiveData& live, Reply reply) {
  const std::string_view target = request.target;
  const size_t question = target.find('?');
  const auto path = percent_decode(target.substr(0, question), false);
  if (!path) return reply(problem(400, path.error().message));
  const auto endpoint = find_endpoint(request.method, *path);
  if (!endpoint) return reply(endpoint.error());
  const auto query = Query::parse(question == std::string_view::npos ? std::string_view() : target.substr(question + 1),
                                  (*endpoint)->parameters);
  if (!query) return reply(problem(400, query.error().message));
  const bool says_something = !request.body.empty() && request.body != "{}";
  if (says_something && (*endpoint)->body.empty()) return reply(problem(400, "this request takes no body"));
  (*endpoint)->answer({request, *query, live}, std::move(reply));
}

}  // namespace wirewatch
