// SPDX-License-Identifier: BSD-3-Clause
// One JSON answer of the API: schema and time first, then whatever the endpoint writes.
#pragma once

#include <string>
#include <utility>

#include "control/api/message.h"
#include "control/report/json_fields.h"

namespace wirewatch {

inline constexpr std::string_view kApiSchema = "wirewatch/api/1";

/// `write` gets the JsonWriter inside the object.
template <typename Write>
ApiResponse document(Timestamp at, Write write, unsigned status = 200) {
  ApiResponse response{.status = status, .content_type = kJsonType, .body = {}, .headers = {}};
  Output out(response.body);
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", kApiSchema);
  json.field("timestamp", at);
  write(json);
  json.end_object();
  out.put('\n');
  out.finish();
  return response;
}

}  // namespace wirewatch
