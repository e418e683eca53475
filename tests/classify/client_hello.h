// SPDX-License-Identifier: BSD-3-Clause
// Builds TLS ClientHellos (RFC 8446 section 4.1.2) for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <vector>

namespace wirewatch {

class ClientHello {
 public:
  ClientHello& extension(uint16_t type, const std::vector<uint8_t>& body) {
    be16(extensions_, type);
    be16(extensions_, body.size());
    std::ranges::copy(body, std::back_inserter(extensions_));
    return *this;
  }
  ClientHello& server_name(std::string_view host) {
    std::vector<uint8_t> body;
    be16(body, host.size() + 3);
    body.push_back(0);  // host_name
    be16(body, host.size());
    std::ranges::copy(host, std::back_inserter(body));
    return extension(0, body);
  }
  ClientHello& cipher_suites(const std::vector<uint16_t>& suites) {
    suites_ = suites;
    return *this;
  }
  /// The handshake message.
  std::vector<uint8_t> message() const {
    std::vector<uint8_t> hello{3, 3};
    for (int i = 0; i < 32; ++i) hello.push_back(0x5a);  // random
    hello.push_back(0);                                  // no session id
    be16(hello, 2 * suites_.size());
    for (const uint16_t suite : suites_) be16(hello, suite);
    hello.push_back(1);
    hello.push_back(0);
    be16(hello, extensions_.size());
    std::ranges::copy(extensions_, std::back_inserter(hello));
    std::vector<uint8_t> message{1, 0};
    be16(message, hello.size());
    std::ranges::copy(hello, std::back_inserter(message));
    return message;
  }

 private:
  static void be16(std::vector<uint8_t>& out, size_t value) {
    out.push_back(static_cast<uint8_t>(value >> 8));
    out.push_back(static_cast<uint8_t>(value));
  }
  std::vector<uint16_t> suites_{0x1301};
  std::vector<uint8_t> extensions_;
};

inline std::vector<uint8_t> tls_record(const std::vector<uint8_t>& message) {
  std::vector<uint8_t> record{22, 3, 1, static_cast<uint8_t>(message.size() >> 8),
                              static_cast<uint8_t>(message.size())};
  std::ranges::copy(message, std::back_inserter(record));
  return record;
}

}  // namespace wirewatch
