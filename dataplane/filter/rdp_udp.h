// SPDX-License-Identifier: BSD-3-Clause
// RDP over UDP, versions 1 and 2 (MS-RDPEUDP, MS-RDPEUDP2): which part of a datagram is TLS.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace wirewatch::filter {

inline constexpr uint16_t kRdpPort = 3389;

/// A conversation.
class RdpUdp {
 public:
  /// The TLS that a datagram carries, valid until the next call.
  std::optional<std::span<const uint8_t>> open(std::span<const uint8_t> datagram);

 private:
  std::optional<std::span<const uint8_t>> open_first(std::span<const uint8_t> datagram) noexcept;
  std::optional<std::span<const uint8_t>> open_second(std::span<const uint8_t> datagram);

  bool second_ = false;  // both ends agreed on version 2
  bool lossy_ = false;   // carries DTLS
  std::vector<uint8_t> datagram_;
};

}  // namespace wirewatch::filter
