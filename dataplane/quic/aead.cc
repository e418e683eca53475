// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/quic/aead.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <new>

#include "dataplane/quic/hkdf_label.h"

namespace wirewatch::quic {
namespace {

constexpr size_t kTag = 16, kSha256 = 32, kSha384 = 48;

const EVP_CIPHER* cipher_of(Suite suite) noexcept {
  switch (suite) {
    case Suite::Aes128Gcm: return EVP_aes_128_gcm();
    case Suite::Aes256Gcm: return EVP_aes_256_gcm();
    case Suite::ChaCha20Poly1305: return EVP_chacha20_poly1305();
    case Suite::Aes128Ccm: return EVP_aes_128_ccm();
  }
  return nullptr;
}

const EVP_CIPHER* mask_cipher_of(Suite suite) noexcept {
  switch (suite) {
    case Suite::Aes256Gcm: return EVP_aes_256_ecb();
    case Suite::ChaCha20Poly1305: return EVP_chacha20();
    case Suite::Aes128Gcm:
    case Suite::Aes128Ccm: return EVP_aes_128_ecb();
  }
  return nullptr;
}

size_t key_length(Suite suite) noexcept { return suite == Suite::Aes256Gcm || suite == Suite::ChaCha20Poly1305 ? 32 : 16; }

int as_int(size_t size) noexcept { return static_cast<int>(size); }

}  // namespace

std::optional<Suite> find_suite(uint16_t number) noexcept {
  switch (number) {
    case 0x1301: return Suite::Aes128Gcm;
    case 0x1302: return Suite::Aes256Gcm;
    case 0x1303: return Suite::ChaCha20Poly1305;
    case 0x1304: return Suite::Aes128Ccm;
    default: return std::nullopt;
  }
}

size_t secret_length(Suite suite) noexcept { return suite == Suite::Aes256Gcm ? kSha384 : kSha256; }

void expand_label(const TrafficSecret& secret, std::string_view label, std::span<uint8_t> out) noexcept {
  const HkdfLabel info(label, out.size());
  std::array<uint8_t, EVP_MAX_MD_SIZE> block{};
  unsigned length = 0;
  const EVP_MD* const hash = secret.length == kSha384 ? EVP_sha384() : EVP_sha256();
  if (HMAC(hash, secret.bytes.data(), secret.length, info.bytes().data(), info.bytes().size(), block.data(), &length) == nullptr) length = 0;
  std::copy_n(block.begin(), std::min<size_t>(out.size(), length), out.begin());
}

AeadKeys AeadKeys::derive(Suite suite, const TrafficSecret& secret, std::string_view key_label, std::string_view iv_label) noexcept {
  AeadKeys keys;
  keys.suite = suite;
  expand_label(secret, key_label, std::span(keys.key).first(key_length(suite)));
  expand_label(secret, iv_label, keys.iv);
  return keys;
}

struct Aead::State {
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  ~State() { EVP_CIPHER_CTX_free(context); }
};

Aead::Aead() : state_(std::make_unique<State>()) {
  if (state_->context == nullptr) throw std::bad_alloc();
}
Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

std::optional<std::span<const uint8_t>> Aead::open(const AeadKeys& keys, uint64_t number, std::span<const uint8_t> associated,
                                                   std::span<const uint8_t> sealed, std::span<uint8_t> clear) noexcept {
  if (sealed.size() < kTag || clear.size() < sealed.size()) return std::nullopt;
  auto nonce = keys.iv;
  for (size_t i = 0; i < sizeof number; ++i) nonce[nonce.size() - 1 - i] ^= static_cast<uint8_t>(number >> (8 * i));
  const auto body = sealed.first(sealed.size() - kTag);
  std::array<uint8_t, kTag> tag{};
  std::ranges::copy(sealed.last(kTag), tag.begin());
  EVP_CIPHER_CTX* const context = state_->context;
  const bool ccm = keys.suite == Suite::Aes128Ccm;
  int written = 0;
  if (EVP_CIPHER_CTX_reset(context) != 1 || EVP_DecryptInit_ex(context, cipher_of(keys.suite), nullptr, nullptr, nullptr) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, as_int(nonce.size()), nullptr) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, as_int(kTag), tag.data()) != 1 ||
      EVP_DecryptInit_ex(context, nullptr, nullptr, keys.key.data(), nonce.data()) != 1) {
    return std::nullopt;
  }
  if (ccm && EVP_DecryptUpdate(context, nullptr, &written, nullptr, as_int(body.size())) != 1) return std::nullopt;
  if (!associated.empty() && EVP_DecryptUpdate(context, nullptr, &written, associated.data(), as_int(associated.size())) != 1) return std::nullopt;
  if ((ccm || !body.empty()) && EVP_DecryptUpdate(context, clear.data(), &written, body.data(), as_int(body.size())) != 1) return std::nullopt;
  std::array<uint8_t, kTag> end{};
  if (!ccm && EVP_DecryptFinal_ex(context, end.data(), &written) != 1) return std::nullopt;
  return clear.first(body.size());
}

std::optional<std::array<uint8_t, 5>> Aead::mask(const MaskKey& key, std::span<const uint8_t, 16> sample) noexcept {
  EVP_CIPHER_CTX* const context = state_->context;
  const bool stream = key.suite == Suite::ChaCha20Poly1305;  // the sample is counter and nonce; else it is the block
  constexpr std::array<uint8_t, 16> kZeros{};
  std::array<uint8_t, 32> block{};
  int written = 0;
  if (EVP_CIPHER_CTX_reset(context) != 1 ||
      EVP_EncryptInit_ex(context, mask_cipher_of(key.suite), nullptr, key.key.data(), stream ? sample.data() : nullptr) != 1 ||
      EVP_CIPHER_CTX_set_padding(context, 0) != 1 ||
      EVP_EncryptUpdate(context, block.data(), &written, stream ? kZeros.data() : sample.data(), as_int(sample.size())) != 1) {
    return std::nullopt;
  }
  std::array<uint8_t, 5> mask{};
  std::copy_n(block.begin(), mask.size(), mask.begin());
  return mask;
}

}  // namespace wirewatch::quic
