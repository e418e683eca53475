// SPDX-License-Identifier: BSD-3-Clause
// SHA-256 for the packet path, and HMAC-SHA-256 (RFC 2104) with a key that is used more than once: the blocks of the key
// are hashed when it is set, so that a short message costs two compressions instead of four. Nothing is allocated.
#pragma once

#include <openssl/sha.h>

#include <array>
#include <cstdint>
#include <span>

namespace wirewatch {

/// The digest alone, likewise without allocation: for the packet path. The edge has sha256.h.
void sha256_in_place(std::span<const uint8_t> message, std::span<uint8_t, 32> out) noexcept;

class HmacSha256 {
 public:
  /// A key of at most one block, 64 bytes; what is beyond is left out.
  explicit HmacSha256(std::span<const uint8_t> key) noexcept;

  void digest(std::span<const uint8_t> message, std::span<uint8_t, 32> out) const noexcept;

 private:
  SHA256_CTX inner_;
  SHA256_CTX outer_;
};

}  // namespace wirewatch
