// SPDX-License-Identifier: BSD-3-Clause
// JA4 against the vectors of its authors (FoxIO-LLC/ja4, technical_details/JA4.md).
#include "dataplane/classify/ja4.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/classify/client_hello.h"

namespace wirewatch {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes pairs(const std::vector<uint16_t>& values) {
  Bytes bytes;
  for (const uint16_t value : values) {
    bytes.push_back(static_cast<uint8_t>(value >> 8));
    bytes.push_back(static_cast<uint8_t>(value));
  }
  return bytes;
}
Bytes with_length(const Bytes& list, size_t width) {
  Bytes bytes;
  if (width == 2) bytes.push_back(static_cast<uint8_t>(list.size() >> 8));
  bytes.push_back(static_cast<uint8_t>(list.size()));
  bytes.insert(bytes.end(), list.begin(), list.end());
  return bytes;
}
Bytes alpn(const Bytes& name) { return with_length(with_length(name, 1), 2); }

const std::vector<uint16_t> kSuites{0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
                                    0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035};
const std::vector<uint16_t> kAlgorithms{0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601};
const std::vector<uint16_t> kExtensions{0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d,
                                        0x0005, 0x0023, 0x0012, 0x002b, 0xff01, 0x000b, 0x000a, 0x0015};

struct Offer {
  std::vector<uint16_t> suites = kSuites;
  std::vector<uint16_t> extensions = kExtensions;
  std::vector<uint16_t> algorithms = kAlgorithms;
  std::vector<uint16_t> versions{0x0304, 0x0303};
  Bytes protocol{'h', '2'};
};

std::string ja4(const Offer& offer, HelloTransport transport = HelloTransport::Tls) {
  ClientHello hello;
  hello.cipher_suites(offer.suites);
  for (const uint16_t type : offer.extensions) {
    if (type == 0) {
      hello.server_name("www.example");
    } else if (type == 16) {
      hello.extension(16, alpn(offer.protocol));
    } else if (type == 13) {
      hello.extension(13, with_length(pairs(offer.algorithms), 2));
    } else if (type == 43) {
      hello.extension(43, with_length(pairs(offer.versions), 1));
    } else {
      hello.extension(type, {});
    }
  }
  static Ja4 experienced;  // what it has seen before must not matter
  Ja4 fresh;
  const Bytes message = hello.message();
  std::string text(fresh.of(read_client_hello(message), transport));
  EXPECT_EQ(experienced.of(read_client_hello(message), transport), text);
  return text;
}

TEST(Ja4, IsThatOfItsAuthorsExample) { EXPECT_EQ(ja4({}), "t13d1516h2_8daaf6152771_e5627efa2ab1"); }

TEST(Ja4, IsTheSameWhateverHelloCameBefore) {
  for (int round = 0; round < 2; ++round) {
    for (uint16_t last = 1; last < 300; ++last) {
      Offer offer;
      offer.suites.back() = last;
      offer.algorithms.resize(last % 9);
      offer.extensions.resize(last % 17);
      ja4(offer);
    }
  }
}

TEST(Ja4, IgnoresGreaseWhereverItStands) {
  Offer offer;
  offer.suites.insert(offer.suites.begin(), 0x3a3a);
  offer.extensions.insert(offer.extensions.begin(), 0xeaea);
  offer.extensions.push_back(0x0a0a);
  offer.algorithms.insert(offer.algorithms.begin(), 0x6a6a);
  offer.versions.insert(offer.versions.begin(), 0xfafa);
  EXPECT_EQ(ja4(offer), "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Ja4, SaysWhatCarriedTheHello) {
  EXPECT_EQ(ja4({}, HelloTransport::Quic), "q13d1516h2_8daaf6152771_e5627efa2ab1");
}

TEST(Ja4, HashesExtensionsAloneWhenThereAreNoSignatureAlgorithms) {
  Offer offer;
  offer.algorithms.clear();
  EXPECT_EQ(ja4(offer), "t13d1516h2_8daaf6152771_6d807ffa2a79");
}

TEST(Ja4, WritesZerosForEmptyLists) {
  EXPECT_EQ(ja4({.suites = {}, .extensions = {}}), "t12i000000_000000000000_000000000000");
}

TEST(Ja4, TakesTheEndsOfTheFirstProtocolOrOfItsHexadecimalForm) {
  const std::vector<std::pair<Bytes, std::string>> cases{
      {{'h', 't', 't', 'p', '/', '1', '.', '1'}, "h1"}, {{'h'}, "hh"}, {{}, "00"},
      {{0xab}, "ab"}, {{0xab, 0xcd}, "ad"}, {{0x30, 0xab}, "3b"},
      {{0x30, 0x31, 0xab, 0xcd}, "3d"}, {{0x30, 0xab, 0xcd, 0x31}, "01"}};
  for (const auto& [protocol, expected] : cases) {
    Offer offer;
    offer.protocol = protocol;
    EXPECT_EQ(ja4(offer).substr(8, 2), expected);
  }
}

TEST(Ja4, NamesTheHighestVersionOffered) {
  const std::vector<std::pair<uint16_t, std::string>> cases{{0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"},
                                                            {0x0301, "10"}, {0x0300, "s3"}, {0x7f1c, "00"}};
  for (const auto& [version, expected] : cases) {
    Offer offer;
    offer.versions = {version};
    EXPECT_EQ(ja4(offer).substr(1, 2), expected);
  }
  EXPECT_EQ(ja4({.extensions = {10}}).substr(1, 2), "12");  // no supported_versions: the legacy version
}

TEST(Ja4, CountsToNinetyNine) {
  Offer offer;
  for (uint16_t i = 0; i < 120; ++i) offer.suites.push_back(static_cast<uint16_t>(0x5000 + i));
  EXPECT_EQ(ja4(offer).substr(4, 2), "99");
}

TEST(Ja4, IsAbsentWhenTheHelloIsCut) {
  Ja4 fingerprint;
  const Bytes message = ClientHello().server_name("a.example").extension(10, {0, 0}).message();
  for (size_t size = 0; size < message.size(); ++size) {
    const Bytes cut(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(fingerprint.of(read_client_hello(cut), HelloTransport::Tls), "") << size;
  }
  EXPECT_NE(fingerprint.of(read_client_hello(message), HelloTransport::Tls), "");
}

}  // namespace
}  // namespace wirewatch
