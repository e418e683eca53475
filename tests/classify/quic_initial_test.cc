// SPDX-License-Identifier: BSD-3-Clause
// QUIC Initial packets, sealed here and opened by the classifier; the vectors are those of RFC 9001 and RFC
// 9369, appendix A.
#include "dataplane/classify/quic_initial.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/classify/host_reader.h"
#include "dataplane/classify/sha256.h"
#include "tests/classify/client_hello.h"
#include "tests/classify/flow_under_test.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint32_t kVersion1 = 1;
constexpr uint32_t kVersion2 = 0x6b3343cf;
const Bytes kConnectionId{0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08};  // RFC 9001 appendix A

Bytes from_hex(std::string_view text) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

quic::InitialKeys keys_for(uint32_t version) {
  return quic::InitialOpener().derive(*quic::find_version(version), kConnectionId, quic::Side::Client);
}

Bytes encrypt(const EVP_CIPHER* cipher, std::span<const uint8_t> key, const uint8_t* iv,
              const Bytes& associated, const Bytes& clear) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                &EVP_CIPHER_CTX_free);
  Bytes sealed(clear.size());
  int written = 0;
  EVP_EncryptInit_ex(context.get(), cipher, nullptr, key.data(), iv);
  if (!associated.empty()) {
    EVP_EncryptUpdate(context.get(), nullptr, &written, associated.data(),
                      static_cast<int>(associated.size()));
  }
  EVP_EncryptUpdate(context.get(), sealed.data(), &written, clear.data(), static_cast<int>(clear.size()));
  if (iv == nullptr) return sealed;
  Bytes tag(16);
  EVP_EncryptFinal_ex(context.get(), tag.data(), &written);
  EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, tag.data());
  std::ranges::copy(tag, std::back_inserter(sealed));
  return sealed;
}

/// A client's Initial with packet number 2 in four bytes and the frames padded to 1162 bytes, as in the RFC.
Bytes initial_packet(uint32_t version, Bytes frames) {
  frames.resize(1162);
  const quic::InitialKeys keys = keys_for(version);
  Bytes header = from_hex(version == kVersion2 ? "d36b3343cf" : "c300000001");
  header[1] = static_cast<uint8_t>(version >> 24);
  header[2] = static_cast<uint8_t>(version >> 16);
  header[3] = static_cast<uint8_t>(version >> 8);
  header[4] = static_cast<uint8_t>(version);
  header.push_back(8);
  std::ranges::copy(kConnectionId, std::back_inserter(header));
  const Bytes rest = from_hex("0000449e00000002");  // no source id, no token, length 1182, packet number 2
  std::ranges::copy(rest, std::back_inserter(header));
  auto nonce = keys.iv;
  nonce.back() ^= 2;
  Bytes body = encrypt(EVP_aes_128_gcm(), keys.key, nonce.data(), header, frames);
  const Bytes mask =
      encrypt(EVP_aes_128_ecb(), keys.header_protection, nullptr, {}, Bytes(body.begin(), body.begin() + 16));
  Bytes packet = header;
  packet[0] = static_cast<uint8_t>(packet[0] ^ (mask[0] & 0x0f));
  for (size_t i = 0; i < 4; ++i) packet[header.size() - 4 + i] ^= mask[1 + i];
  std::ranges::copy(body, std::back_inserter(packet));
  return packet;
}

Bytes crypto_frame(size_t offset, std::span<const uint8_t> data) {
  Bytes frame{6};
  for (const size_t value : {offset, data.size()}) {
    frame.push_back(static_cast<uint8_t>(0x40 | value >> 8));
    frame.push_back(static_cast<uint8_t>(value));
  }
  std::ranges::copy(data, std::back_inserter(frame));
  return frame;
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) std::ranges::copy(part, std::back_inserter(all));
  return all;
}

std::string sni(std::span<const uint8_t> datagram) {
  HostReader reader;
  return std::string(reader.read(Extractor::QuicSni, datagram));
}

const Bytes& hello() {
  static const Bytes message = ClientHello()
                                   .extension(43, {2, 3, 4})
                                   .server_name("quic.example")
                                   .extension(51, Bytes(36, 1))
                                   .message();
  return message;
}

TEST(QuicInitialKeys, AreThoseOfTheRfcs) {
  const auto v1 = keys_for(kVersion1);
  EXPECT_EQ(to_hex(v1.key), "1f369613dd76d5467730efcbe3b1a22d");
  EXPECT_EQ(to_hex(v1.iv), "fa044b2f42a3fd3b46fb255c");
  EXPECT_EQ(to_hex(v1.header_protection), "9f50449e04a0e810283a1e9933adedd2");
  EXPECT_EQ(to_hex(keys_for(kVersion2).header_protection), "45b95e15235d6f45a6b19cbcb0294ba9");
}

TEST(QuicInitialKeys, AreNotDerivedForUnknownVersions) {
  EXPECT_EQ(quic::find_version(0x1a2a3a4a), nullptr);
}

TEST(QuicInitial, OpensThePacketOfRfc9001) {
  const Bytes frame = from_hex(
      "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c000004130113020100"
      "00c0"
      "00000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500"
      "0501"
      "00000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302"
      "0304"
      "000d0010000e0403050306030203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ff"
      "ff07"
      "048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff");
  const Bytes packet = initial_packet(kVersion1, frame);
  // What the RFC prints of the protected packet: the header and the sample behind it.
  ASSERT_EQ(to_hex(std::span(packet).first(38)),
            "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11d242b123dc9b");
  EXPECT_EQ(sni(packet), "example.com");
}

TEST(QuicInitial, OpensEveryKnownVersion) {
  for (const uint32_t version : {kVersion1, kVersion2, 0xff00001du, 0xff00001bu, 0xff000022u}) {
    EXPECT_EQ(sni(initial_packet(version, crypto_frame(0, hello()))), "quic.example") << version;
  }
}

TEST(QuicInitial, PutsShuffledCryptoFramesInOrder) {
  const auto message = std::span<const uint8_t>(hello());
  const Bytes frames = join({crypto_frame(70, message.subspan(70)),
                             {1, 0, 0},                    // PING, PADDING
                             {2, 5, 0, 1, 0, 0x40, 9, 0},  // ACK with one further range
                             crypto_frame(0, message.first(40)),
                             crypto_frame(40, message.subspan(40, 30))});
  EXPECT_EQ(sni(initial_packet(kVersion1, frames)), "quic.example");
}

TEST(QuicInitial, ReadsNothingBeyondAGap) {
  const auto message = std::span<const uint8_t>(hello());
  const Bytes frames = join({crypto_frame(0, message.first(40)), crypto_frame(41, message.subspan(41))});
  EXPECT_EQ(sni(initial_packet(kVersion1, frames)), "");
}

TEST(QuicInitial, GathersAHelloFromSeveralDatagramsInAnyOrder) {
  const auto message = std::span<const uint8_t>(hello());
  const Bytes beginning = initial_packet(kVersion1, crypto_frame(0, message.first(30)));
  const Bytes end = initial_packet(kVersion1, crypto_frame(30, message.subspan(30)));
  for (const auto& [first, second] : {std::pair(beginning, end), std::pair(end, beginning)}) {
    HostReader reader;
    HelloWait wait{};
    reader.begin();
    reader.read(Extractor::QuicSni, {.bytes = first}, wait);
    EXPECT_TRUE(wait.for_hello());
    EXPECT_EQ(reader.names().host, "");
    reader.resume({.bytes = second}, wait);
    EXPECT_FALSE(wait.for_hello());
    EXPECT_EQ(reader.names().host, "quic.example");
    EXPECT_EQ(reader.names().ja4.substr(0, 4), "q13d");
  }
}

TEST(QuicInitial, ReadsEveryPacketOfADatagram) {
  const auto message = std::span<const uint8_t>(hello());
  EXPECT_EQ(sni(join({initial_packet(kVersion1, crypto_frame(0, message.first(30))),
                      initial_packet(kVersion1, crypto_frame(30, message.subspan(30)))})),
            "quic.example");
}

TEST(QuicInitial, NamesWhatItCarriesByTheProtocolOffered) {
  if (std::getenv("WIREWATCH_RULES") == nullptr) GTEST_SKIP() << "WIREWATCH_RULES is not set; meson test sets it";
  struct Case {
    Bytes alpn;
    std::string_view host;
    std::string_view application;
  };
  const std::vector<Case> cases{{{3, 'd', 'o', 'q'}, "resolver.example", "quic.doq"},
                                {{2, 'h', '3'}, "dns.google", "quic.doh"},
                                {{2, 'h', '3'}, "www.example", "quic"},
                                {{4, 'm', 'q', 't', 't'}, "broker.example", "quic.mqtt"},
                                {{3, 's', 'm', 'b'}, "files.example", "quic.smb"}};
  for (const Case& each : cases) {
    const Bytes list = join({{0, static_cast<uint8_t>(each.alpn.size())}, each.alpn});
    const Bytes message = ClientHello().extension(16, list).server_name(each.host).message();
    Flow flow(shipped_rules(), 17);
    const auto said = flow.send(FlowDirection::ToServer, initial_packet(kVersion1, crypto_frame(0, message)));
    EXPECT_EQ(flow.name(said.verdict), each.application);
    EXPECT_EQ(said.host, each.host);
  }
}

TEST(QuicInitial, RefusesAPacketThatWasTamperedWith) {
  Bytes packet = initial_packet(kVersion1, crypto_frame(0, hello()));
  packet.back() ^= 1;
  EXPECT_EQ(sni(packet), "");
}

TEST(QuicInitial, ReadsAPacketCutByTheSnapshotLength) {
  const Bytes packet = initial_packet(kVersion1, crypto_frame(0, hello()));
  EXPECT_EQ(sni(std::span(packet).first(300)), "quic.example");
}

TEST(QuicInitial, SurvivesEveryTruncation) {
  const Bytes packet = initial_packet(kVersion1, crypto_frame(0, hello()));
  for (size_t size = 0; size < 160; ++size) {
    const Bytes cut(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
    const std::string name = sni(cut);
    EXPECT_TRUE(name.empty() || name == "quic.example") << size;
  }
}

TEST(QuicInitial, SurvivesFramesThatLie) {
  const std::vector<Bytes> lies{
      {6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x41, 0},  // offset 2^62 - 1
      {6, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},        // length 2^62 - 1
      {6, 0x47, 0xff, 0x44, 0x00},                                   // ends beyond the buffer
      {2, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0},  // 2^62 - 1 ACK ranges
      {3, 0, 0, 0x44, 0},                                            // more ACK ranges than bytes
      {0x1c, 6, 0},                                                  // CONNECTION_CLOSE ends the reading
  };
  for (const Bytes& frames : lies) EXPECT_EQ(sni(initial_packet(kVersion1, frames)), "");
}

}  // namespace
}  // namespace wirewatch
