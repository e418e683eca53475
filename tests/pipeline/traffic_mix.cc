// SPDX-License-Identifier: BSD-3-Clause
#include "tests/pipeline/traffic_mix.h"

#include <fmt/format.h>

#include <random>

namespace wirewatch::testing {
namespace {

class Mix {
 public:
  explicit Mix(unsigned seed) : random_(seed) {}

  SentFrame next() {
    now_ns_ += static_cast<int64_t>(random_() % 5'000'000);
    SentFrame frame = sent(build(), now_ns_);
    const auto oddity = random_() % 20;
    if (oddity == 0) frame.time.ns -= 3 * kMillisecond;  // out of order
    if (oddity == 1) frame.time = kNoTimestamp;
    if (oddity == 2) {  // a snapshot length
      frame.original_length = static_cast<uint32_t>(frame.bytes.size());
      frame.bytes.resize(random_() % frame.bytes.size());
    }
    if (oddity == 3) frame.bytes[random_() % frame.bytes.size()] ^= static_cast<uint8_t>(1u << random_() % 8);
    if (oddity == 4) frame.original_length = static_cast<uint32_t>(frame.bytes.size()) + 70'000;
    return frame;
  }

 private:
  unsigned pick(unsigned count) { return static_cast<unsigned>(random_() % count); }
  std::string host() { return fmt::format("10.0.0.{}", 1 + pick(6)); }
  std::string host6() { return fmt::format("2001:db8::{}", 1 + pick(4)); }
  uint16_t port() { return static_cast<uint16_t>(std::array{443, 53, 40000, 40001, 40002}[pick(5)]); }

  FrameBuilder& under(FrameBuilder& frame) {
    switch (pick(8)) {
      case 0:
        frame.vlan(static_cast<uint16_t>(pick(3)));
        break;
      case 1:
        frame.ipv4("192.0.2.1", "192.0.2.2").udp(port(), 4789).vxlan(pick(2)).eth();
        break;
      case 2:
        frame.ipv4("192.0.2.1", "192.0.2.3").gre();
        break;
      default:
        break;
    }
    if (pick(3) == 0) {
      const std::string source = host6(), destination = host6();
      return frame.ipv6(source, destination);
    }
    const std::string source = host(), destination = host();
    return frame.ipv4(source, destination);
  }

  FrameBuilder build() {
    constexpr std::array kFlags{kSyn, kSyn, uint8_t{kSyn | kAck}, kAck, kAck, uint8_t{kAck | kPsh}, kRst, uint8_t{kFin | kAck}};
    FrameBuilder frame = eth();
    switch (pick(14)) {
      case 0:
        return frame.arp();
      case 1:
        return frame.ipv4("10.0.0.1", "10.0.0.2").fragment(static_cast<uint16_t>(pick(2) * 100), pick(2) == 0).udp(port(), port()).payload("query");
      case 2:
        return frame.ipv4("10.0.0.1", "10.0.0.2").icmp(3, 3).ipv4("10.0.0.2", "10.0.0.1").udp(53, 40000);
      case 3:
        return FrameBuilder(147).payload("of a link type nobody dissects");
      case 4:
        return frame.claim_u16(12, 0x1234).payload("of no known type");
      case 5:
        return under(frame).sctp(port(), port()).sctp_data().payload("chunk");
      case 6:
      case 7:
      case 8:
        under(frame).udp(port(), port());
        return pick(3) == 0 ? frame : frame.payload(pick(2) == 0 ? "query" : "something");
      default:
        under(frame).tcp(port(), port()).flags(kFlags[pick(kFlags.size())]).seq(pick(3)).ack_number(pick(4));
        return pick(2) == 0 ? frame : frame.payload(pick(2) == 0 ? "hello" : "anything");
    }
  }

  std::mt19937 random_;
  int64_t now_ns_ = 1'700'000'000'000'000'000;
};

}  // namespace

std::vector<SentFrame> traffic_mix(unsigned seed, size_t frames) {
  Mix mix(seed);
  std::vector<SentFrame> sent_frames;
  sent_frames.reserve(frames);
  for (size_t i = 0; i < frames; ++i) sent_frames.push_back(mix.next());
  return sent_frames;
}

}  // namespace wirewatch::testing
