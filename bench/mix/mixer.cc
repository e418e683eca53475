// SPDX-License-Identifier: BSD-3-Clause
#include "bench/mix/mixer.h"

#include <algorithm>
#include <queue>
#include <stdexcept>

namespace wirewatch::mix {
namespace {

struct Live {
  uint64_t due_ns;
  uint64_t number;                   // breaks ties, so that the order does not depend on the queue
  uint64_t start_ns;
  const Trace* trace;
  size_t next;
  uint32_t stretch_per_mille;        // of the trace's times
  uint32_t client_key;               // XORed into addresses and ports
  uint32_t server_key;
  uint16_t port_key;

  bool operator>(const Live& other) const noexcept {
    return due_ns != other.due_ns ? due_ns > other.due_ns : number > other.number;
  }
};

constexpr uint32_t kServerBits = 12;  // per service
constexpr uint32_t kPortBits = 14;

void flip(std::span<uint8_t> address, uint32_t key) noexcept {
  const size_t last = address.size() - 1;
  for (size_t i = 0; i < 3; ++i) address[last - i] = static_cast<uint8_t>(address[last - i] ^ (key >> (8 * i)));
}

bool is_unicast(std::span<const uint8_t> address) noexcept {
  return address.size() == 16 ? address[0] != 0xff : address[0] < 224 && address[0] != 0 && address[0] != 127;
}

/// Gives one frame the addresses of its copy of the conversation.
void move_to(const Live& live, bool from_client, std::span<uint8_t> frame) noexcept {
  const size_t at = ip_offset(frame);
  if (at == 0) return;
  const auto packet = frame.subspan(at);
  const bool ipv4 = !packet.empty() && packet[0] >> 4 == 4;
  const size_t header = ipv4 ? 20 : 40;
  if (packet.size() < header + 4) return;
  const size_t width = ipv4 ? 4 : 16;
  const size_t first = ipv4 ? 12 : 8;
  for (const bool source : {true, false}) {
    const auto address = packet.subspan(source ? first : first + width, width);
    if (is_unicast(address)) flip(address, source == from_client ? live.client_key : live.server_key);
  }
  if (live.trace->synthetic) {
    const auto port = packet.subspan(header + (from_client ? 0 : 2), 2);
    port[0] = static_cast<uint8_t>(port[0] ^ (live.port_key >> 8));
    port[1] = static_cast<uint8_t>(port[1] ^ live.port_key);
  }
  set_checksums(frame);
}

}  // namespace

MixSummary mix(const std::vector<Trace>& traces, const MixOptions& options, const FrameSink& sink) {
  if (traces.empty() || options.concurrency == 0) throw std::invalid_argument("nothing to mix");
  Random random(options.seed);
  std::priority_queue<Live, std::vector<Live>, std::greater<>> queue;
  MixSummary summary;
  std::vector<uint8_t> frame;

  const auto start = [&](uint64_t now_ns) {
    const auto& trace = traces[random.below(static_cast<uint32_t>(traces.size()))];
    const auto client_key = static_cast<uint32_t>(random.next()) & 0xffffff;
    const auto server_key = trace.synthetic ? random.below(1u << kServerBits) : client_key;
    queue.push({.due_ns = now_ns,
                .number = summary.conversations++,
                .start_ns = now_ns,
                .trace = &trace,
                .next = 0,
                .stretch_per_mille = random.between(400, 1600),
                .client_key = client_key,
                .server_key = server_key,
                .port_key = static_cast<uint16_t>(random.below(1u << kPortBits))});
  };

  // The first conversations begin over a second, so that they are not all in the same phase.
  for (uint32_t i = 0; i < options.concurrency; ++i) start(random.below(1'000'000'000));
  while (summary.packets < options.packets) {
    Live live = queue.top();
    queue.pop();
    const auto& next = live.trace->frames[live.next];
    frame.assign(next.bytes.begin(), next.bytes.end());
    move_to(live, next.from_client, frame);
    sink(live.due_ns, frame, next.original_length);
    ++summary.packets;
    summary.bytes += next.original_length;
    if (++live.next < live.trace->frames.size()) {
      const uint64_t due = live.start_ns + live.trace->frames[live.next].at_ns / 1000 * live.stretch_per_mille;
      live.due_ns = std::max(due, live.due_ns);
      queue.push(live);
    } else {
      start(live.due_ns + random.below(2'000'000));
    }
  }
  return summary;
}

}  // namespace wirewatch::mix
