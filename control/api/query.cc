// SPDX-License-Identifier: BSD-3-Clause
#include "control/api/query.h"

#include <algorithm>
#include <charconv>

#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

constexpr size_t kLongestValue = 256;

std::optional<uint64_t> whole_number(std::string_view text) noexcept {
  uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<unsigned> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// What is wrong with the value, or nothing.
std::string fault_of(const Parameter& parameter, const std::string& value) {
  const std::string name = "'" + std::string(parameter.name) + "'";
  const std::string found = value.size() > kLongestValue ? "a text of " + std::to_string(value.size()) + " characters"
                                                         : "'" + value + "'";
  if (parameter.range) {
    const auto number = whole_number(value);
    const auto [least, most] = *parameter.range;
    if (number && *number >= least && *number <= most) return {};
    return name + " takes a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", not " +
           found;
  }
  if (!parameter.choices.empty() && std::ranges::find(parameter.choices, value) == parameter.choices.end()) {
    std::string list;
    for (size_t i = 0; i < parameter.choices.size(); ++i) {
      if (i > 0) list += i + 1 == parameter.choices.size() ? " or " : ", ";
      list += parameter.choices[i];
    }
    return name + " takes " + list + ", not " + found;
  }
  if (value.empty() || value.size() > kLongestValue) {
    return name + " takes a text of 1 to " + std::to_string(kLongestValue) + " characters";
  }
  return {};
}

}  // namespace

Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      decoded += ' ';
    } else if (text[i] != '%') {
      decoded += text[i];
    } else {
      const auto high = i + 1 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
      const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
      if (!high || !low) return fail("a % is not followed by two hexadecimal digits");
      decoded += static_cast<char>(*high * 16 + *low);
      i += 2;
    }
  }
  return decoded;
}

Result<Query> Query::parse(std::string_view text, std::span<const Parameter> declared) {
  Query query;
  std::vector<std::string_view> known;
  for (const Parameter& parameter : declared) known.push_back(parameter.name);
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const size_t equals = pair.find('=');
    const auto name = percent_decode(pair.substr(0, equals), true);
    if (!name) return tl::unexpected(name.error());
    const auto parameter = std::ranges::find(declared, *name, &Parameter::name);
    if (parameter == declared.end()) {
      const std::string shown = name->substr(0, kLongestValue);
      if (known.empty()) return fail("unknown parameter '" + shown + "'; this takes none");
      return fail("unknown parameter '" + shown + "'" + did_you_mean(*name, known));
    }
    if (std::ranges::find(query.values_, *name, &Value::name) != query.values_.end()) {
      return fail("'" + *name + "' is given twice");
    }
    auto value = percent_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
    if (!value) return tl::unexpected(value.error());
    if (std::string fault = fault_of(*parameter, *value); !fault.empty()) return fail(std::move(fault));
    query.values_.push_back({parameter->name, std::move(*value)});
  }
  for (const Parameter& parameter : declared) {
    const bool given = std::ranges::find(query.values_, parameter.name, &Value::name) != query.values_.end();
    if (!given && !parameter.usual.empty()) query.values_.push_back({parameter.name, std::string(parameter.usual)});
  }
  return query;
}

std::string_view Query::text(std::string_view name) const noexcept {
  const auto found = std::ranges::find(values_, name, &Value::name);
  return found == values_.end() ? std::string_view() : std::string_view(found->text);
}

std::optional<uint64_t> Query::number(std::string_view name) const noexcept { return whole_number(text(name)); }

}  // namespace wirewatch
