// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/quic_session.h"

#include <algorithm>
#include <string_view>

#include "dataplane/base/byte_reader.h"
#include "dataplane/quic/frames.h"

namespace wirewatch::filter {
namespace {

constexpr size_t kSample = 16, kLongestNumber = 4, kTag = 16;
constexpr size_t kRandomAt = 6, kRandom = 32;  // in a hello: behind its type, length and version

constexpr size_t index(quic::Side side) noexcept { return side == quic::Side::Client ? 0 : 1; }
constexpr quic::Side other(quic::Side side) noexcept { return side == quic::Side::Client ? quic::Side::Server : quic::Side::Client; }

/// RFC 9000 appendix A.3.
uint64_t full_number(uint64_t next, uint32_t truncated, size_t bytes) noexcept {
  const uint64_t window = uint64_t{1} << (8 * bytes);
  const uint64_t candidate = (next & ~(window - 1)) | truncated;
  if (candidate + window / 2 <= next && candidate < (uint64_t{1} << 62) - window) return candidate + window;
  return candidate > next + window / 2 && candidate >= window ? candidate - window : candidate;
}

}  // namespace

bool QuicSession::Hello::has(size_t length) const noexcept {
  for (size_t i = 0; i < length; ++i) {
    if (i >= kKept || !present[i]) return false;
  }
  return true;
}

void QuicSession::take_hello(quic::Side side, uint64_t offset, std::span<const uint8_t> bytes) noexcept {
  Hello& hello = hellos_[index(side)];
  for (size_t i = 0; i < bytes.size() && offset + i < Hello::kKept; ++i) {
    hello.bytes[offset + i] = bytes[i];
    hello.present.set(offset + i);
  }
}

/// Early data comes before the server has chosen; its secret's length tells one of two, as tshark has it.
std::optional<quic::Suite> QuicSession::suite(const quic::TrafficSecret& secret, Level level) const noexcept {
  if (level == Early) return secret.length == quic::secret_length(quic::Suite::Aes256Gcm) ? quic::Suite::Aes256Gcm : quic::Suite::Aes128Gcm;
  const Hello& hello = hellos_[1];
  constexpr size_t kSessionAt = kRandomAt + kRandom;
  if (!hello.has(kSessionAt + 1)) return std::nullopt;
  const size_t at = kSessionAt + 1 + hello.bytes[kSessionAt];
  if (!hello.has(at + 2)) return std::nullopt;
  const auto chosen = quic::find_suite(load_be16(hello.bytes.data() + at));
  return chosen && quic::secret_length(*chosen) == secret.length ? chosen : std::nullopt;
}

void QuicSession::set_keys(Keys& keys) const noexcept {
  keys.packet = quic::AeadKeys::derive(keys.packet.suite, keys.secret, version_->labels[0], version_->labels[1]);
}

QuicSession::Keys* QuicSession::keys_of(Level level, quic::Side side, const KeyLog& log) {
  Keys& keys = keys_[index(side)][level];
  if (keys.set) return &keys;
  const Hello& hello = hellos_[0];
  if (version_ == nullptr || !hello.has(kRandomAt + kRandom)) return nullptr;
  const SessionSecrets* const session = log.find(std::span<const uint8_t, kRandom>(hello.bytes.data() + kRandomAt, kRandom));
  if (session == nullptr) return nullptr;
  const bool client = side == quic::Side::Client;
  if (level == Early && !client) return nullptr;
  const auto kind = level == Early       ? SessionSecrets::ClientEarly
                    : level == Handshake ? (client ? SessionSecrets::ClientHandshake : SessionSecrets::ServerHandshake)
                                         : (client ? SessionSecrets::ClientTraffic : SessionSecrets::ServerTraffic);
  keys.secret = session->secrets[kind];
  const auto chosen = keys.secret.length == 0 ? std::nullopt : suite(keys.secret, level);
  if (!chosen) return nullptr;
  keys.packet.suite = keys.mask.suite = *chosen;
  set_keys(keys);
  const quic::AeadKeys mask = quic::AeadKeys::derive(*chosen, keys.secret, version_->labels[2], version_->labels[1]);
  keys.mask.key = mask.key;
  keys.set = true;
  return &keys;
}

/// RFC 9001 sections 5.3, 5.4 and 6. What tells of the packet number and the phase of the keys is masked.
std::span<const uint8_t> QuicSession::open(Keys& keys, std::span<const uint8_t> packet, size_t number_at, bool again) {
  if (packet.size() < number_at + kLongestNumber + kSample) return {};
  const auto sample = packet.subspan(number_at + kLongestNumber).first<kSample>();
  const auto mask = aead_.mask(keys.mask, sample);
  if (!mask) return {};
  const bool is_long = (packet[0] & 0x80) != 0;
  const auto first = static_cast<uint8_t>(packet[0] ^ ((*mask)[0] & (is_long ? 0x0f : 0x1f)));
  const size_t number_length = (first & 3u) + 1;
  header_.assign(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(number_at + number_length));
  header_[0] = first;
  uint32_t truncated = 0;
  for (size_t i = 0; i < number_length; ++i) {
    header_[number_at + i] ^= (*mask)[1 + i];
    truncated = truncated << 8 | header_[number_at + i];
  }
  const uint64_t number = full_number(keys.next, truncated, number_length);
  const auto sealed = packet.subspan(header_.size());
  if (sealed.size() < kTag) return {};
  clear_.resize(std::max(clear_.size(), sealed.size()));
  constexpr uint8_t kPhase = 0x04;
  const bool phase = !is_long && (first & kPhase) != 0;
  Keys changed = keys;
  if (phase != keys.phase) {
    changed.phase = phase;
    quic::expand_label(keys.secret, version_->labels[0].starts_with("quicv2") ? "quicv2 ku" : "quic ku",
                       std::span(changed.secret.bytes).first(changed.secret.length));
    set_keys(changed);
  }
  const auto frames = aead_.open(changed.packet, number, header_, sealed, clear_);
  if (!frames) return {};
  if (!again) {
    keys = changed;
    keys.next = std::max(keys.next, number + 1);
  }
  return *frames;
}

void QuicSession::read_long(const quic::LongPacket& packet, quic::Side side, const KeyLog& log, QuicContent& content) {
  const quic::Version* const version = quic::find_version(packet.version);
  if (version != nullptr && (version_ == nullptr || side == quic::Side::Server)) version_ = version;  // the server may choose another
  id_lengths_[index(side)] = static_cast<uint8_t>(packet.source_id.size());
  if (packet.type == quic::LongType::Initial) return;
  const Level level = packet.type == quic::LongType::Early ? Early : Handshake;
  Keys* const keys = keys_of(level, side, log);
  if (keys == nullptr || !packet.is_whole()) return;
  read_frames(open(*keys, packet.bytes, packet.number_at, false), level, side, *keys, false, content);
}

void QuicSession::read_short(std::span<const uint8_t> packet, quic::Side side, const KeyLog& log, bool again, QuicContent& content) {
  const auto id_length = id_lengths_[index(other(side))];
  if (packet.empty() || (packet[0] & 0x80) != 0 || !id_length) return;
  Keys* const keys = keys_of(Traffic, side, log);
  if (keys == nullptr) return;
  read_frames(open(*keys, packet, size_t{1} + *id_length, again), Traffic, side, *keys, again, content);
}

void QuicSession::read_frames(std::span<const uint8_t> frames, Level level, quic::Side side, Keys& keys, bool again, QuicContent& content) {
  quic::for_each_data_frame(frames, [&](const quic::DataFrame& frame) {
    if (!frame.crypto) {
      if (dns_ && content.dns.empty()) content.dns = frame.bytes;
      return;
    }
    if (again) return;
    const uint64_t end = frame.offset + frame.bytes.size();
    content.tls |= end > keys.read || frame.offset >= keys.read;  // one seen before tells nothing new
    keys.read = std::max(keys.read, end);
    if (level == Handshake && side == quic::Side::Server && frame.offset == 0) take_protocol(frame.bytes);
  });
}

/// RFC 8446 4.3.1 and RFC 7301: the server says in its first encrypted message which protocol it chose. DNS is "doq"
/// (RFC 9250), its drafts "doq-i02" and the like.
void QuicSession::take_protocol(std::span<const uint8_t> handshake) noexcept {
  constexpr uint8_t kEncryptedExtensions = 8;
  constexpr uint16_t kAlpn = 16;
  ByteReader reader(handshake);
  const auto type = reader.u8();
  if (!type || *type != kEncryptedExtensions || !reader.skip(3)) return;
  const auto length = reader.be16();
  const auto all = length ? reader.take(std::min<size_t>(*length, reader.remaining())) : std::nullopt;
  if (!all) return;
  ByteReader extensions(*all);
  while (const auto extension = extensions.be16()) {
    const auto size = extensions.be16();
    const auto body = size ? extensions.take(*size) : std::nullopt;
    if (!body) return;
    if (*extension != kAlpn) continue;
    ByteReader list(*body);
    const auto name_length = list.skip(2) ? list.u8() : std::nullopt;
    const auto name = name_length ? list.take(*name_length) : std::nullopt;
    constexpr std::string_view kDns = "doq";
    dns_ = name && name->size() >= kDns.size() && std::equal(kDns.begin(), kDns.end(), name->begin()) &&
           (name->size() == kDns.size() || (*name)[kDns.size()] == '-');
    return;
  }
}

}  // namespace wirewatch::filter
