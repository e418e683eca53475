// SPDX-License-Identifier: BSD-3-Clause
// Commands that tell the daemon to do something.
#include <charconv>
#include <filesystem>
#include <memory>

#include "control/cli/live/api_session.h"
#include "control/cli/live/live_commands.h"
#include "control/cli/standard_streams.h"

namespace wirewatch {
namespace {

struct ReplayRequest : ApiOptions {
  std::string file;
  std::string speed = "1";
};

/// "1", "2.5x", "max"; 0 stands for as fast as it goes, as in the API.
std::optional<double> parse_speed(std::string_view text) {
  if (text == "max") return 0.0;
  if (text.ends_with('x')) text.remove_suffix(1);
  double speed = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), speed);
  constexpr double kFastest = 1e6;
  const bool usable =
      fault == std::errc() && end == text.data() + text.size() && speed > 0 && speed <= kFastest;
  return usable ? std::optional(speed) : std::nullopt;
}

std::string check_speed(const std::string& text) {
  if (parse_speed(text)) return {};
  return "expected a factor such as 1, 0.5 or 10, or max, not '" + text + "'";
}

ExitStatus replay(const ReplayRequest& request) {
  std::error_code fault;
  // The daemon opens the file, and works elsewhere.
  const auto path = std::filesystem::canonical(request.file, fault);
  if (fault) return complain("replay", "cannot read " + request.file + ": " + fault.message());
  ApiClient client({.socket = api_socket_path(request.socket)});
  const Json body{{"path", path.string()}, {"speed", parse_speed(request.speed).value_or(1)}};
  const auto answer =
      client.post("/api/v1/replay", body.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!answer) return complain("replay", answer.error());
  if (request.json) return print(*answer + (answer->ends_with('\n') ? "" : "\n"));
  const std::string pace =
      request.speed == "max" ? "as fast as it goes" : "at " + request.speed + " times its own pace";
  return print("Replaying " + path.filename().string() + " " + pace +
               "; 'wirewatch status' shows how far it is.\n");
}

ExitStatus reload(const ApiOptions& request) {
  ApiClient client({.socket = api_socket_path(request.socket), .timeout = std::chrono::minutes(2)});
  const auto answer = client.post("/api/v1/rules/reload", "{}");
  if (!answer) {
    say(answer.error().fault == ApiFault::Refused ? "wirewatch rules reload: the rules stay as they were"
                                                  : "wirewatch rules reload: not done");
    return complain("rules reload", answer.error());
  }
  if (request.json) return print(*answer + (answer->ends_with('\n') ? "" : "\n"));
  const auto document = parse_answer(*answer);
  if (!document) return complain("rules reload", document.error().message);
  return print("SHA-256 " + std::string(text_of(member(*document, "rules"), "sha256")) + " in force\n");
}

}  // namespace

CommandRun declare_replay(Options options) {
  const auto request = std::make_shared<ReplayRequest>();
  options.value("FILE", request->file, "A capture; the daemon must be able to read it")
      .required()
      .value_name("");
  options.value("--speed", request->speed,
                 "How many times faster than its time stamps say; max: as fast as it goes")
      .value_name("X")
      .usual("1")
      .check(check_speed);
  declare_api_options(options, *request);
  options.footer("The data plane needs a port for it: --port replay.\n\n" + std::string(kExitStatusHelp));
  return [request] { return replay(*request); };
}

CommandRun declare_rules_reload(Options options) {
  const auto request = std::make_shared<ApiOptions>();
  declare_api_options(options, *request);
  options.footer(
      "Exit status: 0 the new rules are in force; 1 they are at fault, and the old ones stay; 2 no daemon "
      "answers.");
  return [request] { return reload(*request); };
}

}  // namespace wirewatch
