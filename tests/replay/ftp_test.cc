// SPDX-License-Identifier: BSD-3-Clause
// An FTP control connection says where its files go: whatever they are, they are FTP's.
#include <gtest/gtest.h>

#include "tests/replay/conversations.h"

namespace wirewatch::testing {
namespace {

using namespace std::string_literals;

constexpr const char *kFtpServer = "192.0.2.2", *kFtpClient = "192.0.2.10";
const std::string kFile = "\x9c\x41\xd7\x03\xf1\x88\x2e\x5b\xa0\x17\xee\x64\xc9\x30\x7f\xb2";

void log_in(Conversations& talk, const std::string& command, const std::string& answer) {
  talk.add(6, kFtpClient, kFtpServer, 21, {"USER somebody\r\n", "331 Please specify the password.\r\n", command, answer});
}

TEST(FtpData, IsKnownByThePortThatWasNamed) {
  if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  Conversations talk;
  talk.add(6, kFtpClient, kFtpServer, 40000, {kFile});
  log_in(talk, "PASV\r\n", "227 Entering Passive Mode (192,0,2,2,156,64).\r\n");
  talk.add(6, kFtpClient, kFtpServer, 40000, {"", kFile});
  log_in(talk, "EPSV\r\n", "229 Entering Extended Passive Mode (|||40001|)\r\n");
  talk.add(6, kFtpClient, kFtpServer, 40001, {kFile});
  log_in(talk, "PORT 192,0,2,10,156,66\r\n", "200 PORT command successful.\r\n");
  talk.add(6, kFtpServer, kFtpClient, 40002, {kFile});
  talk.add(6, kFtpClient, kFtpServer, 40003, {kFile});
  talk.add(17, kFtpClient, kFtpServer, 40001, {kFile});
  talk.add(6, kFtpClient, kFtpServer, 40001, {"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"});
  const std::vector<std::string> expected{"192.0.2.2:40000 tcp unknown none",     // over before it was named
                                          "192.0.2.2:21 tcp ftp payload",         "192.0.2.2:40000 tcp ftp-data learned",
                                          "192.0.2.2:21 tcp ftp payload",         "192.0.2.2:40001 tcp ftp-data learned",
                                          "192.0.2.2:21 tcp ftp payload",         "192.0.2.10:40002 tcp ftp-data learned",
                                          "192.0.2.2:40003 tcp unknown none",     "192.0.2.2:40001 udp unknown none",
                                          "192.0.2.2:40001 tcp http payload"};
  for (const unsigned jobs : {1u, 2u, 3u}) EXPECT_EQ(talk.named(jobs), expected) << jobs << " jobs";
}

TEST(FtpData, ThePortAClientListenedOnSaysNothingOfWhatItConnectsFromThere) {
  if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  Conversations talk;
  talk.next_port(50'000);
  log_in(talk, "PORT 192,0,2,10,195,81\r\n", "200 PORT command successful.\r\n");  // 50001
  talk.add(6, kFtpClient, "192.0.2.99", 7777, {kFile, kFile});                             // from there
  EXPECT_EQ(talk.named(1).back(), "192.0.2.99:7777 tcp unknown none");
}

}  // namespace
}  // namespace wirewatch::testing
