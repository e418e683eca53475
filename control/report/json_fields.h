// SPDX-License-Identifier: BSD-3-Clause
// What the rows of a JSON document are made of: traffic, ends, times, lists. A field that is not known is left out.
#pragma once

#include <optional>
#include <string_view>

#include "control/report/json_writer.h"
#include "control/report/report.h"

namespace wirewatch {

inline void write_traffic_fields(JsonWriter& json, const Traffic& traffic) {
  json.field("packets", traffic.packets);
  json.field("bytes", traffic.bytes);
}

template <size_t Size>
void write_traffic(JsonWriter& json, const char (&key)[Size], const Traffic& traffic) {
  json.key(key);
  json.begin_object();
  write_traffic_fields(json, traffic);
  json.end_object();
}

template <size_t Size>
void write_endpoint(JsonWriter& json, const char (&key)[Size], const Endpoint& endpoint) {
  json.key(key);
  json.begin_object();
  json.field("address", endpoint.address);
  json.field("port", endpoint.port);
  json.end_object();
}

template <size_t Size, typename Value>
void write_known(JsonWriter& json, const char (&key)[Size], const std::optional<Value>& value) {
  if (value) json.field(key, *value);
}

template <size_t Size>
void write_time(JsonWriter& json, const char (&key)[Size], Timestamp time) {
  if (time != kNoTimestamp) json.field(key, time);
}

template <size_t Size>
void write_text(JsonWriter& json, const char (&key)[Size], std::string_view text) {
  if (!text.empty()) json.field(key, text);
}

template <size_t Size>
void write_counts(JsonWriter& json, const char (&key)[Size], const NamedCounts& counts) {
  json.key(key);
  json.begin_object();
  for (const auto& [name, count] : counts) {
    json.key_of(name);
    json.value(count);
  }
  json.end_object();
}

/// One list of the report, each row on a line of its own.
template <size_t Size, typename Rows, typename WriteRow>
void write_rows(JsonWriter& json, const char (&key)[Size], const Rows& rows, WriteRow write_row) {
  json.key(key);
  json.begin_array();
  for (const auto& row : rows) {
    json.new_line();
    json.begin_object();
    write_row(row);
    json.end_object();
  }
  json.end_array();
}

}  // namespace wirewatch
