// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/ftp_ports.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "dataplane/base/ascii.h"

namespace wirewatch {
namespace {

constexpr size_t kMostLines = 8;
constexpr size_t kLongestAddress = 45;  // of IPv6 in text, with an IPv4 address at its end

/// What is left of a line, read from its front.
class Line {
 public:
  explicit Line(std::string_view text) noexcept : text_(text) {}

  /// `word` is in upper case and counts in any.
  bool skip(std::string_view word) noexcept {
    const auto same = [](char wanted, char c) { return wanted == upper(c); };
    if (text_.size() < word.size() || !std::ranges::equal(word, text_.substr(0, word.size()), same)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  void skip_to(auto wanted) noexcept {
    while (!text_.empty() && !wanted(text_.front())) text_.remove_prefix(1);
  }
  std::optional<uint16_t> number(uint16_t largest) noexcept {
    uint16_t value = 0;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value);
    if (error != std::errc{} || value > largest) return std::nullopt;
    text_.remove_prefix(static_cast<size_t>(end - text_.data()));
    return value;
  }
  std::string_view up_to(char end) noexcept {
    const std::string_view taken = text_.substr(0, text_.find(end));
    text_.remove_prefix(taken.size());
    return taken;
  }
  std::optional<char> one() noexcept {
    if (text_.empty()) return std::nullopt;
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }

 private:
  std::string_view text_;
};

/// "h1,h2,h3,h4,p1,p2", decimal.
std::optional<Endpoint> six_numbers(Line& line) noexcept {
  std::array<uint8_t, 6> bytes;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && line.one() != ',') return std::nullopt;
    const auto number = line.number(255);
    if (!number) return std::nullopt;
    bytes[i] = static_cast<uint8_t>(*number);
  }
  return Endpoint{IpAddress::v4(bytes.data()), static_cast<uint16_t>(bytes[4] << 8 | bytes[5])};
}

/// "|2|2001:db8::1|5282|", with any delimiter; without an address the sender's is meant.
std::optional<Endpoint> delimited(Line& line) noexcept {
  const auto delimiter = line.one();
  if (!delimiter || *delimiter < 33 || *delimiter > 126 || is_digit(*delimiter)) return std::nullopt;
  line.up_to(*delimiter);  // which family: the address shows it
  line.one();
  const std::string_view address = line.up_to(*delimiter);
  line.one();
  const auto port = line.number(65535);
  if (!port || line.one() != *delimiter || address.size() > kLongestAddress) return std::nullopt;
  if (address.empty()) return Endpoint{{}, *port};
  const auto parsed = IpAddress::from_text(address);
  return parsed ? std::optional(Endpoint{*parsed, *port}) : std::nullopt;
}

std::optional<Endpoint> end_in(Line line, bool from_client) noexcept {
  if (from_client) {
    if (line.skip("PORT ")) return six_numbers(line);
    return line.skip("EPRT ") ? delimited(line) : std::nullopt;
  }
  if (line.skip("229 ")) {
    line.skip_to([](char c) { return c == '('; });
    return line.one() ? delimited(line) : std::nullopt;
  }
  if (!line.skip("227 ")) return std::nullopt;
  line.skip_to(is_digit);  // servers differ in the words before it, and in whether there are parentheses (RFC 1123, 4.1.2.6)
  return six_numbers(line);
}

}  // namespace

size_t read_ftp_ports(std::span<const uint8_t> payload, bool from_client, const IpAddress& source, std::span<Endpoint> ends) noexcept {
  std::string_view left(reinterpret_cast<const char*>(payload.data()), payload.size());
  size_t count = 0;
  const auto put = [&](const Endpoint& end) {
    if (count < ends.size()) ends[count++] = end;
  };
  for (size_t lines = 0; lines < kMostLines && !left.empty(); ++lines) {
    const std::string_view line = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(left.size(), line.size() + 1));
    const auto end = end_in(Line(line), from_client);
    if (!end || end->port == 0) continue;
    put({source, end->port});
    if (end->address != IpAddress{} && end->address != source) put(*end);
  }
  return count;
}

}  // namespace wirewatch
