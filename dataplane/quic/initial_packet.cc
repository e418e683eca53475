// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/quic/initial_packet.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "dataplane/quic/hkdf_label.h"
#include "dataplane/quic/hmac_sha256.h"

namespace wirewatch::quic {
namespace {

constexpr size_t kTag = 16, kSample = 16, kLongestNumber = 4, kLongestConnectionId = 20;
constexpr uint8_t kLongHeader = 0x80, kFixedBit = 0x40;
constexpr uint32_t kVersion2 = 0x6b3343cf;

using Salt = std::array<uint8_t, 20>;
using Secret = std::array<uint8_t, 32>;
constexpr Salt kDraft22{0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
                        0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a};
constexpr Salt kDraft23{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                        0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
constexpr Salt kDraft29{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                        0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr Salt kFirst{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                      0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr Salt kSecond{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                       0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
constexpr Salt kGoogle050{0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
                          0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10};
constexpr Salt kGoogle051{0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
                          0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d};
constexpr uint8_t kGoogleCrypto = 8;

constexpr std::array<Version, 10> kVersions{{{1, 1, kFirst},
                                             {kVersion2, kVersion2, kSecond, 6, {"quicv2 key", "quicv2 iv", "quicv2 hp"}},
                                             {0xff000021, 0xff000022, kFirst},
                                             {0xff00001d, 0xff000020, kDraft29},
                                             {0xff000017, 0xff00001c, kDraft23},
                                             {0xff000015, 0xff000016, kDraft22},
                                             {0xfaceb001, 0xfaceb001, kDraft22},
                                             {0xfaceb002, 0xfaceb00e, kDraft23},
                                             {0x54303530, 0x54303530, kGoogle050, kGoogleCrypto},
                                             {0x54303531, 0x54303531, kGoogle051, kGoogleCrypto}}};

template <auto Free>
struct Deleter {
  void operator()(auto* object) const noexcept { Free(object); }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, Deleter<Free>>;

template <typename T>
T* required(T* object) {
  if (object == nullptr) throw std::bad_alloc();
  return object;
}

int as_int(size_t size) noexcept { return static_cast<int>(size); }

template <size_t... I>
std::array<HmacSha256, sizeof...(I)> keyed_by_salts(std::index_sequence<I...>) noexcept {
  return {HmacSha256(kVersions[I].salt)...};
}

/// HKDF-Expand-Label of RFC 8446 section 7.1 without context, for at most one block of output.
void expand_label(const HmacSha256& secret, std::string_view label, std::span<uint8_t> out) noexcept {
  Secret block;
  secret.digest(HkdfLabel(label, out.size()).bytes(), block);
  std::memcpy(out.data(), block.data(), out.size());
}

}  // namespace

const Version* find_version(uint32_t number) noexcept {
  const auto* const at = std::ranges::find_if(
      kVersions, [&](const Version& version) { return version.first <= number && number <= version.last; });
  return at == kVersions.end() ? nullptr : at;
}

std::optional<LongPacket> read_long_packet(std::span<const uint8_t> datagram, bool known) noexcept {
  ByteReader reader(datagram);
  const auto first = reader.u8();
  const auto version = reader.be32();
  const uint8_t expected = known ? kLongHeader : kLongHeader | kFixedBit;
  if (!version || *version == 0 || (*first & expected) != expected) return std::nullopt;
  const auto destination_length = reader.u8();
  if (!destination_length || *destination_length > kLongestConnectionId) return std::nullopt;
  const auto destination = reader.take(*destination_length);
  const auto source_length = destination ? reader.u8() : std::nullopt;
  const auto source = source_length ? reader.take(*source_length) : std::nullopt;
  if (!source) return std::nullopt;
  const unsigned bits = (*first & 0x30u) >> 4;
  const unsigned type = *version == kVersion2 ? (bits + 3) % 4 : bits;  // RFC 9369 section 3.2 turns the numbers around
  constexpr unsigned kInitial = 0, kRetry = 3;
  if (type == kRetry) return std::nullopt;
  if (type == kInitial) {
    const auto token = read_varint(reader);
    if (!token || !reader.skip(*token)) return std::nullopt;
  }
  const auto length = read_varint(reader);
  constexpr uint64_t kLargest = 65'536;
  if (!length || *length > kLargest) return std::nullopt;
  LongPacket packet;
  packet.connection_id = *destination;
  packet.source_id = *source;
  packet.number_at = reader.offset();
  packet.length = packet.number_at + static_cast<size_t>(*length);
  packet.bytes = datagram.first(std::min(packet.length, datagram.size()));
  packet.version = *version;
  packet.type = static_cast<LongType>(type);
  return packet;
}

struct InitialOpener::State {
  std::array<HmacSha256, kVersions.size()> salts = keyed_by_salts(std::make_index_sequence<kVersions.size()>());
  Owned<EVP_CIPHER, EVP_CIPHER_free> ecb{required(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr))};
  Owned<EVP_CIPHER, EVP_CIPHER_free> gcm{required(EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr))};
  Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> ecb_context{required(EVP_CIPHER_CTX_new())};
  Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> gcm_context{required(EVP_CIPHER_CTX_new())};

  /// Ciphers are chosen once; a packet sets keys only.
  State() {
    const bool chosen = EVP_EncryptInit_ex2(ecb_context.get(), ecb.get(), nullptr, nullptr, nullptr) == 1 &&
                        EVP_CIPHER_CTX_set_padding(ecb_context.get(), 0) == 1 &&
                        EVP_DecryptInit_ex2(gcm_context.get(), gcm.get(), nullptr, nullptr, nullptr) == 1;
    if (!chosen) throw std::bad_alloc();
  }
};

InitialOpener::InitialOpener() : state_(std::make_unique<State>()) {}
InitialOpener::~InitialOpener() = default;
InitialOpener::InitialOpener(InitialOpener&&) noexcept = default;
InitialOpener& InitialOpener::operator=(InitialOpener&&) noexcept = default;

InitialKeys InitialOpener::derive(const Version& version, std::span<const uint8_t> connection_id, Side side) const noexcept {
  Secret secret;
  state_->salts[static_cast<size_t>(&version - kVersions.data())].digest(connection_id, secret);
  expand_label(HmacSha256(secret), side == Side::Client ? "client in" : "server in", secret);
  const HmacSha256 sender(secret);
  InitialKeys keys;
  expand_label(sender, version.labels[0], keys.key);
  expand_label(sender, version.labels[1], keys.iv);
  expand_label(sender, version.labels[2], keys.header_protection);
  return keys;
}

std::span<const uint8_t> InitialOpener::open(const LongPacket& packet, const InitialKeys& keys, std::span<uint8_t> clear) noexcept {
  const auto bytes = packet.bytes;
  const size_t number_at = packet.number_at;
  // RFC 9001 section 5.4.2: the sample begins where the payload would with the longest packet number.
  if (bytes.size() < number_at + kLongestNumber + kSample || bytes.size() > clear.size()) return {};
  std::array<uint8_t, kSample> mask{};
  int written = 0;
  EVP_CIPHER_CTX* const ecb = state_->ecb_context.get();
  if (EVP_EncryptInit_ex2(ecb, nullptr, keys.header_protection.data(), nullptr, nullptr) != 1 ||
      EVP_EncryptUpdate(ecb, mask.data(), &written, bytes.data() + number_at + kLongestNumber, kSample) != 1) {
    return {};
  }
  const auto first = static_cast<uint8_t>(bytes[0] ^ (mask[0] & 0x0f));
  const size_t number_length = size_t{first & 3u} + 1;
  const size_t body_at = number_at + number_length;
  std::array<uint8_t, kLongestNumber> number{};
  auto nonce = keys.iv;
  for (size_t i = 0; i < number_length; ++i) {
    number[i] = static_cast<uint8_t>(bytes[number_at + i] ^ mask[1 + i]);
    nonce[nonce.size() - number_length + i] ^= number[i];
  }

  const bool whole = packet.is_whole();
  const size_t body_size = bytes.size() - body_at - (whole ? kTag : 0);
  EVP_CIPHER_CTX* const gcm = state_->gcm_context.get();
  if (EVP_DecryptInit_ex2(gcm, nullptr, keys.key.data(), nonce.data(), nullptr) != 1) return {};
  const auto authenticate = [&](const uint8_t* data, size_t size) noexcept {
    return EVP_DecryptUpdate(gcm, nullptr, &written, data, as_int(size)) == 1;
  };
  if (!authenticate(&first, 1) || !authenticate(bytes.data() + 1, number_at - 1) || !authenticate(number.data(), number_length) ||
      EVP_DecryptUpdate(gcm, clear.data(), &written, bytes.data() + body_at, as_int(body_size)) != 1) {
    return {};
  }
  if (whole) {
    std::array<uint8_t, kTag> tag{};
    std::ranges::copy(bytes.last(kTag), tag.begin());
    if (EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, as_int(kTag), tag.data()) != 1 ||
        EVP_DecryptFinal_ex(gcm, tag.data(), &written) != 1) {
      return {};
    }
  }
  return clear.first(body_size);
}

}  // namespace wirewatch::quic
