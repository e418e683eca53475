// SPDX-License-Identifier: BSD-3-Clause
// RFC 9000 17.2 (packets) and 19 (frames), RFC 9001 5 (protection), RFC 9369 (version 2).
#include "dataplane/filter/quic_opener.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

#include "dataplane/base/byte_reader.h"

namespace wirewatch::filter {
namespace {

constexpr size_t kTag = 16, kSample = 16, kLongestConnectionId = 20, kLargestPacket = 65536;

using Salt = std::array<uint8_t, 20>;
using Secret = std::array<uint8_t, 32>;

constexpr Salt kDraft22{0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a, 0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a};
constexpr Salt kDraft23{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7, 0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
constexpr Salt kDraft29{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97, 0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr Salt kVersion1{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17, 0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr Salt kVersion2{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93, 0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
constexpr Salt kT050{0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80, 0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10};
constexpr Salt kT051{0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50, 0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d};

/// Versions whose Initial packets carry TLS, Facebook's and Google's own among them.
struct Version {
  uint32_t first, last;
  const Salt* salt;
};
constexpr uint32_t kSecondVersion = 0x6b3343cf;
constexpr std::array<Version, 10> kVersions{{{1, 1, &kVersion1},
                                             {kSecondVersion, kSecondVersion, &kVersion2},
                                             {0xff000021, 0xff000022, &kVersion1},
                                             {0xff00001d, 0xff000020, &kDraft29},
                                             {0xff000017, 0xff00001c, &kDraft23},
                                             {0xff000015, 0xff000016, &kDraft22},
                                             {0xfaceb001, 0xfaceb001, &kDraft22},
                                             {0xfaceb002, 0xfaceb00e, &kDraft23},
                                             {0x54303530, 0x54303530, &kT050},
                                             {0x54303531, 0x54303531, &kT051}}};

/// RFC 9000 16: the first two bits say how many bytes.
std::optional<uint64_t> variable(ByteReader& reader) noexcept {
  const auto first = reader.u8();
  const auto more = first ? reader.take((size_t{1} << (*first >> 6)) - 1) : std::nullopt;
  if (!more) return std::nullopt;
  uint64_t value = *first & 0x3fu;
  for (const uint8_t byte : *more) value = value << 8 | byte;
  return value;
}

struct LongPacket {
  std::span<const uint8_t> connection_id;  // of the destination
  std::span<const uint8_t> bytes;          // all of it
  size_t number_at = 0;
  uint32_t version = 0;
  bool initial = false;
};

std::optional<LongPacket> read_packet(std::span<const uint8_t> datagram) noexcept {
  ByteReader reader(datagram);
  const auto first = reader.u8();
  const auto version = reader.be32();
  constexpr uint8_t kLongHeader = 0xc0, kTypeBits = 0x30;
  if (!version || (*first & kLongHeader) != kLongHeader || *version == 0) return std::nullopt;
  const auto destination_length = reader.u8();
  if (!destination_length || *destination_length > kLongestConnectionId) return std::nullopt;
  const auto destination = reader.take(*destination_length);
  const auto source_length = destination ? reader.u8() : std::nullopt;
  if (!source_length || !reader.skip(*source_length)) return std::nullopt;
  LongPacket packet;
  packet.version = *version;
  packet.connection_id = *destination;
  const unsigned type = (*first & kTypeBits) >> 4;
  const unsigned numbered = *version == kSecondVersion ? (type + 3) % 4 : type;  // RFC 9369 3.2 turns the numbers around
  constexpr unsigned kInitial = 0, kRetry = 3;
  if (numbered == kRetry) return std::nullopt;
  packet.initial = numbered == kInitial;
  if (packet.initial) {
    const auto token = variable(reader);
    if (!token || *token > reader.remaining() || !reader.skip(static_cast<size_t>(*token))) return std::nullopt;
  }
  const auto length = variable(reader);
  if (!length || *length > reader.remaining()) return std::nullopt;
  packet.number_at = reader.offset();
  packet.bytes = datagram.first(packet.number_at + static_cast<size_t>(*length));
  return packet;
}

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

/// What the CRYPTO frames of a packet bring; nothing where there is none. A frame seen before tells nothing new.
bool brings_crypto(std::span<const uint8_t> frames, uint32_t version, uint64_t& read) noexcept {
  constexpr uint8_t kPadding = 0, kPing = 1, kAck = 2, kAckWithEcn = 3;
  constexpr uint32_t kGoogles = 0x54303500;
  const uint8_t crypto = (version & 0xffffff00) == kGoogles ? 8 : 6;
  ByteReader reader(frames);
  bool any = false;
  while (const auto type = reader.u8()) {
    if (*type == kPadding || *type == kPing) continue;
    if (*type == kAck || *type == kAckWithEcn) {
      const auto largest = variable(reader), delay = variable(reader), ranges = variable(reader);
      if (!largest || !delay || !ranges || *ranges > frames.size()) return any;
      const uint64_t numbers = 1 + 2 * *ranges + (*type == kAckWithEcn ? 3 : 0);
      for (uint64_t i = 0; i < numbers; ++i) {
        if (!variable(reader)) return any;
      }
      continue;
    }
    if (*type != crypto) return any;
    const auto offset = variable(reader), length = variable(reader);
    if (!offset || !length || *length > reader.remaining() || !reader.skip(static_cast<size_t>(*length))) return any;
    any |= *offset + *length > read || *offset >= read;
    read = std::max(read, *offset + *length);
  }
  return any;
}

}  // namespace

struct QuicOpener::State {
  Owned<EVP_KDF, EVP_KDF_free> hkdf{required(EVP_KDF_fetch(nullptr, "HKDF", nullptr))};
  Owned<EVP_CIPHER, EVP_CIPHER_free> ecb{required(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr))};
  Owned<EVP_CIPHER, EVP_CIPHER_free> gcm{required(EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr))};
  Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> context{required(EVP_CIPHER_CTX_new())};
  std::vector<uint8_t> clear;

  void derive(int mode, std::span<const uint8_t> key, std::span<const uint8_t> salt, std::span<const uint8_t> info, std::span<uint8_t> out) const;
  void expand(const Secret& secret, std::string_view label, std::span<uint8_t> out) const;
  void derive_keys(std::span<const uint8_t> connection_id, uint32_t version, const Salt& salt, QuicConnection& connection) const;
  bool open(const LongPacket& packet, const QuicKeys& keys);
};

void QuicOpener::State::derive(int mode, std::span<const uint8_t> key, std::span<const uint8_t> salt, std::span<const uint8_t> info,
                               std::span<uint8_t> out) const {
  const Owned<EVP_KDF_CTX, EVP_KDF_CTX_free> kdf(required(EVP_KDF_CTX_new(hkdf.get())));
  const auto octets = [](const char* name, std::span<const uint8_t> bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<uint8_t*>(bytes.data()), bytes.size());
  };
  std::string digest = "SHA256";
  std::array<OSSL_PARAM, 6> parameters{OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                                       OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode), octets(OSSL_KDF_PARAM_KEY, key)};
  size_t count = 3;
  if (!salt.empty()) parameters[count++] = octets(OSSL_KDF_PARAM_SALT, salt);
  if (!info.empty()) parameters[count++] = octets(OSSL_KDF_PARAM_INFO, info);
  parameters[count] = OSSL_PARAM_construct_end();
  if (EVP_KDF_derive(kdf.get(), out.data(), out.size(), parameters.data()) != 1) throw std::bad_alloc();
}

/// HKDF-Expand-Label of RFC 8446 7.1, without context.
void QuicOpener::State::expand(const Secret& secret, std::string_view label, std::span<uint8_t> out) const {
  const std::string name = "tls13 " + std::string(label);
  std::string info{'\0', static_cast<char>(out.size()), static_cast<char>(name.size())};
  info += name;
  info += '\0';
  derive(EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret, {}, {reinterpret_cast<const uint8_t*>(info.data()), info.size()}, out);
}

void QuicOpener::State::derive_keys(std::span<const uint8_t> connection_id, uint32_t version, const Salt& salt, QuicConnection& connection) const {
  Secret initial;
  derive(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, connection_id, salt, {}, initial);
  const std::string prefix = version == kSecondVersion ? "quicv2 " : "quic ";
  connection.has_keys = true;
  constexpr std::array<std::string_view, 2> kSides{"client in", "server in"};
  for (size_t side = 0; side < kSides.size(); ++side) {
    Secret secret;
    expand(initial, kSides[side], secret);
    expand(secret, prefix + "key", connection.keys[side].key);
    expand(secret, prefix + "iv", connection.keys[side].iv);
    expand(secret, prefix + "hp", connection.keys[side].header_protection);
  }
}

/// Leaves the frames in `clear`. False when the packet is protected otherwise.
bool QuicOpener::State::open(const LongPacket& packet, const QuicKeys& keys) {
  constexpr size_t kLongestNumber = 4;
  const auto bytes = packet.bytes;
  const size_t at = packet.number_at;
  if (bytes.size() < at + kLongestNumber + kSample || bytes.size() > kLargestPacket) return false;
  std::array<uint8_t, kSample> mask{};
  int written = 0;
  EVP_CIPHER_CTX* const cipher = context.get();
  if (EVP_EncryptInit_ex2(cipher, ecb.get(), keys.header_protection.data(), nullptr, nullptr) != 1 ||
      EVP_EncryptUpdate(cipher, mask.data(), &written, bytes.data() + at + kLongestNumber, kSample) != 1) {
    return false;
  }
  std::vector<uint8_t> header(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at + kLongestNumber));
  header[0] ^= static_cast<uint8_t>(mask[0] & 0x0f);
  const size_t number_length = (header[0] & 3u) + 1;
  header.resize(at + number_length);
  auto nonce = keys.iv;
  for (size_t i = 0; i < number_length; ++i) {
    header[at + i] ^= mask[1 + i];
    nonce[nonce.size() - number_length + i] ^= header[at + i];
  }
  if (bytes.size() < header.size() + kTag) return false;
  const auto body = bytes.subspan(header.size(), bytes.size() - header.size() - kTag);
  clear.resize(body.size() + kTag);
  std::array<uint8_t, kTag> tag;
  std::ranges::copy(bytes.last(kTag), tag.begin());
  const bool opened = EVP_DecryptInit_ex2(cipher, gcm.get(), keys.key.data(), nonce.data(), nullptr) == 1 &&
                      EVP_DecryptUpdate(cipher, nullptr, &written, header.data(), static_cast<int>(header.size())) == 1 &&
                      EVP_DecryptUpdate(cipher, clear.data(), &written, body.data(), static_cast<int>(body.size())) == 1 &&
                      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTag), tag.data()) == 1 &&
                      EVP_DecryptFinal_ex(cipher, tag.data(), &written) == 1;
  clear.resize(opened ? body.size() : 0);
  return opened;
}

QuicOpener::QuicOpener() : state_(std::make_unique<State>()) {}
QuicOpener::~QuicOpener() = default;
QuicOpener::QuicOpener(QuicOpener&&) noexcept = default;
QuicOpener& QuicOpener::operator=(QuicOpener&&) noexcept = default;

bool QuicOpener::carries_tls(std::span<const uint8_t> datagram, std::unique_ptr<QuicConnection>& connection) {
  bool any = false;
  while (const auto packet = read_packet(datagram)) {
    datagram = datagram.subspan(packet->bytes.size());
    if (!packet->initial) continue;
    const auto* const version = std::ranges::find_if(kVersions, [&](const Version& one) { return one.first <= packet->version && packet->version <= one.last; });
    const bool known = version != kVersions.end();
    const auto id = packet->connection_id;
    const bool to_server = connection && std::ranges::equal(id, connection->connection_id);
    if (!connection && !known) {  // what the client sends next, in a version there is, tshark does not open either
      connection = std::make_unique<QuicConnection>();
      connection->connection_id.assign(id.begin(), id.end());
    }
    if (!known || (connection && !connection->has_keys && to_server)) continue;
    bool opened = false;
    if (connection && !connection->has_keys) {
      connection->opens_server_only = true;
      state_->derive_keys(connection->connection_id, packet->version, *version->salt, *connection);
    }
    for (size_t side = connection && connection->opens_server_only ? 1 : 0; side < 2 && connection && !opened; ++side) {
      opened = state_->open(*packet, connection->keys[side]);
      if (opened) any |= brings_crypto(state_->clear, packet->version, connection->read[side]);
    }
    if (opened) continue;
    const bool refused = connection && connection->opens_server_only;
    // The first one, or one behind a Retry, which changes the keys but not what was sent before.
    auto made = std::make_unique<QuicConnection>();
    state_->derive_keys(id, packet->version, *version->salt, *made);
    if (!state_->open(*packet, made->keys[0])) continue;
    if (connection) made->read = connection->read;
    made->connection_id.assign(id.begin(), id.end());
    connection = std::move(made);
    any |= brings_crypto(state_->clear, packet->version, connection->read[0]) && !refused;
  }
  return any;
}

}  // namespace wirewatch::filter
