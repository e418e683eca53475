// SPDX-License-Identifier: BSD-3-Clause
// OpenSSL's digest, wrapped once.
#include "dataplane/classify/sha256.h"

#include <openssl/evp.h>

#include <memory>
#include <new>

namespace wirewatch {

Sha256Digest sha256(std::span<const std::span<const uint8_t>> pieces) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  Sha256Digest digest{};
  bool good = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (const auto piece : pieces)
    good = good && EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1;
  good = good && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  if (!good) throw std::bad_alloc();  // with SHA-256 built in, memory is all that OpenSSL can be short of
  return digest;
}

Sha256Digest sha256(std::span<const uint8_t> bytes) { return sha256(std::span(&bytes, 1)); }

std::string to_hex(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

}  // namespace wirewatch
