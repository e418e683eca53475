// SPDX-License-Identifier: BSD-3-Clause
// The data plane as a bump in the wire between the kernel's own TCP ends: what is blocked is stopped and counted,
// everything else passes, and one worker times the handshakes of both directions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include "tests/app/data_plane_process.h"
#include "tests/netns/cabled_test.h"
#include "tests/netns/tcp_ends.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

using ::testing::HasSubstr;
using nlohmann::json;

const std::string kTorrent = "\x13" "BitTorrent protocol" + std::string(8, '\0') + std::string(40, 'x');
const std::string kWeb = "GET /index.html HTTP/1.1\r\nHost: intranet.example\r\n\r\n";

std::string config_with(const std::string& ports) {
  return "[dataplane]\nrules = \"" + compiled_rules().string() +
         "\"\nmax_flows = 5000\nmax_pending_syns = 5000\nmax_table_rows = 5000\npublish_interval_ms = 50\nmemory_mb = 128\n" + ports;
}

std::string port_line(const std::string& name, const std::string& source, const std::string& inline_with = {}) {
  return "[[dataplane.port]]\nname = \"" + name + "\"\nsource = \"" + source + "\"\n" +
         (inline_with.empty() ? "" : "inline_with = \"" + inline_with + "\"\n");
}

/// "" when it was done, or why not.
std::string tell(DataPlaneProcess& process, json request, const char* command = "block") {
  request["command"] = command;
  return process.client().ask(request).json.value("error", std::string());
}

struct Kind {
  const char* name;
  const char* west;
  const char* east;
};

class InlineBlocking : public CabledTest, public ::testing::WithParamInterface<Kind> {
 protected:
  uint64_t dropped(DataPlaneProcess& process) {
    const json status = process.client().ask({{"command", "status"}}).json;
    return status["ports"][0]["dropped_packets"].get<uint64_t>() + status["ports"][1]["dropped_packets"].get<uint64_t>();
  }
};

TEST_P(InlineBlocking, StopsAnApplicationAndCountsItWhileOthersPass) {
  if (IsSkipped()) return;
  const TcpEnds ends({});
  DataPlaneProcess process(config_with(port_line("west", GetParam().west, "east") + port_line("east", GetParam().east, "west")));
  ASSERT_TRUE(process.running()) << process.words();
  const SharedState state = process.shared();
  ASSERT_EQ(state.worker_count(), 1u);
  EXPECT_EQ(ends.say(kTorrent), kTorrent) << "it passes while nothing is blocked";
  EXPECT_EQ(dropped(process), 0u);

  EXPECT_THAT(tell(process, {{"name", "bittorent"}}), HasSubstr("no application or category 'bittorent'; did you mean 'bittorrent'?"));
  ASSERT_EQ(tell(process, {{"name", "bittorrent"}}), "");
  EXPECT_EQ(ends.say(kTorrent), "");
  EXPECT_EQ(ends.say(kWeb), kWeb);
  EXPECT_TRUE(process.wait_for([&](const json&) { return dropped(process) > 0; }));

  ASSERT_EQ(tell(process, {{"allow", "10.9.0.1"}}), "");
  EXPECT_EQ(ends.say(kTorrent), kTorrent) << "the allow list wins";
  ASSERT_EQ(tell(process, {{"allow", "10.9.0.1"}}, "unblock"), "");
  EXPECT_EQ(ends.say(kTorrent), "");
  ASSERT_EQ(tell(process, {{"name", "bittorrent"}}, "unblock"), "");
  EXPECT_THAT(tell(process, {{"name", "bittorrent"}}, "unblock"), HasSubstr("not on the list"));
  EXPECT_EQ(ends.say(kTorrent), kTorrent);

  ASSERT_EQ(tell(process, {{"name", "p2p"}, {"expires", static_cast<double>(::time(nullptr)) + 2.5}}), "");
  EXPECT_EQ(ends.say(kTorrent), "") << "by its category";
  EXPECT_TRUE(process.wait_for([&](const json&) { return process.client().ask({{"command", "blocked"}}).json["names"].empty(); }));
  EXPECT_EQ(ends.say(kTorrent), kTorrent) << "its time is over";

  ASSERT_EQ(tell(process, {{"prefix", "10.9.0.2/32"}}), "");
  EXPECT_EQ(ends.say(kWeb), "") << "not even the handshake";
  EXPECT_EQ(process.shut_down(), 0) << process.words();

  size_t timed = 0;
  EventReader events = state.events(0);
  while (const auto event = events.pop()) {
    const auto* shake = std::get_if<HandshakeEvent>(&*event);
    if (shake == nullptr || shake->record.outcome != HandshakeOutcome::Established) continue;
    ++timed;
    EXPECT_GT(shake->record.syn_ack_rtt_ns.value_or(0), 0);
  }
  EXPECT_EQ(timed, 8u) << "every connection but the one whose SYN was blocked";
}

std::vector<Kind> kinds() {
  std::vector<Kind> all{{"AfPacket", "afpacket:left_inner", "afpacket:right_inner"}};
#ifdef WIREWATCH_HAS_AFXDP
  all.push_back({"AfXdp", "afxdp:left_inner", "afxdp:right_inner"});
#endif
#ifdef WIREWATCH_HAS_DPDK
  all.push_back({"NetAfPacket", "dpdk:net_af_packet0,iface=left_inner", "dpdk:net_af_packet1,iface=right_inner"});
#endif
  return all;
}

INSTANTIATE_TEST_SUITE_P(Sources, InlineBlocking, ::testing::ValuesIn(kinds()), [](const auto& kind) { return kind.param.name; });

class LookingOn : public CabledTest {};

TEST_F(LookingOn, APortThatOnlyLooksOnSaysWhyNothingIsBlockedThere) {
  cable();
  DataPlaneProcess process(config_with(port_line("mirror", "afpacket:right")));
  ASSERT_TRUE(process.running()) << process.words();
  EXPECT_THAT(tell(process, {{"name", "bittorrent"}}),
              HasSubstr("'bittorrent' cannot be blocked here; port 'mirror': it only looks on, at copies; it would have to be half of an inline pair"));
  const json listed = process.client().ask({{"command", "block"}, {"prefix", "10.0.0.0/8"}}).json;
  EXPECT_TRUE(listed["ok"]);
  EXPECT_EQ(listed["not_on"][0]["port"], "mirror");
}

#ifdef WIREWATCH_HAS_AFXDP
TEST_F(LookingOn, AnXdpPortIsToldTheAddressesOfABlockedApplicationsFlows) {
  cable();
  DataPlaneProcess process(config_with(port_line("mirror", "afxdp:right")));
  ASSERT_TRUE(process.running()) << process.words();
  ASSERT_EQ(tell(process, {{"name", "bittorrent"}}), "");
  const auto client = [](uint16_t port) { return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 6881); };
  const auto send = [&](uint16_t port, const std::string& payload) {
    ASSERT_EQ(left_->send(std::vector<Bytes>{client(port).syn().seq(100).bytes(),
                                             eth().ipv4("10.0.0.2", "10.0.0.1").tcp(6881, port).syn_ack().seq(500).ack_number(101).bytes(),
                                             client(port).ack().seq(101).ack_number(501).bytes(),
                                             client(port).ack().seq(101).ack_number(501).payload(payload).bytes()}), 4u);
  };
  send(40'000, kTorrent);
  send(40'001, kWeb);
  const auto kept_back = [&](const json& status) { return status["ports"][0]["losses"]["xdp_blocked_flow"].get<uint64_t>(); };
  // Until the program knows, the flow's frames still come in; each is another chance to tell it.
  EXPECT_TRUE(process.wait_for([&](const json& status) {
    left_->send(std::vector<Bytes>{client(40'000).ack().seq(200).ack_number(501).payload("more").bytes(),
                                   client(40'001).ack().seq(200).ack_number(501).payload("more").bytes()});
    return kept_back(status) >= 3;
  }));
  const json status = process.client().ask({{"command", "status"}}).json;
  EXPECT_GE(status["ports"][0]["received"]["packets"], kept_back(status)) << "the other flow goes on";
  ASSERT_EQ(tell(process, {{"name", "bittorrent"}}, "unblock"), "");
  const uint64_t then = kept_back(process.client().ask({{"command", "status"}}).json);
  left_->send(std::vector<Bytes>(10, client(40'000).ack().seq(300).ack_number(501).payload("free").bytes()));
  EXPECT_EQ(kept_back(process.client().ask({{"command", "status"}}).json), then);
}
#endif

}  // namespace
}  // namespace wirewatch::testing
