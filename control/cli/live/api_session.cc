// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/api_session.h"

#include <array>

#include "control/cli/standard_streams.h"
#include "control/cli/terminal.h"

namespace wirewatch {

void declare_api_options(Options options, ApiOptions& request) {
  options.flag("--json", request.json, "The daemon's answer, one JSON document, instead of the page");
  declare_socket_option(options, request);
}

void declare_socket_option(Options options, ApiOptions& request) {
  options.value("--socket", request.socket,
                 "The daemon's socket; without it $WIREWATCH_API, $XDG_RUNTIME_DIR/wirewatch/api.sock or "
                 "/run/wirewatch/api.sock")
      .value_name("PATH");
}

ExitStatus complain(std::string_view command, const ApiError& error) {
  constexpr unsigned kBadRequest = 400;
  const bool said_no = error.fault == ApiFault::Refused && error.status != kBadRequest;
  return complain(command, error.message, said_no ? ExitStatus::No : ExitStatus::Unusable);
}

ExitStatus ask_and_print(
    std::string_view command, const ApiOptions& request, const std::vector<std::string>& targets,
    const std::function<std::string(const std::vector<Document>&, const PageStyle&)>& show) {
  ApiClient client({.socket = api_socket_path(request.socket)});
  std::vector<Document> documents;
  for (const std::string& target : targets) {
    const auto answer = client.get(target);
    if (!answer) return complain(command, answer.error());
    if (request.json) return print(*answer + (answer->ends_with('\n') ? "" : "\n"));
    auto document = parse_answer(*answer);
    if (!document) return complain(command, document.error().message);
    documents.push_back(std::make_shared<const Json>(std::move(*document)));
  }
  return print(show(documents, page_style({})));
}

TargetText& TargetText::segment(std::string_view name) {
  target_ += '/';
  escape(name);
  return *this;
}

TargetText& TargetText::add(std::string_view name, std::string_view value) {
  target_ += first_ ? '?' : '&';
  first_ = false;
  target_ += name;
  target_ += '=';
  escape(value);
  return *this;
}

void TargetText::escape(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= 'A' && byte <= 'Z') || c == '-' || c == '_' || c == '.' ||
                       c == '~';  // RFC 3986, unreserved
    if (plain) {
      target_ += c;
    } else {
      target_ += '%';
      target_ += kHex[byte >> 4];
      target_ += kHex[byte & 15];
    }
  }
}

}  // namespace wirewatch
