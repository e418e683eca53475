// SPDX-License-Identifier: BSD-3-Clause
#include "control/client/json_access.h"

#include <charconv>

namespace wirewatch {
namespace {

constexpr std::string_view kSchema = "wirewatch/api/1";
const Json kNothing;
const Json kNoRows = Json::array();

}  // namespace

Result<Json> parse_answer(std::string_view text) {
  Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) return fail("the daemon's answer is no JSON object");
  const std::string_view schema = text_of(document, "schema");
  if (schema != kSchema) {
    return fail("the daemon's answer has the schema '" + std::string(schema.substr(0, 64)) + "', not '" +
                std::string(kSchema) + "': the daemon and this program are of different versions");
  }
  return document;
}

const Json& member(const Json& object, const char* key) noexcept {
  if (!object.is_object()) return kNothing;
  const auto found = object.find(key);
  return found == object.end() ? kNothing : *found;
}

const Json& rows_of(const Json& object, const char* key) noexcept {
  const Json& rows = member(object, key);
  return rows.is_array() ? rows : kNoRows;
}

std::optional<int64_t> integer(const Json& object, const char* key) noexcept {
  const Json& value = member(object, key);
  if (value.is_number_unsigned() && *value.get_ptr<const Json::number_unsigned_t*>() > INT64_MAX)
    return INT64_MAX;
  return value.is_number_integer() ? std::optional(value.get<int64_t>()) : std::nullopt;
}

uint64_t count_of(const Json& object, const char* key) noexcept {
  const Json& value = member(object, key);
  return value.is_number_unsigned() ? value.get<uint64_t>() : 0;
}

std::optional<double> real(const Json& object, const char* key) noexcept {
  const Json& value = member(object, key);
  return value.is_number() ? std::optional(value.get<double>()) : std::nullopt;
}

bool flag(const Json& object, const char* key) noexcept {
  const Json& value = member(object, key);
  return value.is_boolean() && value.get<bool>();
}

std::string_view text_of(const Json& object, const char* key) noexcept {
  const Json& value = member(object, key);
  return value.is_string() ? std::string_view(value.get_ref<const std::string&>()) : std::string_view();
}

std::optional<Timestamp> time_of(const Json& object, const char* key) noexcept {
  const std::string_view text = text_of(object, key);
  const bool negative = text.starts_with('-');
  const size_t point = text.find('.');
  constexpr size_t kFraction = 9;
  if (point == std::string_view::npos || text.size() - point - 1 != kFraction) return std::nullopt;
  int64_t seconds = 0, fraction = 0;
  const auto whole = std::from_chars(text.data() + (negative ? 1 : 0), text.data() + point, seconds);
  const auto rest = std::from_chars(text.data() + point + 1, text.data() + text.size(), fraction);
  if (whole.ec != std::errc() || whole.ptr != text.data() + point || rest.ec != std::errc() ||
      rest.ptr != text.data() + text.size() || seconds < 0 || fraction < 0)
    return std::nullopt;
  int64_t ns = 0;
  if (__builtin_mul_overflow(seconds, int64_t{1'000'000'000}, &ns) ||
      __builtin_add_overflow(ns, fraction, &ns))
    return std::nullopt;
  return Timestamp{negative ? -ns : ns};
}

}  // namespace wirewatch
