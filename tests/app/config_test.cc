// SPDX-License-Identifier: BSD-3-Clause
// What a configuration file may say, and what is said of one that is wrong.
#include "dataplane/app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wirewatch {
namespace {

using ::testing::HasSubstr;

Result<DataplaneConfig> completed(std::string_view text) {
  auto config = parse_config(text, "x.toml");
  if (!config) return config;
  if (const auto done = complete_config(*config); !done) return tl::unexpected(done.error());
  return config;
}

TEST(Config, AnEmptyFileIsAllDefaults) {
  const auto config = completed("");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->max_flows, 1'000'000u);
  EXPECT_EQ(config->idle, IdleMode::Adaptive);
  EXPECT_TRUE(config->ports.empty());
}

TEST(Config, ReadsEveryKindOfValue) {
  const auto config = completed(R"(
[control]
whatever = "is for the other process"
[dataplane]
control_socket = "/tmp/x.sock"
local = ["10.0.0.0/8", "2001:db8::/32"]
max_flows = 5000
idle = "spin"
eal_arguments = ["-d", "/opt/librte_net_x.so"]
[[dataplane.port]]
name = "wan"
source = "dpdk:net_ring0"
workers = 2
lcores = [2, 3]
steering = "software"
timestamps = "off"
[[dataplane.port]]
source = "file:/a,b.cap,speed=2.5"
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->control_socket, "/tmp/x.sock");
  EXPECT_EQ(config->local_networks.size(), 2u);
  EXPECT_EQ(config->max_flows, 5000u);
  EXPECT_EQ(config->idle, IdleMode::Spin);
  EXPECT_EQ(config->eal_arguments, (std::vector<std::string>{"-d", "/opt/librte_net_x.so"}));
  ASSERT_EQ(config->ports.size(), 2u);
  const PortConfig& wan = config->ports[0];
  EXPECT_EQ(wan.name, "wan");
  EXPECT_EQ(wan.spec.kind, SourceKind::Dpdk);
  EXPECT_EQ(wan.spec.target, "net_ring0");
  EXPECT_EQ(wan.lcores, (std::vector<unsigned>{2, 3}));
  EXPECT_EQ(wan.steering, Steering::Software);
  EXPECT_EQ(wan.timestamps, TimestampPolicy::Off);
  EXPECT_EQ(config->ports[1].name, "port1");
  EXPECT_EQ(config->ports[1].spec.target, "/a,b.cap");
  EXPECT_EQ(config->ports[1].spec.speed, 2.5);
}

TEST(Config, GivesAnInlinePairOneSetOfWorkersForBothPorts) {
  const auto config = completed(R"(
[[dataplane.port]]
name = "wan"
source = "dpdk:net_ring0"
inline_with = "lan"
workers = 2
[[dataplane.port]]
name = "mirror"
source = "afpacket:eth0"
workers = 3
[[dataplane.port]]
name = "lan"
source = "dpdk:net_ring1"
inline_with = "wan"
workers = 2
lcores = [4, 5]
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(workers_of(*config, 0), 2u);
  EXPECT_EQ(workers_of(*config, 1), 3u);
  EXPECT_EQ(workers_of(*config, 2), 0u);
  EXPECT_EQ(lcores_of(*config, 0), (std::vector<unsigned>{4, 5}));
  EXPECT_TRUE(lcores_of(*config, 1).empty());
}

TEST(Config, WhatIsPrintedReadsBackTheSame) {
  auto config = completed("[dataplane]\nallow = [\"10.0.0.1\"]\n[[dataplane.port]]\nname = \"a \\\"b\\\"\"\nsource = \"file:x,speed=max\"");
  ASSERT_TRUE(config) << config.error().message;
  const std::string printed = print_config(*config);
  const auto again = completed(printed);
  ASSERT_TRUE(again) << again.error().message << "\n" << printed;
  EXPECT_EQ(print_config(*again), printed);
  EXPECT_THAT(printed, HasSubstr("max_flows = 1000000"));
}

struct Refusal {
  std::string_view what;
  std::string_view text;
  std::string_view said;
};

class ConfigRefuses : public ::testing::TestWithParam<Refusal> {};

TEST_P(ConfigRefuses, WithTheReason) {
  const auto config = completed(GetParam().text);
  ASSERT_FALSE(config) << GetParam().what;
  EXPECT_THAT(config.error().message, HasSubstr(std::string(GetParam().said))) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    Files, ConfigRefuses,
    ::testing::Values(
        Refusal{"a mistyped key", "[dataplane]\n\nmax_flow = 5000\n",
                "x.toml:3:1: unknown key 'max_flow' in [dataplane]; did you mean 'max_flows'?"},
        Refusal{"a mistyped key of a port", "[[dataplane.port]]\nsource = \"replay\"\nworker = 2\n",
                "x.toml:3:1: unknown key 'worker' in [[dataplane.port]]; did you mean 'workers'?"},
        Refusal{"a mistyped section", "[dataplan]\nmax_flows = 5000\n", "unknown key 'dataplan' in the file"},
        Refusal{"a wrong type", "[dataplane]\nmax_flows = \"many\"\n", "x.toml:2:13: 'max_flows' must be an integer, found string"},
        Refusal{"out of range", "[dataplane]\nmax_flows = 1\n", "'max_flows' must be 1000 to 100000000, found 1"},
        Refusal{"a word that is none of the choices", "[dataplane]\nidle = \"spinn\"\n",
                "'idle' must be one of \"adaptive\", \"spin\", found \"spinn\"; did you mean 'spin'?"},
        Refusal{"both faults of a file, by line", "[dataplane]\nmax_flows = 1\nidel = \"spin\"\n",
                "found 1\nx.toml:3:1: unknown key 'idel' in [dataplane]; did you mean 'idle'?"},
        Refusal{"not TOML at all", "[dataplane\n", "x.toml:1:11: "},
        Refusal{"a key twice", "[dataplane]\nidle = \"spin\"\nidle = \"spin\"\n", "x.toml:3:"},
        Refusal{"a port without a source", "[[dataplane.port]]\nname = \"a\"\n", "[[dataplane.port]] needs a key 'source'"},
        Refusal{"a source of no kind", "[[dataplane.port]]\nsource = \"afpaket:eth0\"\n",
                "x.toml:2:10: 'afpaket:eth0' is no source: expected dpdk:DEVARGS, afpacket:IFNAME, afxdp:IFNAME, file:PATH or replay; "
                "did you mean 'afpacket'?"},
        Refusal{"a source without its target", "[[dataplane.port]]\nsource = \"dpdk:\"\n", "says nothing after the colon"},
        Refusal{"a speed that is none", "[[dataplane.port]]\nsource = \"file:x,speed=fast\"\n", "speed 'fast' is neither a number"},
        Refusal{"an interface name that is too long", "[[dataplane.port]]\nsource = \"afxdp:abcdefghijklmnopq\"\n", "longer than a name"},
        Refusal{"a network that is none", "[dataplane]\nlocal = [\"10.0.0.0/33\"]\n", "x.toml:2:9: 'local': "},
        Refusal{"DPDK's help instead of a start", "[dataplane]\neal_arguments = [\"--help\"]\n", "prints its help and ends the process"},
        Refusal{"arguments of DPDK in one string", "[dataplane]\neal_arguments = \"-d x.so\"\n", "x.toml:2:17: 'eal_arguments' must be"},
        Refusal{"two ports of one name", "[[dataplane.port]]\nname = \"a\"\nsource = \"replay\"\n[[dataplane.port]]\nname = \"a\"\nsource = \"replay\"\n",
                "two ports are called 'a'"},
        Refusal{"a core for two", "[[dataplane.port]]\nsource = \"dpdk:a\"\nlcores = [1]\n[[dataplane.port]]\nsource = \"dpdk:b\"\nlcores = [1]\n",
                "core 1 is given to port 'port0' and again to 'port1'"},
        Refusal{"fewer cores than workers", "[[dataplane.port]]\nsource = \"dpdk:a\"\nworkers = 2\nlcores = [1]\n", "names 1 cores for 2 workers"},
        Refusal{"a capture with two workers", "[[dataplane.port]]\nsource = \"file:a\"\nworkers = 2\n", "which one worker does"},
        Refusal{"inline with nobody", "[[dataplane.port]]\nname = \"wan\"\nsource = \"dpdk:a\"\ninline_with = \"lam\"\n[[dataplane.port]]\nname = \"lan\"\nsource = \"dpdk:b\"\n",
                "'lam', which is no port; did you mean 'lan'?"},
        Refusal{"inline one way", "[[dataplane.port]]\nname = \"wan\"\nsource = \"dpdk:a\"\ninline_with = \"lan\"\n[[dataplane.port]]\nname = \"lan\"\nsource = \"dpdk:b\"\n",
                "give 'lan' the line inline_with = \"wan\""},
        Refusal{"inline with another kind", "[[dataplane.port]]\nname = \"wan\"\nsource = \"dpdk:a\"\ninline_with = \"lan\"\n[[dataplane.port]]\nname = \"lan\"\nsource = \"afpacket:b\"\ninline_with = \"wan\"\n",
                "must both be dpdk:, both afxdp: or both afpacket:"},
        Refusal{"inline with cores for both", "[[dataplane.port]]\nname = \"wan\"\nsource = \"dpdk:a\"\ninline_with = \"lan\"\nlcores = [1]\n[[dataplane.port]]\nname = \"lan\"\nsource = \"dpdk:b\"\ninline_with = \"wan\"\nlcores = [2]\n",
                "the same workers poll both"},
        Refusal{"inline with itself", "[[dataplane.port]]\nname = \"wan\"\nsource = \"dpdk:a\"\ninline_with = \"wan\"\n", "it takes two"}));

}  // namespace
}  // namespace wirewatch
