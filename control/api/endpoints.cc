// SPDX-License-Identifier: BSD-3-Clause
#include "control/api/endpoints.h"

#include <algorithm>
#include <optional>

#include "control/api/answers.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

constexpr size_t kLongestName = 128;

const Parameter kTop{"top", "Rows at most", "20", std::pair<uint64_t, uint64_t>{1, 10'000}, {}};
const Parameter kPort{"port", "Only this port of the server", "", std::pair<uint64_t, uint64_t>{1, 65'535}, {}};

Parameter sort(std::vector<std::string_view> choices) {
  const std::string_view usual = choices.front();
  return {"sort", "Largest first by this", usual, {}, std::move(choices)};
}

const Parameter kWindow{"window", "How far back", "1m", {}, {"1m", "5m", "1h"}};
const Parameter kApplication{"application", "Only flows of this application, by its name", "", {}, {}};
constexpr std::string_view kBlockBody = R"({"name": "bittorrent", "expires": 1795380811})";

void answer_open_api(const EndpointCall&, Reply reply) {
  reply({.status = 200, .content_type = kJsonType, .body = open_api_document(), .headers = {}});
}

constexpr std::string_view kCaptureBody =
    R"({"name": "portmap", "filter": "tcp.port == 111", "max_bytes": 1000000000, "max_seconds": 600})";

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
       {}, R"({"path": "/var/captures/office.pcapng", "speed": 1.0})", start_replay, 202},
      {Get, "/api/v1/block", "What is blocked until when, what never is, and where nothing can be", {}, {}, list_blocked},
      {Post, "/api/v1/block", "Block addresses, a connection, an application or a category", {}, kBlockBody, add_block},
      {Delete, "/api/v1/block", "Block it no longer", {}, kBlockBody, remove_block},
      {Get, "/api/v1/captures", "Capture sessions, and how much of the disk they take", {}, {}, list_captures},
      {Post, "/api/v1/captures", "Begin a capture session", {}, kCaptureBody, start_capture, 201},
      {Get, "/api/v1/captures/{name}", "One capture session, with its files", {}, {}, show_capture},
      {Post, "/api/v1/captures/{name}/stop", "End a capture session; its files stay", {}, {}, stop_capture},
      {Delete, "/api/v1/captures/{name}", "Forget a capture session and delete its files", {}, {}, erase_capture},
      {Get, "/api/v1/captures/{name}/files/{file}", "A file of a capture session, pcapng", {}, {}, send_capture_file, 200, kBytesType},
      {Get, "/api/v1/openapi.json", "This table as OpenAPI 3.1", {}, {}, answer_open_api},
      {Get, "/metrics", "Counters for Prometheus", {}, {}, answer_metrics, 200, kMetricsType},
  };
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  for (size_t at = 0; at <= path.size();) {
    const size_t slash = std::min(path.find('/', at), path.size());
    segments.push_back(path.substr(at, slash - at));
    at = slash + 1;
  }
  return segments;
}

/// The segments of a path that is still encoded: an escaped slash does not begin another one.
Result<std::vector<std::string>> decoded_segments(std::string_view path) {
  std::vector<std::string> segments;
  for (const std::string_view encoded : split(path)) {
    auto segment = percent_decode(encoded, false);
    if (!segment) return tl::unexpected(segment.error());
    segments.push_back(std::move(*segment));
  }
  return segments;
}

/// What stands for the placeholders of `pattern`; nothing when the path is another one.
std::optional<std::vector<std::string>> match(std::string_view pattern, const std::vector<std::string>& path) {
  const auto expected = split(pattern);
  if (expected.size() != path.size()) return std::nullopt;
  std::vector<std::string> names;
  for (size_t i = 0; i < path.size(); ++i) {
    if (expected[i].starts_with('{')) {
      names.push_back(path[i]);
    } else if (expected[i] != path[i]) {
      return std::nullopt;
    }
  }
  return names;
}

/// Names become parts of paths on this machine, so nothing that means something there is one.
std::string fault_of_name(std::string_view name) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '.' || c == '-';
  };
  if (!name.empty() && name.size() <= kLongestName && name.front() != '.' && std::ranges::all_of(name, plain)) return {};
  return "a name in a path has 1 to " + std::to_string(kLongestName) +
         " letters, digits, '_', '.' and '-', and does not begin with '.'";
}

struct Route {
  const ApiEndpoint* endpoint = nullptr;
  std::vector<std::string> names;
};

/// The endpoint and the names in the path, or the problem of there being none.
tl::expected<Route, ApiResponse> find_endpoint(Method method, std::string_view encoded_path) {
  const auto segments = decoded_segments(encoded_path);
  if (!segments) return tl::unexpected(problem(400, segments.error().message));
  std::string path;
  for (const std::string& segment : *segments) path += (&segment == segments->data() ? "" : "/") + segment;
  std::string allowed;
  std::vector<std::string_view> paths;
  for (const ApiEndpoint& endpoint : api_endpoints()) {
    paths.push_back(endpoint.path);
    auto names = match(endpoint.path, *segments);
    if (!names) continue;
    for (const std::string& name : *names) {
      if (const std::string fault = fault_of_name(name); !fault.empty()) return tl::unexpected(problem(400, fault));
    }
    if (endpoint.method == method) return Route{&endpoint, std::move(*names)};
    allowed += (allowed.empty() ? "" : ", ") + std::string(to_string(endpoint.method));
  }
  if (allowed.empty()) return tl::unexpected(problem(404, "there is no '" + path.substr(0, 100) + "'" + did_you_mean(path, paths)));
  ApiResponse refused = problem(405, path + " takes " + allowed + ", not " + std::string(to_string(method)));
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
  auto route = find_endpoint(request.method, target.substr(0, question));
  if (!route) return reply(std::move(route.error()));
  const ApiEndpoint& endpoint = *route->endpoint;
  const auto query = Query::parse(question == std::string_view::npos ? std::string_view() : target.substr(question + 1),
                                  endpoint.parameters);
  if (!query) return reply(problem(400, query.error().message));
  const bool says_something = !request.body.empty() && request.body != "{}";
  if (says_something && endpoint.body.empty()) return reply(problem(400, "this request takes no body"));
  endpoint.answer({request, *query, live, std::move(route->names)}, std::move(reply));
}

}  // namespace wirewatch
