// SPDX-License-Identifier: BSD-3-Clause
// The control channel of OpenVPN, which carries TLS: its packets are put together until a message is whole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wirewatch::filter {

inline constexpr uint16_t kOpenVpnPort = 1194;

/// One direction between two hosts.
class OpenVpn {
 public:
  /// The TLS of the message that this packet ends, valid until the next call; nullopt when it ends none.
  std::optional<std::span<const uint8_t>> open(std::span<const uint8_t> packet);

 private:
  static constexpr size_t kMostSessions = 8;
  static constexpr size_t kMostBytes = size_t{1} << 17;  // of a message; a longer one is given up

  struct Session {
    uint32_t id = 0;
    std::vector<uint8_t> bytes;  // of a message that is not whole yet
  };
  std::vector<Session> sessions_;  // the one begun first in front
  std::vector<uint8_t> message_;
};

}  // namespace wirewatch::filter
