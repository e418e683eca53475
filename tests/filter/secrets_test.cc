// SPDX-License-Identifier: BSD-3-Clause
// Secrets that a capture brings: the key log's lines, and what follows from a secret in TLS 1.3 and QUIC.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "dataplane/filter/key_log.h"
#include "dataplane/quic/aead.h"
#include "dataplane/quic/frames.h"

namespace wirewatch {
namespace {

std::vector<uint8_t> from_hex(std::string_view digits) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i + 1 < digits.size(); i += 2) bytes.push_back(static_cast<uint8_t>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  return bytes;
}

std::string hex(std::span<const uint8_t> bytes) {
  std::string text;
  for (const uint8_t byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0f];
  }
  return text;
}

quic::TrafficSecret secret_of(std::string_view digits) {
  quic::TrafficSecret secret;
  const auto bytes = from_hex(digits);
  secret.length = static_cast<uint8_t>(bytes.size());
  std::ranges::copy(bytes, secret.bytes.begin());
  return secret;
}

TEST(Secrets, GiveTheKeysOfRfc8448) {
  const auto secret = secret_of("b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");  // section 3, the server's handshake
  const auto keys = quic::AeadKeys::derive(quic::Suite::Aes128Gcm, secret, "key", "iv");
  EXPECT_EQ(hex(std::span(keys.key).first(16)), "3fce516009c21727d0f2e4e86ee403bc");
  EXPECT_EQ(hex(keys.iv), "5d313eb2671276ee13000b30");
}

TEST(Secrets, OpenThePacketOfRfc9001) {
  const auto secret = secret_of("9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b");  // appendix A.5
  const auto keys = quic::AeadKeys::derive(quic::Suite::ChaCha20Poly1305, secret, "quic key", "quic iv");
  EXPECT_EQ(hex(keys.key), "c6d98ff3441c3fe1b2182094f69caa2ed4b716b65488960a7a984979fb23e1c8");
  EXPECT_EQ(hex(keys.iv), "e0459b3474bdd0e44a41c144");
  quic::MaskKey mask{.suite = quic::Suite::ChaCha20Poly1305};
  quic::expand_label(secret, "quic hp", mask.key);
  EXPECT_EQ(hex(mask.key), "25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4");
  const auto packet = from_hex("4cfe4189655e5cd55c41f69080575d7999c25a5bfb");
  quic::Aead aead;
  const auto stream = aead.mask(mask, std::span<const uint8_t>(packet).last<16>());
  ASSERT_TRUE(stream);
  EXPECT_EQ(hex(*stream), "aefefe7d03");
  std::vector<uint8_t> clear(packet.size());
  const auto sealed = std::span<const uint8_t>(packet).subspan(4);
  const auto opened = aead.open(keys, 654360564, from_hex("4200bff4"), sealed, clear);
  ASSERT_TRUE(opened);
  EXPECT_EQ(hex(*opened), "01");
  EXPECT_FALSE(aead.open(keys, 654360565, from_hex("4200bff4"), sealed, clear)) << "another number";
  EXPECT_FALSE(aead.open(keys, 654360564, from_hex("4200bff4"), sealed.first(8), clear)) << "no room for its tag";
  quic::TrafficSecret next = secret;
  quic::expand_label(secret, "quic ku", std::span(next.bytes).first(32));
  EXPECT_EQ(hex(next.span()), "1223504755036d556342ee9361d253421a826c9ecdf3c7148684b36b714881f9");
}

TEST(Secrets, AreReadFromTheLinesOfAKeyLog) {
  const std::string random(64, 'a'), short_secret(64, 'B'), long_secret(96, '0');
  filter::KeyLog log;
  log.add("# a comment\nSERVER_TRAFFIC_SECRET_0 " + random + " " + long_secret + "\r\nCLIENT_TRAFFIC_SECRET_0 " + random + " " + short_secret);
  for (const std::string& damaged : {std::string("CLIENT_HANDSHAKE_TRAFFIC_SECRET"), "CLIENT_HANDSHAKE_TRAFFIC_SECRET " + random,
                                     "CLIENT_HANDSHAKE_TRAFFIC_SECRET " + random + " abc", "CLIENT_HANDSHAKE_TRAFFIC_SECRET " + random.substr(2) + " " + short_secret,
                                     "SOMETHING_ELSE " + random + " " + short_secret, "CLIENT_HANDSHAKE_TRAFFIC_SECRET " + random + " " + std::string(64, 'x')}) {
    log.add(damaged);
  }
  filter::KeyLog::Random key;
  key.fill(0xaa);
  const filter::SessionSecrets* const session = log.find(key);
  ASSERT_NE(session, nullptr);
  using Kind = filter::SessionSecrets::Kind;
  EXPECT_EQ(session->secrets[Kind::ServerTraffic].length, 48);
  EXPECT_EQ(hex(session->secrets[Kind::ClientTraffic].span()), std::string(64, 'b'));
  EXPECT_EQ(session->secrets[Kind::ClientHandshake].length, 0) << "of no damaged line";
  key.fill(0xab);
  EXPECT_EQ(log.find(key), nullptr);
}

TEST(QuicFrames, OfDataAreFoundBehindEveryOther) {
  const char* const others[] = {"00", "01", "1e", "0201020003", "0301020003010203", "04010203", "050102", "0702abcd", "100f", "110102", "1404",
                                "18010002abcd00112233445566778899aabbccddeeff", "1905", "1a0011223344556677", "1c010203646566", "1d0101ff",
                                "3102abcd", "42f501", "40af01020300"};
  for (const std::string other : others) {
    const auto frames = from_hex(other + "0604" "03" "544c53" + "0f08" "05" "02" "4142" + "08" "04" "43");
    std::string seen;
    quic::for_each_data_frame(frames, [&](const quic::DataFrame& frame) {
      seen += (frame.crypto ? "tls@" : "stream" + std::to_string(frame.stream) + "@") + std::to_string(frame.offset) + "=" +
              std::string(frame.bytes.begin(), frame.bytes.end()) + " ";
    });
    EXPECT_EQ(seen, "tls@4=TLS stream8@5=AB stream4@0=C ") << other;
  }
}

}  // namespace
}  // namespace wirewatch
