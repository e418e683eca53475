// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/start_tls.h"

#include <array>

#include "dataplane/filter/message_text.h"

namespace wirewatch::filter {
namespace {

/// RFC 3207, 2595, 4642 and 4217: what a client asks with, in lower case, and how the reply that agrees begins.
struct Upgrade {
  uint16_t port;
  Text command, agreement;
};
constexpr std::array kUpgrades{
    Upgrade{25, "starttls", "220"},  Upgrade{587, "starttls", "220"}, Upgrade{110, "stls", "+ok "},
    Upgrade{119, "starttls", "382"}, Upgrade{21, "auth tls", "234"},  Upgrade{21, "auth ssl", "234"},
};

bool begins_with(Text line, Text lower_case) noexcept {
  return line.size() >= lower_case.size() && same_name(line.substr(0, lower_case.size()), lower_case);
}

}  // namespace

bool may_start_tls(uint16_t port) noexcept {
  return std::ranges::any_of(kUpgrades, [&](const Upgrade& one) { return one.port == port; });
}

bool StartTls::observe(uint16_t source_port, uint16_t destination_port, std::span<const uint8_t> payload) noexcept {
  const Text text = as_text(payload);
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const Text line = after(text, at).substr(0, end - at);
    at = end + 1;
    for (const Upgrade& one : kUpgrades) {
      if (one.port == destination_port) asked_ |= begins_with(line, one.command);
      if (one.port != source_port || !asked_ || line.size() < 3) continue;
      if (begins_with(line, one.agreement)) return true;
      asked_ = false;
      break;
    }
  }
  return false;
}

}  // namespace wirewatch::filter
