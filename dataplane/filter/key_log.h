// SPDX-License-Identifier: BSD-3-Clause
// Secrets of TLS sessions as programs log them and captures bring them (NSS key log format, the TLSK blocks of pcapng).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <unordered_map>

#include "dataplane/quic/aead.h"

namespace wirewatch::filter {

struct SessionSecrets {
  enum Kind : uint8_t { ClientEarly, ClientHandshake, ServerHandshake, ClientTraffic, ServerTraffic, Count };
  std::array<quic::TrafficSecret, Count> secrets{};  // of no length where there is none
};

class KeyLog {
 public:
  using Random = std::array<uint8_t, 32>;  // of the client, which names a session

  /// Takes whole lines; what is none of the format is passed over.
  void add(std::string_view text);
  bool empty() const noexcept { return sessions_.empty(); }
  const SessionSecrets* find(std::span<const uint8_t, 32> client_random) const noexcept;

 private:
  static constexpr size_t kMostSessions = 100'000;

  struct RandomHash {
    size_t operator()(const Random& random) const noexcept;
  };
  void add_line(std::string_view line);

  std::unordered_map<Random, SessionSecrets, RandomHash> sessions_;
};

}  // namespace wirewatch::filter
