// SPDX-License-Identifier: BSD-3-Clause
// The requests that change something. Bodies are JSON of strangers: small, flat, and every key is asked for.
#include <nlohmann/json.hpp>

#include "control/api/answers.h"
#include "control/api/document.h"
#include "control/api/status_json.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

using nlohmann::json;

constexpr int kDeepestBody = 4;

/// The body as an object of known keys.
Result<json> read_body(const std::string& body, std::span<const std::string_view> known) {
  bool too_deep = false;
  const auto shallow = [&](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > kDeepestBody;
    return !too_deep;
  };
  json object = json::parse(body, shallow, false);
  if (too_deep) return fail("the body is nested too deeply");
  if (object.is_discarded()) return fail("the body is not JSON");
  if (!object.is_object()) return fail("expected a JSON object");
  for (const auto& [key, value] : object.items()) {
    if (std::ranges::find(known, key) == known.end()) {
      return fail("unknown key '" + key.substr(0, 64) + "'" + did_you_mean(key, known));
    }
  }
  return object;
}

template <typename T, typename Write>
Done<T> document_of(Timestamp at, Reply reply, unsigned status, Write write) {
  return [at, status, reply = std::move(reply), write](tl::expected<T, Refusal> done) {
    if (!done) return reply(problem(done.error().status, done.error().detail));
    reply(document(at, [&](JsonWriter& out) { write(out, *done); }, status));
  };
}

constexpr std::array<std::string_view, 2> kReplayKeys{"path", "speed"};
constexpr std::array<std::string_view, 5> kBlockKeys{"prefix", "flow", "name", "allow", "expires"};

void pass_on_block(const EndpointCall& call, std::string_view command, Reply reply) {
  if (command != "blocked") {
    if (const auto body = read_body(call.request.body, kBlockKeys); !body) return reply(problem(400, body.error().message));
  }
  call.live.block(command, command == "blocked" ? std::string("{}") : call.request.body,
                  [reply = std::move(reply), at = call.live.now()](tl::expected<std::string, Refusal> done) {
                    if (!done) return reply(problem(done.error().status, done.error().detail));
                    const json answer = json::parse(*done, nullptr, false);
                    if (!answer.is_object()) return reply(problem(502, "the data plane's answer is no JSON object"));
                    ApiResponse response = document(at, [](JsonWriter&) {});
                    json whole = json::parse(response.body);
                    whole["block"] = answer;
                    response.body = whole.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
                    reply(std::move(response));
                  });
}

}  // namespace

void reload_rules(const EndpointCall& call, Reply reply) {
  call.live.reload_rules(document_of<RulesView>(call.live.now(), std::move(reply), 200, write_rules));
}

void start_replay(const EndpointCall& call, Reply reply) {
  const auto body = read_body(call.request.body, kReplayKeys);
  if (!body) return reply(problem(400, body.error().message));
  ReplayWanted wanted{.path = {}, .speed = 1.0, .any_path = call.request.caller == Caller::Owner};
  const auto path = body->find("path");
  if (path == body->end() || !path->is_string() || path->get_ref<const std::string&>().empty()) {
    return reply(problem(400, R"(expected a file to replay, as in {"path": "/var/captures/office.pcapng", "speed": 1.0})"));
  }
  wanted.path = path->get<std::string>();
  if (wanted.path.find('\0') != std::string::npos) return reply(problem(400, "a path holds no zero byte"));
  if (const auto speed = body->find("speed"); speed != body->end()) {
    if (!speed->is_number() || speed->get<double>() < 0 || speed->get<double>() > 1e6) {
      return reply(problem(400, "'speed' takes a number from 0 (as fast as it goes) to 1000000"));
    }
    wanted.speed = speed->get<double>();
  }
  call.live.replay(wanted, document_of<ReplayView>(call.live.now(), std::move(reply), 202, write_replay));
}

void list_blocked(const EndpointCall& call, Reply reply) { pass_on_block(call, "blocked", std::move(reply)); }
void add_block(const EndpointCall& call, Reply reply) { pass_on_block(call, "block", std::move(reply)); }
void remove_block(const EndpointCall& call, Reply reply) { pass_on_block(call, "unblock", std::move(reply)); }

}  // namespace wirewatch
