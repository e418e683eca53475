// SPDX-License-Identifier: BSD-3-Clause
#include "control/api/access.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace wirewatch {
namespace {

constexpr std::string_view kToken = "correct horse battery";

TEST(Access, NeedsTheTokenWhenThereIsOne) {
  struct Case {
    const char* description;
    const char* authorization;
    unsigned status;
  };
  constexpr std::array kCases{Case{"nothing", "", 401},
                              Case{"another scheme", "Basic correct horse battery", 401},
                              Case{"a wrong token", "Bearer wrong", 401},
                              Case{"the beginning of it", "Bearer correcthorse", 401},
                              Case{"an empty token", "Bearer ", 401},
                              Case{"the token", "Bearer correct-horse-battery", 200},
                              Case{"the scheme in other letters", "bEARER correct-horse-battery", 200}};
  for (const Case& each : kCases) {
    const ApiResponse response =
        check_access({.method = Method::Post, .authorization = each.authorization, .host = "anything"}, "correct-horse-battery");
    EXPECT_EQ(response.status, each.status) << each.description;
    EXPECT_EQ(response.headers.size(), each.status == 401 ? 1u : 0u) << each.description << ": WWW-Authenticate";
  }
}

TEST(Access, WithoutATokenIsForReadingByANameOfThisMachine) {
  const auto status = [](Method method, std::string_view host) {
    return check_access({.method = method, .authorization = {}, .host = host}, {}).status;
  };
  EXPECT_EQ(status(Method::Get, "127.0.0.1:9090"), 200u);
  EXPECT_EQ(status(Method::Get, "localhost"), 200u);
  EXPECT_EQ(status(Method::Get, "[::1]:9090"), 200u);
  EXPECT_EQ(status(Method::Post, "127.0.0.1"), 403u);
  EXPECT_EQ(status(Method::Delete, "localhost"), 403u);
  EXPECT_EQ(status(Method::Get, "evil.example:9090"), 403u) << "a page elsewhere whose name points here";
  EXPECT_EQ(status(Method::Get, ""), 403u);
  EXPECT_EQ(status(Method::Get, "[::1"), 403u);
}

TEST(Access, ComparesSecretsWhatevertheirLength) {
  EXPECT_TRUE(same_secret(kToken, kToken));
  EXPECT_FALSE(same_secret("", kToken));
  EXPECT_FALSE(same_secret(std::string(kToken) + "x", kToken));
  EXPECT_FALSE(same_secret(kToken.substr(1), kToken));
}

TEST(Access, UnderstandsAddressesToListenOn) {
  struct Case {
    const char* text;
    bool good, loopback;
    uint16_t port;
  };
  constexpr std::array kCases{Case{"127.0.0.1:9090", true, true, 9090},  Case{"[::1]:80", true, true, 80},
                              Case{"0.0.0.0:9090", true, false, 9090},   Case{"[::]:1", true, false, 1},
                              Case{"127.0.0.1", false, false, 0},        Case{"::1:9090", false, false, 0},
                              Case{"localhost:9090", false, false, 0},   Case{"127.0.0.1:99999", false, false, 0},
                              Case{"127.0.0.1:", false, false, 0},       Case{"[127.0.0.1]:80", false, false, 0},
                              Case{"", false, false, 0}};
  for (const Case& each : kCases) {
    const auto listen = ListenAddress::parse(each.text);
    ASSERT_EQ(listen.has_value(), each.good) << each.text;
    if (!each.good) continue;
    EXPECT_EQ(listen->loopback, each.loopback) << each.text;
    EXPECT_EQ(listen->port, each.port) << each.text;
  }
}

TEST(Access, TakesATokenFromAFileThatIsOursAlone) {
  std::string folder = (std::filesystem::temp_directory_path() / "wirewatch-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/token";
  const auto write = [&](const char* text) {
    std::ofstream(path) << text;
    ::chmod(path.c_str(), 0600);
  };
  EXPECT_FALSE(read_token(path)) << "there is none";
  write("0123456789abcdef\nsecond line\n");
  ASSERT_TRUE(read_token(path));
  EXPECT_EQ(*read_token(path), "0123456789abcdef");
  write("short\n");
  EXPECT_NE(read_token(path).error().message.find("16 to 1024 characters"), std::string::npos);
  EXPECT_FALSE(read_token(folder)) << "a folder";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace wirewatch
