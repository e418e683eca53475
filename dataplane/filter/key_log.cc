// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/key_log.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace wirewatch::filter {
namespace {

constexpr std::array<std::string_view, SessionSecrets::Count> kLabels{
    "CLIENT_EARLY_TRAFFIC_SECRET", "CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET", "CLIENT_TRAFFIC_SECRET_0",
    "SERVER_TRAFFIC_SECRET_0"};

int digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// How many bytes the digits give; nullopt when they are none or too many.
std::optional<size_t> from_hex(std::string_view digits, std::span<uint8_t> out) noexcept {
  if (digits.size() % 2 != 0 || digits.size() / 2 > out.size()) return std::nullopt;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit(digits[i]), low = digit(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i / 2] = static_cast<uint8_t>(high << 4 | low);
  }
  return digits.size() / 2;
}

/// Up to the next space, which is taken away.
std::string_view take_word(std::string_view& line) noexcept {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

}  // namespace

size_t KeyLog::RandomHash::operator()(const Random& random) const noexcept {
  size_t hash = 0;
  std::memcpy(&hash, random.data() + 4, sizeof hash);  // its first bytes may be a time
  return hash;
}

void KeyLog::add(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find_first_of("\r\n"), text.size());
    add_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void KeyLog::add_line(std::string_view line) {
  const std::string_view label = take_word(line);
  const auto kind = std::ranges::find(kLabels, label);
  if (kind == kLabels.end()) return;
  Random random{};
  quic::TrafficSecret secret;
  if (from_hex(take_word(line), random) != random.size()) return;
  const auto length = from_hex(take_word(line), secret.bytes);
  if (length != size_t{32} && length != size_t{48}) return;
  secret.length = static_cast<uint8_t>(*length);
  if (sessions_.size() == kMostSessions && !sessions_.contains(random)) return;
  sessions_[random].secrets[static_cast<size_t>(kind - kLabels.begin())] = secret;
}

const SessionSecrets* KeyLog::find(std::span<const uint8_t, 32> client_random) const noexcept {
  Random random;
  std::ranges::copy(client_random, random.begin());
  const auto found = sessions_.find(random);
  return found == sessions_.end() ? nullptr : &found->second;
}

}  // namespace wirewatch::filter
