// SPDX-License-Identifier: BSD-3-Clause
#include "control/api/message.h"

#include <algorithm>
#include <array>

#include "control/report/json_writer.h"

namespace wirewatch {
namespace {

constexpr std::array<std::pair<unsigned, std::string_view>, 17> kReasons{{{200, "OK"},
                                                                         {201, "Created"},
                                                                         {202, "Accepted"},
                                                                         {400, "Bad Request"},
                                                                         {401, "Unauthorized"},
                                                                         {403, "Forbidden"},
                                                                         {404, "Not Found"},
                                                                         {405, "Method Not Allowed"},
                                                                         {408, "Request Timeout"},
                                                                         {409, "Conflict"},
                                                                         {413, "Content Too Large"},
                                                                         {422, "Unprocessable Content"},
                                                                         {431, "Request Header Fields Too Large"},
                                                                         {500, "Internal Server Error"},
                                                                         {501, "Not Implemented"},
                                                                         {502, "Bad Gateway"},
                                                                         {503, "Service Unavailable"}}};

}  // namespace

std::string_view reason_phrase(unsigned status) noexcept {
  const auto* const found = std::ranges::find(kReasons, status, [](const auto& row) { return row.first; });
  return found == kReasons.end() ? std::string_view("Unknown") : found->second;
}

ApiResponse problem(unsigned status, std::string_view detail) {
  ApiResponse response{.status = status, .content_type = kProblemType, .body = {}, .headers = {}};
  Output out(response.body);
  JsonWriter json(out);
  json.begin_object();
  json.field("type", "about:blank");
  json.field("title", reason_phrase(status));
  json.field("status", status);
  json.field("detail", detail);
  json.end_object();
  out.put('\n');
  out.finish();
  return response;
}

}  // namespace wirewatch
