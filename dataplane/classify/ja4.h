// SPDX-License-Identifier: BSD-3-Clause
// JA4, the fingerprint of a TLS client by what its ClientHello offers (FoxIO, technical_details/JA4.md; the plain JA4,
// which is under the BSD licence). One per classifier. Clients are few and say the same in every hello, so the digests of
// lists are remembered.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/classify/client_hello.h"

namespace wirewatch {

enum class HelloTransport : char { Tls = 't', Quic = 'q', Dtls = 'd' };

class Ja4 {
 public:
  /// "t13d1516h2_8daaf6152771_e5627efa2ab1"; empty for a hello that is not complete or beyond all measure. Valid until
  /// the next call.
  std::string_view of(const ClientHelloFields& hello, HelloTransport transport) noexcept;

 private:
  static constexpr size_t kLength = 36;
  static constexpr size_t kDigits = 12;  // of a digest
  using List = std::span<const uint16_t>;
  /// Two lists that were hashed as one text, and what came of it.
  struct Hashed {
    static constexpr size_t kMost = 56;
    uint32_t first = 0;  // of `values`; the second follows it
    uint32_t second = 0;
    std::array<uint16_t, kMost> values{};
    std::array<char, kDigits> digits{};

    bool is(List one, List other) const noexcept;
  };
  void put_hash(List first, List second, char* out) noexcept;

  std::array<char, kLength> text_{};
  std::array<Hashed, 128> hashed_{};
};

}  // namespace wirewatch
