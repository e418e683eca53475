// SPDX-License-Identifier: BSD-3-Clause
// Where FTP says that it listens, in the words servers and clients use and in those a stranger may.
#include "dataplane/classify/ftp_ports.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace wirewatch {
namespace {

/// In memory of the payload's own size, so that the address sanitizer sees a byte read too far.
std::vector<std::string> listening(bool from_client, std::string_view payload, const char* source = "192.0.2.2", size_t room = 8) {
  const auto exact = std::make_unique<uint8_t[]>(payload.size());
  std::copy(payload.begin(), payload.end(), exact.get());
  std::vector<Endpoint> ends(room);
  ends.resize(read_ftp_ports({exact.get(), payload.size()}, from_client, *IpAddress::parse(source), ends));
  std::vector<std::string> named;
  for (const Endpoint& each : ends) named.push_back(each.address.to_string() + " " + std::to_string(each.port));
  return named;
}

struct FtpCase {
  std::string what;
  bool from_client;
  std::string payload;
  std::vector<std::string> ends;
};

const std::vector<FtpCase> kFtpCases = {
    {"passive", false, "227 Entering Passive Mode (192,0,2,2,156,64).\r\n", {"192.0.2.2 40000"}},
    {"passive, without parentheses (RFC 1123)", false, "227 =192,0,2,2,156,64\r\n", {"192.0.2.2 40000"}},
    {"passive, behind address translation", false, "227 Entering Passive Mode (10,0,0,5,156,64)\r\n", {"192.0.2.2 40000", "10.0.0.5 40000"}},
    {"passive, behind an answer before it", false, "200 Type set to I.\r\n227 Entering Passive Mode (192,0,2,2,156,64).\r\n", {"192.0.2.2 40000"}},
    {"extended passive", false, "229 Entering Extended Passive Mode (|||6446|)\r\n", {"192.0.2.2 6446"}},
    {"extended passive, another delimiter", false, "229 Extended Passive Mode OK (!!!6446!)\r\n", {"192.0.2.2 6446"}},
    {"active", true, "PORT 192,0,2,2,19,137\r\n", {"192.0.2.2 5001"}},
    {"active, in lower case", true, "port 192,0,2,2,19,137\n", {"192.0.2.2 5001"}},
    {"extended active", true, "EPRT |1|192.0.2.2|5001|\r\n", {"192.0.2.2 5001"}},
    {"extended active over IPv6", true, "EPRT |2|2001:db8::7|5282|\r\n", {"192.0.2.2 5282", "2001:db8::7 5282"}},
    {"a command from the server", false, "PORT 192,0,2,2,19,137\r\n", {}},
    {"an answer from the client", true, "227 Entering Passive Mode (192,0,2,2,156,64).\r\n", {}},
    {"a number above 255", false, "227 Entering Passive Mode (192,0,2,256,156,64).\r\n", {}},
    {"five numbers", false, "227 Entering Passive Mode (192,0,2,2,156).\r\n", {}},
    {"port 0", false, "227 Entering Passive Mode (192,0,2,2,0,0).\r\n", {}},
    {"port 65536", false, "229 Entering Extended Passive Mode (|||65536|)\r\n", {}},
    {"no end of the port", false, "229 Entering Extended Passive Mode (|||6446", {}},
    {"a digit for a delimiter", false, "229 Entering Extended Passive Mode (11116446", {}},
    {"no address", true, "EPRT |1|nowhere|5001|\r\n", {}},
    {"an address too long to be one", true, "EPRT |2|" + std::string(60, '1') + "|5001|\r\n", {}},
    {"a port with words behind it", true, "PORT 192,0,2,2,19,137 and more\r\n", {"192.0.2.2 5001"}},
    {"in the middle of a line", false, "230 says 227 Entering Passive Mode (192,0,2,2,156,64).\r\n", {}},
    {"nothing", false, "", {}},
};

TEST(FtpPorts, AreReadAsTheyAreWritten) {
  for (const FtpCase& each : kFtpCases) EXPECT_EQ(listening(each.from_client, each.payload), each.ends) << each.what;
}

TEST(FtpPorts, ReadNothingBehindTheEndAndNoMoreThanFits) {
  for (const FtpCase& each : kFtpCases) {
    for (size_t length = 0; length < each.payload.size(); ++length) {
      EXPECT_LE(listening(each.from_client, each.payload.substr(0, length)).size(), 2u) << each.what << ", cut after " << length;
    }
  }
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "227 Entering Passive Mode (10,0,0,5,156,64)\r\n";
  EXPECT_EQ(listening(false, many, "192.0.2.2", 3).size(), 3u);
  EXPECT_EQ(listening(false, many, "192.0.2.2", 100).size(), 16u) << "a bounded number of lines";
  std::mt19937 random(9);
  for (int i = 0; i < 20'000; ++i) {
    std::string payload = kFtpCases[random() % kFtpCases.size()].payload + "x";
    for (int flips = 0; flips < 3; ++flips) payload[random() % payload.size()] = static_cast<char>(random());
    for (const bool from_client : {false, true}) {
      for (const std::string& end : listening(from_client, payload)) EXPECT_FALSE(end.ends_with(" 0")) << payload;
    }
  }
}

}  // namespace
}  // namespace wirewatch
