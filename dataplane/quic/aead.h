// SPDX-License-Identifier: BSD-3-Clause
// The cipher suites of TLS 1.3 and how keys follow from a secret (RFC 8446 section 7.1), for captures that bring their own
// secrets. Nothing here is on the packet path: OpenSSL may allocate.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace wirewatch::quic {

/// RFC 8446 appendix B.4.
enum class Suite : uint8_t { Aes128Gcm, Aes256Gcm, ChaCha20Poly1305, Aes128Ccm };
std::optional<Suite> find_suite(uint16_t number) noexcept;
/// SHA-256 or SHA-384: how long a secret is.
size_t secret_length(Suite suite) noexcept;

/// A traffic secret, as a key log gives it.
struct TrafficSecret {
  std::array<uint8_t, 48> bytes{};
  uint8_t length = 0;

  std::span<const uint8_t> span() const noexcept { return std::span(bytes).first(length); }
};

/// HKDF-Expand-Label without context, for at most one block of output. The secret's length chooses the hash.
void expand_label(const TrafficSecret& secret, std::string_view label, std::span<uint8_t> out) noexcept;

struct AeadKeys {
  Suite suite = Suite::Aes128Gcm;
  std::array<uint8_t, 32> key{};
  std::array<uint8_t, 12> iv{};

  /// Under the names that TLS or a version of QUIC gives key and iv.
  static AeadKeys derive(Suite suite, const TrafficSecret& secret, std::string_view key_label, std::string_view iv_label) noexcept;
};

/// Header protection of QUIC (RFC 9001 section 5.4).
struct MaskKey {
  Suite suite = Suite::Aes128Gcm;
  std::array<uint8_t, 32> key{};
};

class Aead {
 public:
  /// Throws std::bad_alloc when OpenSSL has no memory.
  Aead();
  ~Aead();
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;

  /// Opens `sealed`, which ends with its tag, to the front of `clear`, which is as long; nullopt when it is not authentic.
  std::optional<std::span<const uint8_t>> open(const AeadKeys& keys, uint64_t number, std::span<const uint8_t> associated,
                                               std::span<const uint8_t> sealed, std::span<uint8_t> clear) noexcept;
  std::optional<std::array<uint8_t, 5>> mask(const MaskKey& key, std::span<const uint8_t, 16> sample) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace wirewatch::quic
