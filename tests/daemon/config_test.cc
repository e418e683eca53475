// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/config.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

namespace wirewatch {
namespace {

TEST(DaemonConfig, HasADefaultForEverything) {
  const auto config = parse_daemon_config("", "w.toml");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->dataplane, DataplaneMode::Attach);
  EXPECT_FALSE(config->listen_address);
}

TEST(DaemonConfig, StartsTheDataPlaneThatTheSameFileDescribes) {
  const auto config = parse_daemon_config("[dataplane]\ncontrol_socket = \"/run/x.sock\"\nanything = 1\n", "w.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->dataplane, DataplaneMode::Start);
  EXPECT_EQ(config->dataplane_socket, "/run/x.sock");
  EXPECT_EQ(parse_daemon_config("[dataplane]\n[control]\ndataplane = \"attach\"\n", "w.toml")->dataplane, DataplaneMode::Attach);
}

TEST(DaemonConfig, NamesEveryFaultWithItsLine) {
  struct Case {
    const char* description;
    const char* text;
    const char* says;
  };
  constexpr std::array kCases{
      Case{"a key with a slip", "[control]\nlisten = \"127.0.0.1:1\"\nmost_flow = 5\n",
           "w.toml:3:1: unknown key 'most_flow' in [control]; did you mean 'most_flows'?"},
      Case{"a section with a slip", "[contol]\n", "w.toml:1:2: unknown key 'contol' in the configuration; did you mean 'control'?"},
      Case{"a wrong type", "[control]\nunwanted = \"bittorrent\"\n", "w.toml:2:12: 'unwanted' must be a list of strings, found string"},
      Case{"out of range", "[control]\ntick_ms = 0\n", "w.toml:2:11: 'tick_ms' must be 5 to 1000, found 0"},
      Case{"no address", "[control]\nlisten = \"9090\"\n",
           "w.toml:2:10: 'listen': expected an address and a port such as \"127.0.0.1:9090\" or \"[::1]:9090\", found \"9090\""},
      Case{"a quota that is no size", "[control]\ncapture_quota = \"lots\"\n",
           "w.toml:2:17: 'capture_quota': expected a size such as 4096, 512K, 100M or 1.5G, not 'lots'"},
      Case{"more sessions than a worker has taps for", "[control]\nmost_captures = 17\n", "w.toml:2:17: 'most_captures' must be 1 to 16, found 17"},
      Case{"an unknown mode", "[control]\ndataplane = \"strat\"\n",
           "w.toml:2:13: 'dataplane' must be one of \"auto\", \"attach\", \"start\", found \"strat\"; did you mean 'start'?"}};
  for (const Case& each : kCases) {
    const auto config = parse_daemon_config(each.text, "w.toml");
    ASSERT_FALSE(config) << each.description;
    EXPECT_EQ(config.error().message, each.says) << each.description;
  }
}

TEST(DaemonConfig, PutsCapturesWhereTheStateOfAProgramBelongs) {
  EXPECT_EQ(parse_daemon_config("[control]\ncapture_quota = \"1.5G\"\n", "w.toml")->capture_quota, 3u << 29);
  ::unsetenv("STATE_DIRECTORY");
  ::setenv("XDG_STATE_HOME", "/home/somebody/.local/state", 1);
  DaemonConfig config;
  ASSERT_TRUE(complete_daemon_config(config));
  EXPECT_EQ(config.capture_directory, "/home/somebody/.local/state/wirewatch/captures");
  ::setenv("STATE_DIRECTORY", "/var/lib/wirewatch:/var/lib/other", 1);
  DaemonConfig under_systemd;
  ASSERT_TRUE(complete_daemon_config(under_systemd));
  EXPECT_EQ(under_systemd.capture_directory, "/var/lib/wirewatch/captures");
  DaemonConfig none;
  none.capture_directory = "none";
  ASSERT_TRUE(complete_daemon_config(none));
  EXPECT_EQ(none.capture_directory, "none");
  ::unsetenv("STATE_DIRECTORY");
  ::unsetenv("XDG_STATE_HOME");
}

TEST(DaemonConfig, RefusesToListenForOthersWithoutAToken) {
  auto config = parse_daemon_config("[control]\nlisten = \"0.0.0.0:9090\"\n", "w.toml");
  ASSERT_TRUE(config);
  EXPECT_FALSE(complete_daemon_config(*config));
  config->token_file = "/run/credentials/token";
  EXPECT_TRUE(complete_daemon_config(*config));
}

}  // namespace
}  // namespace wirewatch
