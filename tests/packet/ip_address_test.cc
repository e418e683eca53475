// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/packet/ip_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <array>
#include <random>

namespace wirewatch {
namespace {

TEST(IpAddress, IsWrittenAsRfc5952Asks) {
  struct Row {
    std::string_view description, text, written;
  };
  const std::array rows{
      Row{"dotted", "192.0.2.1", "192.0.2.1"},
      Row{"the ends of the range", "255.255.255.255", "255.255.255.255"},
      Row{"all zero", "0.0.0.0", "0.0.0.0"},
      Row{"the unspecified address", "::", "::"},
      Row{"loopback", "0:0:0:0:0:0:0:1", "::1"},
      Row{"lower case, no leading zeros", "2001:0DB8:0000:0000:0000:FF00:0042:8329", "2001:db8::ff00:42:8329"},
      Row{"the longest run of zeros", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      Row{"the first of equal runs", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      Row{"one zero group is not shortened", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      Row{"zeros at the end", "2001:db8::", "2001:db8::"},
      Row{"an embedded IPv4 address is read", "64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    const auto address = IpAddress::parse(row.text);
    ASSERT_TRUE(address) << address.error().message;
    EXPECT_EQ(address->to_string(), row.written);
    EXPECT_EQ(IpAddress::parse(address->to_string()), *address);
  }
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const std::string_view text : {"", "10.0.0", "10.0.0.256", "10.0.0.1.2", " 10.0.0.1", "10.0.0.1 ", "1::2::3", ":::",
                                      "12345::", "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7", "fe80::1%eth0", "g::", "10.0.0.-1"}) {
    SCOPED_TRACE(text);
    const auto address = IpAddress::parse(text);
    EXPECT_FALSE(address);
    if (!address) {
      EXPECT_NE(address.error().message, "");
    }
  }
}

TEST(IpAddress, AgreesWithTheSystemOnRandomAddresses) {
  std::mt19937 random(3);
  for (int round = 0; round < 2000; ++round) {
    std::array<uint8_t, 16> bytes{};
    for (uint8_t& byte : bytes) byte = random() % 3 == 0 ? static_cast<uint8_t>(random()) : uint8_t{0};
    const bool mapped_by_the_system = bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0 && bytes[4] == 0 &&
                                      bytes[5] == 0 && bytes[6] == 0 && bytes[7] == 0 && bytes[8] == 0 && bytes[9] == 0;
    if (mapped_by_the_system) continue;  // glibc writes ::a.b.c.d there
    std::array<char, INET6_ADDRSTRLEN> text{};
    ASSERT_NE(inet_ntop(AF_INET6, bytes.data(), text.data(), text.size()), nullptr);
    EXPECT_EQ(IpAddress::v6(bytes.data()).to_string(), text.data());
    std::array<char, 45> written{};
    EXPECT_EQ(std::string(written.data(), IpAddress::v6(bytes.data()).format(written.data())), text.data());
  }
}

TEST(IpAddress, OfTwoFamiliesAreNeverEqual) {
  const std::array<uint8_t, 16> bytes{10, 0, 0, 1};
  EXPECT_NE(IpAddress::v4(bytes.data()), IpAddress::v6(bytes.data()));
  EXPECT_TRUE(IpAddress{}.empty());
  EXPECT_FALSE(IpAddress::v4(bytes.data()).empty());
}

TEST(IpPrefix, ContainsItsNetworkAndNothingElse) {
  struct Row {
    std::string_view prefix, address;
    bool contained;
  };
  const std::array rows{
      Row{"10.0.0.0/8", "10.255.255.255", true},       Row{"10.0.0.0/8", "11.0.0.0", false},
      Row{"10.1.2.3/32", "10.1.2.3", true},            Row{"10.1.2.3", "10.1.2.4", false},
      Row{"0.0.0.0/0", "203.0.113.9", true},           Row{"0.0.0.0/0", "::1", false},
      Row{"192.168.4.0/23", "192.168.5.200", true},    Row{"192.168.4.0/23", "192.168.6.0", false},
      Row{"2001:db8::/32", "2001:db8:ffff::1", true},  Row{"2001:db8::/33", "2001:db8:8000::1", false},
      Row{"::/0", "10.0.0.1", false},                  Row{"2001:db8::1", "2001:db8::1", true},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(row.prefix) + " and " + std::string(row.address));
    const auto prefix = IpPrefix::parse(row.prefix);
    ASSERT_TRUE(prefix) << prefix.error().message;
    EXPECT_EQ(prefix->contains(*IpAddress::parse(row.address)), row.contained);
  }
}

TEST(IpPrefix, RefusesLengthsThatCannotBe) {
  for (const std::string_view text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "/8", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(IpPrefix::parse(text)) << text;
  }
}

}  // namespace
}  // namespace wirewatch
