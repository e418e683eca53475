// SPDX-License-Identifier: BSD-3-Clause
// TLS inside the messages of other protocols: OpenVPN over TCP and UDP, RDP over UDP.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "dataplane/filter/filter.h"
#include "dataplane/filter/stream_tracker.h"
#include "dataplane/packet/parse.h"
#include "tests/support/packet_builder.h"

namespace wirewatch {
namespace {

using testing::Bytes;
using testing::eth;
using testing::FrameBuilder;
using testing::packet_over;

const std::string kAlert("\x15\x03\x03\x00\x02\x01\x00", 7);

class Conversation {
 public:
  bool shows(const FrameBuilder& frame, std::string_view text) {
    const Bytes bytes = frame.bytes();
    const Packet packet = packet_over(bytes, 1, Timestamp{0}, ++number_);
    Layers layers;
    parse(packet, {}, layers);
    const StreamFacts facts = tracker_.observe(packet, layers);
    auto filter = Filter::compile(text);
    return filter && filter->matches({.packet = packet, .layers = layers, .streams = &facts});
  }

 private:
  StreamTracker tracker_;
  uint64_t number_ = 0;
};

FrameBuilder datagram(uint16_t port, std::string_view payload) {
  return eth().ipv4("10.0.0.1", "10.0.0.2").udp(4000, port).payload(std::string(payload));
}

/// A control packet with what stands between its session and the message.
std::string control(const std::string& between, const std::string& fragment) {
  return std::string("\x20") + "SESSION1" + between + std::string("\0\0\0\1", 4) + fragment;
}
const std::string kNothingAcknowledged(1, '\0');

std::string counted(const std::string& packet) {
  return std::string{static_cast<char>(packet.size() >> 8), static_cast<char>(packet.size())} + packet;
}

TEST(CarriedTls, IsFoundBehindEveryHeaderOfOpenVpn) {
  const std::string acknowledges = std::string("\2\0\0\0\1\0\0\0\2", 9) + "SESSION2";
  const std::string digest = "\x91\x82\x73\x64\x55\x46\x37\x28\x19\x1a\x2b\x3c\x4d\x5e\x6f\x70\x81\x92\xa3\xb4", replay(8, '\1');
  struct Case {
    const char* description;
    std::string packet;
    bool shown;
  };
  const Case cases[] = {
      {"nothing acknowledged", control(kNothingAcknowledged, kAlert), true},
      {"acknowledges two", control(acknowledges, kAlert), true},
      {"with tls-auth", control(digest + replay + kNothingAcknowledged, kAlert), true},
      {"an acknowledgment alone", std::string("\x28") + "SESSION1" + kNothingAcknowledged, false},
      {"data", std::string("\x30") + kAlert, false},
      {"text in place of TLS", control(kNothingAcknowledged, "hello there"), false},
      {"cut inside what it acknowledges", std::string("\x20") + "SESSION1" + "\x09" + std::string(7, '\0'), false},
  };
  for (const Case& one : cases) {
    Conversation conversation;
    EXPECT_EQ(conversation.shows(datagram(1194, one.packet), "tls"), one.shown) << one.description;
  }
}

TEST(CarriedTls, IsShownInTheFrameThatEndsItsMessage) {
  Conversation conversation;
  const std::string record = std::string("\x17\x03\x03\x00\x7d", 5) + std::string(125, '\x55');
  EXPECT_FALSE(conversation.shows(datagram(1194, control(kNothingAcknowledged, record.substr(0, 100))), "tls"));
  EXPECT_TRUE(conversation.shows(datagram(1194, control(kNothingAcknowledged, record.substr(100))), "tls.record.length == 125"));
  EXPECT_TRUE(conversation.shows(datagram(1194, control(kNothingAcknowledged, record.substr(0, 50))), "tls and !tls.record"))
      << "a record that is not whole has a name only";
}

TEST(CarriedTls, IsFoundInOpenVpnOverTcp) {
  Conversation conversation;
  const auto from = [](uint32_t sequence, const std::string& payload) {
    return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(4000, 1194).ack().seq(sequence).payload(payload);
  };
  const std::string both = counted(control(kNothingAcknowledged, kAlert)) + counted(control(kNothingAcknowledged, kAlert));
  EXPECT_FALSE(conversation.shows(from(1, both.substr(0, 20)), "tls"));
  EXPECT_TRUE(conversation.shows(from(21, both.substr(20)), "tls.alert_message.desc == 0 and frame.protocols contains \"openvpn:tls\""));
  EXPECT_FALSE(conversation.shows(from(static_cast<uint32_t>(1 + both.size()), counted("\x28SESSION1")), "tls"));
}

TEST(CarriedTls, IsFoundInBothVersionsOfRdpOverUdp) {
  Conversation conversation;
  const std::string acked("\xff\xff\xff\xff\x00\x40", 6), source(8, '\0');
  const std::string old = acked + std::string("\x00\x0c\x00\x01\x05", 5) + source + kAlert;  // acknowledges with one element, data
  EXPECT_TRUE(conversation.shows(datagram(3389, old), "tls.alert_message.desc == 0"));
  const std::string agreed = acked + std::string("\x10\x05", 2) + source + std::string("\x00\x01\x01\x01", 4) + std::string(32, '\0');
  EXPECT_FALSE(conversation.shows(datagram(3389, agreed), "tls"));
  const auto second = [](char prefix, const std::string& flags, const std::string& rest) {
    std::string bytes = prefix + flags + rest;
    std::swap(bytes[0], bytes[7]);
    return bytes;
  };
  const std::string numbers("\x64\x00\x01\x00", 4);
  EXPECT_TRUE(conversation.shows(datagram(3389, second('\xe0', std::string("\x14\xc0", 2), std::string("\x64\0", 2) + numbers + kAlert)), "tls.record"));
  EXPECT_FALSE(conversation.shows(datagram(3389, second('\xf0', std::string("\x04\xc0", 2), numbers + kAlert)), "tls")) << "a dummy";
  EXPECT_FALSE(conversation.shows(datagram(3389, "\x04"), "tls")) << "cut short";
}

}  // namespace
}  // namespace wirewatch
