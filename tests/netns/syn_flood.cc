// SPDX-License-Identifier: BSD-3-Clause
// Floods an interface with bare SYNs from random addresses: syn_flood INTERFACE SECONDS SYNS_A_SECOND
// [SERVER]. Prints how many it sent. tools/lab hides legitimate handshakes in it.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include "tests/netns/frame_sender.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {
namespace {

constexpr size_t kBatch = 256;
// Offsets in Ethernet, IPv4 without options, TCP.
constexpr size_t kSourceAddress = 14 + 12, kSourcePort = 14 + 20, kSequence = kSourcePort + 4;

/// Marsaglia's xorshift64: only has to differ, and quickly.
class Random {
 public:
  uint64_t next() noexcept {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    return state_ ^= state_ << 17;
  }

 private:
  uint64_t state_ = 0x9e3779b97f4a7c15;
};

void put(Bytes& frame, size_t at, uint64_t value, size_t bytes) noexcept {
  for (size_t i = 0; i < bytes; ++i) frame[at + i] = static_cast<uint8_t>(value >> (8 * i));
}

uint64_t flood(const char* interface, double seconds, double rate, const char* server) {
  using Clock = std::chrono::steady_clock;
  FrameSender sender(interface);
  std::vector<Bytes> frames(kBatch, eth().ipv4("198.18.0.1", server).tcp(1, 80).syn().bytes());
  Random random;
  uint64_t sent = 0;
  const auto begin = Clock::now();
  for (;;) {
    const double elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
    if (elapsed >= seconds) return sent;
    if (static_cast<double>(sent) > elapsed * rate) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      continue;
    }
    for (Bytes& frame : frames) {
      put(frame, kSourceAddress, random.next(), 4);
      put(frame, kSourcePort, random.next() | 1, 2);
      put(frame, kSequence, random.next(), 4);
    }
    sent += sender.send(frames);
  }
}

}  // namespace
}  // namespace wirewatch::testing

int main(int argc, char** argv) {
  if (argc != 4 && argc != 5) {
    std::fputs("usage: syn_flood INTERFACE SECONDS SYNS_A_SECOND [SERVER]\n", stderr);
    return 2;
  }
  try {
    const char* server = argc == 5 ? argv[4] : "10.20.0.30";
    std::printf("%llu\n", static_cast<unsigned long long>(wirewatch::testing::flood(
                              argv[1], std::atof(argv[2]), std::atof(argv[3]), server)));
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "syn_flood: %s\n", fault.what());
    return 1;
  }
  return 0;
}
