// SPDX-License-Identifier: BSD-3-Clause
// JA4, the fingerprint of a TLS client by what its ClientHello offers (FoxIO, technical_details/JA4.md; the plain JA4,
// which is under the BSD licence). One per classifier.
#pragma once

#include <array>
#include <cstdint>
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
  std::array<char, kLength> text_{};
};

}  // namespace wirewatch
