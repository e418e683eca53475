// SPDX-License-Identifier: BSD-3-Clause
// RFC 9000 section 17.2.2 (the packet), RFC 9001 section 5 (its protection), RFC 9369 (version 2).
#include "dataplane/classify/quic_initial.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>

#include "dataplane/base/byte_reader.h"
#include "dataplane/classify/hello_bytes.h"
#include "dataplane/classify/hmac_sha256.h"

namespace wirewatch {
namespace {

constexpr size_t kLargestPacket = 2048;  // an Initial fits a datagram of 1200 to 1500 bytes
constexpr size_t kTag = 16;
constexpr size_t kLongestConnectionId = 20;
constexpr uint8_t kLongHeader = 0xc0;  // form and fixed bit

using Salt = std::array<uint8_t, 20>;
constexpr Salt kSaltDraft23{0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                            0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
constexpr Salt kSaltDraft29{0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                            0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};
constexpr Salt kSaltV1{0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                       0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
constexpr Salt kSaltV2{0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                       0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};

struct Version {
  uint32_t first;
  uint32_t last;
  Salt salt;
  uint8_t initial_type;  // the two type bits of an Initial's first byte
  std::string_view key_label;
  std::string_view iv_label;
  std::string_view header_protection_label;
};
constexpr std::array<Version, 5> kVersions{{
    {1, 1, kSaltV1, 0x00, "quic key", "quic iv", "quic hp"},
    {0x6b3343cf, 0x6b3343cf, kSaltV2, 0x10, "quicv2 key", "quicv2 iv", "quicv2 hp"},
    {0xff000021, 0xff000022, kSaltV1, 0x00, "quic key", "quic iv", "quic hp"},
    {0xff00001d, 0xff000020, kSaltDraft29, 0x00, "quic key", "quic iv", "quic hp"},
    {0xff000017, 0xff00001c, kSaltDraft23, 0x00, "quic key", "quic iv", "quic hp"},
}};

const Version* find_version(uint32_t number) noexcept {
  const auto* const at = std::ranges::find_if(
      kVersions, [&](const Version& version) { return version.first <= number && number <= version.last; });
  return at == kVersions.end() ? nullptr : at;
}

/// RFC 9000 section 16: the top two bits say how many bytes.
std::optional<uint64_t> read_varint(ByteReader& reader) noexcept {
  const auto first = reader.u8();
  if (!first) return std::nullopt;
  const auto more = reader.take((size_t{1} << (*first >> 6)) - 1);
  if (!more) return std::nullopt;
  uint64_t value = *first & 0x3f;
  for (const uint8_t byte : *more) value = value << 8 | byte;
  return value;
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

int as_int(size_t size) noexcept { return static_cast<int>(size); }

}  // namespace

struct QuicInitial::Header {
  std::span<const uint8_t> connection_id;
  std::span<const uint8_t> packet;  // from the first byte, as far as captured
  size_t number_at = 0;             // offset of the protected packet number
  size_t end = 0;                   // where the packet ends, captured or not
  uint32_t version = 0;

  static std::optional<Header> parse(std::span<const uint8_t> datagram) noexcept;
};

struct QuicInitial::State {
  std::array<HmacSha256, kVersions.size()> salts{HmacSha256(kVersions[0].salt), HmacSha256(kVersions[1].salt),
                                                 HmacSha256(kVersions[2].salt), HmacSha256(kVersions[3].salt),
                                                 HmacSha256(kVersions[4].salt)};
  Owned<EVP_CIPHER, EVP_CIPHER_free> ecb{required(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr))};
  Owned<EVP_CIPHER, EVP_CIPHER_free> gcm{required(EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr))};
  Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> ecb_context{required(EVP_CIPHER_CTX_new())};
  Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free> gcm_context{required(EVP_CIPHER_CTX_new())};
  std::array<uint8_t, kLargestPacket> clear{};
  HelloBytes hello;

  /// Ciphers are chosen once; a packet sets keys only.
  State() {
    const bool chosen = EVP_EncryptInit_ex2(ecb_context.get(), ecb.get(), nullptr, nullptr, nullptr) == 1 &&
                        EVP_CIPHER_CTX_set_padding(ecb_context.get(), 0) == 1 &&
                        EVP_DecryptInit_ex2(gcm_context.get(), gcm.get(), nullptr, nullptr, nullptr) == 1;
    if (!chosen) throw std::bad_alloc();
  }
};

QuicInitial::QuicInitial() : state_(std::make_unique<State>()) {}
QuicInitial::~QuicInitial() = default;
QuicInitial::QuicInitial(QuicInitial&&) noexcept = default;
QuicInitial& QuicInitial::operator=(QuicInitial&&) noexcept = default;

namespace {

/// HKDF-Expand-Label of RFC 8446 section 7.1 without context, for at most one block of output.
void expand_label(const HmacSha256& secret, std::string_view label, std::span<uint8_t> out) noexcept {
  constexpr std::string_view kTls13 = "tls13 ";
  std::array<uint8_t, 48> info{};
  size_t size = 0;
  const auto append = [&](std::string_view text) noexcept {
    std::memcpy(info.data() + size, text.data(), text.size());
    size += text.size();
  };
  info[size++] = 0;
  info[size++] = static_cast<uint8_t>(out.size());
  info[size++] = static_cast<uint8_t>(kTls13.size() + label.size());
  append(kTls13);
  append(label);
  info[size++] = 0;  // no context
  info[size++] = 1;  // the first and only block of HKDF-Expand
  std::array<uint8_t, 32> block;
  secret.digest(std::span(info).first(size), block);
  std::memcpy(out.data(), block.data(), out.size());
}

}  // namespace

bool QuicInitial::derive(uint32_t number, std::span<const uint8_t> connection_id,
                         QuicInitialKeys& keys) noexcept {
  const Version* const version = find_version(number);
  if (version == nullptr) return false;
  std::array<uint8_t, 32> secret;
  state_->salts[static_cast<size_t>(version - kVersions.data())].digest(connection_id, secret);
  expand_label(HmacSha256(secret), "client in", secret);
  const HmacSha256 client(secret);
  expand_label(client, version->key_label, keys.key);
  expand_label(client, version->iv_label, keys.iv);
  expand_label(client, version->header_protection_label, keys.header_protection);
  return true;
}

std::optional<QuicInitial::Header> QuicInitial::Header::parse(std::span<const uint8_t> datagram) noexcept {
  ByteReader reader(datagram);
  const auto first = reader.u8();
  const auto number = reader.be32();
  if (!first || !number || (*first & kLongHeader) != kLongHeader) return std::nullopt;
  const Version* const version = find_version(*number);
  if (version == nullptr || (*first & 0x30) != version->initial_type) return std::nullopt;
  Header header;
  header.version = *number;
  const auto destination_length = reader.u8();
  if (!destination_length || *destination_length > kLongestConnectionId) return std::nullopt;
  const auto destination = reader.take(*destination_length);
  const auto source_length = reader.u8();
  if (!destination || !source_length || !reader.skip(*source_length)) return std::nullopt;
  header.connection_id = *destination;
  const auto token_length = read_varint(reader);
  if (!token_length || !reader.skip(*token_length)) return std::nullopt;
  const auto length = read_varint(reader);
  if (!length || *length > kLargestPacket) return std::nullopt;
  header.number_at = reader.offset();
  header.end = header.number_at + *length;
  header.packet = datagram.first(std::min(header.end, datagram.size()));
  return header;
}

std::span<const uint8_t> QuicInitial::decrypt(const Header& header, const QuicInitialKeys& keys) noexcept {
  // RFC 9001 section 5.4.2: the sample begins where the payload would with a packet number of four bytes.
  constexpr size_t kSampleAt = 4;
  constexpr size_t kSample = 16;
  const auto packet = header.packet;
  const size_t number_at = header.number_at;
  if (packet.size() < number_at + kSampleAt + kSample) return {};
  std::array<uint8_t, kSample> mask{};
  int written = 0;
  EVP_CIPHER_CTX* const ecb = state_->ecb_context.get();
  if (EVP_EncryptInit_ex2(ecb, nullptr, keys.header_protection.data(), nullptr, nullptr) != 1 ||
      EVP_EncryptUpdate(ecb, mask.data(), &written, packet.data() + number_at + kSampleAt, kSample) != 1) {
    return {};
  }
  const auto first = static_cast<uint8_t>(packet[0] ^ (mask[0] & 0x0f));
  const size_t number_length = size_t{first & 3u} + 1;
  const size_t body_at = number_at + number_length;
  std::array<uint8_t, 4> number{};
  std::array<uint8_t, 12> nonce = keys.iv;
  for (size_t i = 0; i < number_length; ++i) {
    number[i] = static_cast<uint8_t>(packet[number_at + i] ^ mask[1 + i]);
    nonce[nonce.size() - number_length + i] ^= number[i];
  }

  const bool whole = packet.size() == header.end && packet.size() >= body_at + kTag;
  const size_t body_size = packet.size() - body_at - (whole ? kTag : 0);
  if (body_size > state_->clear.size()) return {};
  EVP_CIPHER_CTX* const gcm = state_->gcm_context.get();
  if (EVP_DecryptInit_ex2(gcm, nullptr, keys.key.data(), nonce.data(), nullptr) != 1) return {};
  const auto authenticate = [&](const uint8_t* bytes, size_t size) noexcept {
    return EVP_DecryptUpdate(gcm, nullptr, &written, bytes, as_int(size)) == 1;
  };
  if (!authenticate(&first, 1) || !authenticate(packet.data() + 1, number_at - 1) ||
      !authenticate(number.data(), number_length) ||
      EVP_DecryptUpdate(gcm, state_->clear.data(), &written, packet.data() + body_at, as_int(body_size)) !=
          1) {
    return {};
  }
  if (whole) {  // a packet cut by the snapshot length has no tag to check; what decrypts to nonsense yields
                // no name
    std::array<uint8_t, kTag> tag{};
    std::ranges::copy(packet.last(kTag), tag.begin());
    if (EVP_CIPHER_CTX_ctrl(gcm, EVP_CTRL_AEAD_SET_TAG, as_int(kTag), tag.data()) != 1 ||
        EVP_DecryptFinal_ex(gcm, tag.data(), &written) != 1) {
      return {};
    }
  }
  return std::span(state_->clear).first(body_size);
}

namespace {

/// How many of these bytes come before the first that is not zero: padding, of which an Initial consists for the most part.
size_t zeros_before(std::span<const uint8_t> bytes) noexcept {
  size_t at = 0;
  while (bytes.size() - at >= sizeof(uint64_t) && detail::load<uint64_t>(bytes.data() + at) == 0) at += sizeof(uint64_t);
  while (at < bytes.size() && bytes[at] == 0) ++at;
  return at;
}

/// CRYPTO frames may come in any order; some clients shuffle them on purpose.
void gather_crypto(std::span<const uint8_t> frames, HelloBytes& hello) noexcept {
  constexpr uint8_t kPadding = 0, kPing = 1, kAck = 2, kAckEcn = 3, kCrypto = 6;
  ByteReader reader(frames);
  while (const auto type = reader.u8()) {
    if (*type == kPadding) reader.skip(zeros_before(reader.rest()));
    if (*type == kPadding || *type == kPing) continue;
    if (*type == kAck || *type == kAckEcn) {
      const bool skipped = read_varint(reader) && read_varint(reader);
      const auto ranges = skipped ? read_varint(reader) : std::nullopt;
      if (!ranges || *ranges > frames.size()) return;
      bool good = read_varint(reader).has_value();
      for (uint64_t i = 0; good && i < 2 * *ranges; ++i) good = read_varint(reader).has_value();
      for (int i = 0; good && *type == kAckEcn && i < 3; ++i) good = read_varint(reader).has_value();
      if (!good) return;
      continue;
    }
    if (*type != kCrypto) return;
    const auto offset = read_varint(reader);
    const auto length = read_varint(reader);
    if (!offset || !length || *offset >= kLongestHello) return;
    hello.put(*offset, reader.rest().first(std::min<uint64_t>(*length, reader.remaining())));
    if (!reader.skip(*length)) return;
  }
}

}  // namespace

bool QuicInitial::gather(std::span<const uint8_t> datagram, std::optional<QuicInitialKeys>& keys,
                         HelloBytes& hello) noexcept {
  bool opened = false;
  while (const auto header = Header::parse(datagram)) {
    std::span<const uint8_t> frames;
    if (keys) frames = decrypt(*header, *keys);
    if (frames.empty()) {  // the first one, or one that follows a Retry
      QuicInitialKeys derived;
      if (!derive(header->version, header->connection_id, derived)) break;
      frames = decrypt(*header, derived);
      if (!frames.empty()) keys = derived;
    }
    if (frames.empty()) break;
    gather_crypto(frames, hello);
    opened = true;
    if (header->end >= datagram.size()) break;
    datagram = datagram.subspan(header->end);  // several packets may share a datagram (RFC 9000 section 12.2)
  }
  return opened;
}

std::span<const uint8_t> QuicInitial::client_hello(std::span<const uint8_t> datagram) noexcept {
  std::optional<QuicInitialKeys> keys;
  state_->hello.clear();
  gather(datagram, keys, state_->hello);
  return state_->hello.beginning();
}

}  // namespace wirewatch
