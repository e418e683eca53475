// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/literal.h"

#include <algorithm>
#include <charconv>

#include "dataplane/base/byte_order.h"
#include "dataplane/filter/value_name.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch::filter {
namespace {

std::string quoted(const SyntaxNode& node) {
  switch (node.kind) {
    case SyntaxKind::String: return "\"" + node.text + "\"";
    case SyntaxKind::Character: return "the character '" + node.text + "'";
    default: return "'" + node.text + "'";
  }
}

std::vector<uint8_t> bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

/// Decimal, 0x hexadecimal, 0b binary, or octal with a leading 0, as in C.
std::optional<uint64_t> parse_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with("0b") || text.starts_with("0B")) {
    base = 2;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.front() == '0') {
    base = 8;
    text.remove_prefix(1);
  }
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Result<Value> integer(const SyntaxNode& node, FieldType type, std::optional<FieldId> field) {
  if (node.kind == SyntaxKind::Character) return Value::of(static_cast<uint8_t>(node.text[0]));
  if (node.kind == SyntaxKind::Word) {
    if (const auto number = parse_number(node.text)) {
      if (*number > largest(type)) {
        return fault(node.column, node.text + " is too large: the field holds at most " + std::to_string(largest(type)));
      }
      return Value::of(*number);
    }
  }
  if (field) {
    if (const auto number = number_of_name(*field, node.text)) return Value::of(*number);
    if (const std::string known = names_of(*field); !known.empty()) {
      return fault(node.column, quoted(node) + " is neither a number nor a name of a value of " + std::string(spec(*field).name) +
                                    "; it knows " + known);
    }
  }
  if (node.kind == SyntaxKind::Word && !node.text.empty() && node.text.front() >= '0' && node.text.front() <= '9') {
    return fault(node.column, quoted(node) + " is not a valid number; write 80, 0x50, 0b101 or 0120");
  }
  return fault(node.column, "expected a number, found " + quoted(node));
}

Result<Value> boolean(const SyntaxNode& node) {
  for (const std::string_view yes : {"True", "TRUE", "true", "Set", "set"}) {
    if (node.text == yes) return Value::of(uint64_t{1});
  }
  for (const std::string_view no : {"False", "FALSE", "false", "Not set", "not set"}) {
    if (node.text == no) return Value::of(uint64_t{0});
  }
  const auto number = node.kind == SyntaxKind::Word ? parse_number(node.text) : std::nullopt;
  if (!number) return fault(node.column, "expected 1, 0, True, False, \"Set\" or \"Not set\", found " + quoted(node));
  return Value::of(uint64_t{*number != 0});
}

Result<Value> bytes(const SyntaxNode& node, FieldType type, LiteralStore& store) {
  if (node.kind != SyntaxKind::Word) return Value::of(store.keep(bytes_of(node.text)));
  auto parsed = parse_bytes(node.text);
  if (type == FieldType::Ether && (!parsed || parsed->size() != 6)) {
    const std::string_view why = !parsed             ? "is not a MAC address"
                                 : parsed->size() < 6 ? "has too few bytes for a MAC address"
                                                      : "has too many bytes for a MAC address";
    return fault(node.column, quoted(node) + " " + std::string(why) + ", like 00:11:22:33:44:55");
  }
  if (!parsed) {
    return fault(node.column, quoted(node) + " is not a sequence of bytes; write 00:11:22 in hexadecimal, or a string in quotes");
  }
  return Value::of(store.keep(std::move(*parsed)));
}

Result<Value> address(const SyntaxNode& node, FieldType type, LiteralStore& store) {
  const bool v4 = type == FieldType::Ipv4;
  const IpFamily family = v4 ? IpFamily::V4 : IpFamily::V6;
  const std::string_view example = v4 ? "10.0.0.1 or 10.0.0.0/8" : "2001:db8::1 or 2001:db8::/32";
  std::string_view text = node.text;
  const unsigned all_bits = v4 ? 32 : 128;
  unsigned bits = all_bits;
  if (const size_t slash = text.find('/'); slash != std::string_view::npos && node.kind == SyntaxKind::Word) {
    const std::string_view length = text.substr(slash + 1);
    unsigned asked = 0;
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), asked);
    if (error != std::errc{} || end != length.data() + length.size() || asked > bits) {
      return fault(node.column + slash + 1, "a prefix length is at most " + std::to_string(bits) + ", not " + std::string(length));
    }
    bits = asked;
    text = text.substr(0, slash);
  }
  const auto parsed = IpAddress::parse(text);
  if (!parsed || parsed->family != family || node.kind == SyntaxKind::Character) {
    return fault(node.column, quoted(node) + " is not an " + std::string(v4 ? "IPv4" : "IPv6") + " address, like " +
                                  std::string(example) + "; names are not looked up");
  }
  Value value;
  value.free_bits = static_cast<uint8_t>(all_bits - bits);
  if (v4) {
    value.number = load_be32(parsed->bytes.data());
  } else {
    const auto kept = store.keep({parsed->bytes.begin(), parsed->bytes.end()});
    value.data = kept.data();
    value.length = static_cast<uint32_t>(kept.size());
  }
  return value;
}

/// "12", "12.5" or ".5" seconds.
std::optional<int64_t> parse_seconds(std::string_view text) {
  const size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  std::string_view fraction = dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1);
  if (whole.empty() && fraction.empty()) return std::nullopt;
  uint64_t seconds = 0;
  if (!whole.empty()) {
    const auto [end, error] = std::from_chars(whole.data(), whole.data() + whole.size(), seconds);
    constexpr uint64_t kMost = 9'000'000'000;  // the year 2255
    if (error != std::errc{} || end != whole.data() + whole.size() || seconds > kMost) return std::nullopt;
  }
  int64_t ns = 0;
  constexpr size_t kDigits = 9;
  for (size_t i = 0; i < std::max(kDigits, fraction.size()); ++i) {
    const char digit = i < fraction.size() ? fraction[i] : '0';
    if (digit < '0' || digit > '9') return std::nullopt;
    if (i < kDigits) ns = ns * 10 + (digit - '0');
  }
  return static_cast<int64_t>(seconds) * 1'000'000'000 + ns;
}

Result<Value> time(const SyntaxNode& node, FieldType type) {
  const bool relative = type == FieldType::RelativeTime;
  const auto ns = relative ? (node.kind == SyntaxKind::Word ? parse_seconds(node.text) : std::nullopt)
                           : parse_absolute_time(node.text);
  if (ns) return Value::of_signed(*ns);
  if (relative) return fault(node.column, "expected a number of seconds, like 0.25, found " + quoted(node));
  return fault(node.column, quoted(node) +
                                " is not a date and time, like \"2026-11-22 20:53:40.5\", \"2026-11-22T20:53:40Z\" or "
                                "\"Nov 22, 2026 20:53:40\"");
}

}  // namespace

std::optional<std::vector<uint8_t>> parse_bytes(std::string_view text) {
  std::vector<uint8_t> bytes;
  if (text.starts_with(':')) text.remove_prefix(1);  // ":47" says that it is bytes and not a field
  if (text.starts_with("0x") && text.size() <= 4) text.remove_prefix(2);
  const auto digit = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    const char small = static_cast<char>(c | 0x20);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
  };
  if (text.size() == 1 && digit(text[0]) >= 0) return std::vector<uint8_t>{static_cast<uint8_t>(digit(text[0]))};
  char separator = '\0';
  for (size_t at = 0; at < text.size();) {
    if (at + 1 >= text.size()) return std::nullopt;
    const int high = digit(text[at]), low = digit(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes.push_back(static_cast<uint8_t>(high * 16 + low));
    at += 2;
    if (at == text.size()) break;
    const char next = text[at];
    if (next != ':' && next != '-' && next != '.') continue;
    if (separator != '\0' && separator != next) return std::nullopt;
    separator = next;
    ++at;
    if (at == text.size()) return std::nullopt;
  }
  if (bytes.empty()) return std::nullopt;
  return bytes;
}

Result<Value> parse_literal(const SyntaxNode& node, FieldType type, std::optional<FieldId> field, LiteralStore& store) {
  switch (type) {
    case FieldType::Boolean: return boolean(node);
    case FieldType::AbsoluteTime:
    case FieldType::RelativeTime: return time(node, type);
    case FieldType::Ipv4:
    case FieldType::Ipv6: return address(node, type, store);
    case FieldType::Ether:
    case FieldType::Bytes:
    case FieldType::Protocol: return bytes(node, type, store);
    case FieldType::String: return Value::of(store.keep(bytes_of(node.text)));
    case FieldType::None:
      return fault(node.column, "the field on the left has no value to compare with; write its name alone");
    default: return integer(node, type, field);
  }
}

}  // namespace wirewatch::filter
