// SPDX-License-Identifier: BSD-3-Clause
#include "bench/mix/quic.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>
#include <stdexcept>
#include <string_view>

namespace wirewatch::mix {
namespace {

constexpr std::array<uint8_t, 20> kSalt{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                        0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr size_t kDatagram = 1200;
constexpr size_t kTag = 16;

using Digest = std::array<uint8_t, 32>;
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

void require(bool done) {
  if (!done) throw std::runtime_error("libcrypto refused to encrypt a QUIC packet");
}

Digest hmac(std::span<const uint8_t> key, std::span<const uint8_t> text) {
  Digest digest;
  require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), text.data(), text.size(), digest.data(), nullptr) != nullptr);
  return digest;
}

/// HKDF-Expand-Label (RFC 8446 7.1) of at most one digest.
Digest expand(std::span<const uint8_t> secret, std::string_view label, uint32_t length) {
  Bytes info;
  info.be16(length).u8(static_cast<uint32_t>(6 + label.size())).text("tls13 ").text(label).u8(0).u8(1);
  return hmac(secret, info.view());
}

int as_int(size_t size) { return static_cast<int>(size); }

/// AES-128-GCM over `text` in place; the tag is written behind it.
void seal(const uint8_t* key, const uint8_t* nonce, std::span<const uint8_t> header, std::span<uint8_t> text) {
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  int written = 0;
  require(EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_gcm(), nullptr, key, nonce) == 1);
  require(EVP_EncryptUpdate(cipher.get(), nullptr, &written, header.data(), as_int(header.size())) == 1);
  require(EVP_EncryptUpdate(cipher.get(), text.data(), &written, text.data(), as_int(text.size() - kTag)) == 1);
  require(EVP_EncryptFinal_ex(cipher.get(), text.data() + text.size() - kTag, &written) == 1);
  require(EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, as_int(kTag), text.data() + text.size() - kTag) == 1);
}

std::array<uint8_t, 16> header_mask(const uint8_t* key, const uint8_t* sample) {
  const Cipher cipher(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::array<uint8_t, 16> mask;
  int written = 0;
  require(EVP_EncryptInit_ex(cipher.get(), EVP_aes_128_ecb(), nullptr, key, nullptr) == 1);
  require(EVP_EncryptUpdate(cipher.get(), mask.data(), &written, sample, as_int(mask.size())) == 1);
  return mask;
}

}  // namespace

Bytes quic_client_initial(std::span<const uint8_t> hello, const ConnectionId& destination) {
  Bytes packet;
  packet.u8(0xc3).be32(1).u8(8).add(destination).u8(0).u8(0);  // Initial, four-byte packet number; no source ID, no token
  const size_t length_at = packet.size();
  const size_t number_at = length_at + 2;
  packet.be16(static_cast<uint32_t>(0x4000 | (kDatagram - number_at))).be32(0);
  const size_t body_at = packet.size();
  packet.u8(6).u8(0).be16(static_cast<uint32_t>(0x4000 | hello.size())).add(hello);
  packet.zeros(kDatagram - packet.size());                     // PADDING frames, and room for the tag

  const auto secret = expand(hmac(kSalt, destination), "client in", 32);
  const auto key = expand(secret, "quic key", 16);
  const auto nonce = expand(secret, "quic iv", 12);            // packet number 0 leaves it as it is
  const auto mask_key = expand(secret, "quic hp", 16);
  const std::span<uint8_t> all(packet.data(), packet.size());
  seal(key.data(), nonce.data(), all.first(body_at), all.subspan(body_at));
  const auto mask = header_mask(mask_key.data(), all.data() + number_at + 4);
  all[0] = static_cast<uint8_t>(all[0] ^ (mask[0] & 0x0f));
  for (size_t i = 0; i < 4; ++i) all[number_at + i] = static_cast<uint8_t>(all[number_at + i] ^ mask[1 + i]);
  return packet;
}

Bytes quic_server_flight(const ConnectionId& client, Random& random) {
  Bytes datagram;
  datagram.u8(0xc1).be32(1).u8(0).u8(8).add(client).u8(0).be16(0x4000 | 140).noise(random, 140);
  datagram.u8(0xe1).be32(1).u8(0).u8(8).add(client);
  const size_t rest = kDatagram - datagram.size() - 2;
  return datagram.be16(static_cast<uint32_t>(0x4000 | rest)).noise(random, rest);
}

Bytes quic_data(size_t length, const ConnectionId& destination, Random& random) {
  return Bytes().u8(0x40u | (random.byte() & 0x3f)).add(destination).noise(random, length);
}

}  // namespace wirewatch::mix
