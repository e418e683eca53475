// SPDX-License-Identifier: BSD-3-Clause
// A worker with frames pushed through it: parses, cuts into bursts, and keeps what the worker hands on.
#pragma once

#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/pipeline/worker.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {

inline constexpr int64_t kMillisecond = 1'000'000;

/// A frame and what its source says of it.
struct SentFrame {
  Bytes bytes;
  Timestamp time;
  uint16_t link_type = 1;
  std::optional<uint32_t> original_length = std::nullopt;
};

inline SentFrame sent(const FrameBuilder& frame, int64_t time_ns) {
  return {frame.bytes(), Timestamp{time_ns}, frame.link_type()};
}

inline Packet packet_of(const SentFrame& frame, uint64_t number) {
  Packet packet = packet_over(frame.bytes, frame.link_type, frame.time, number);
  if (frame.original_length) packet.original_length = *frame.original_length;
  return packet;
}

/// The rules in a TOML text, compiled.
std::shared_ptr<const RuleSet> rules_of(std::string_view text);

/// Rules enough to tell one application over TCP ("hello") and one over UDP ("query", on port 53 guessed).
std::shared_ptr<const RuleSet> small_rules();

class WorkerRun final : public EventSink {
 public:
  explicit WorkerRun(const WorkerOptions& options = {}, std::shared_ptr<const RuleSet> rules = small_rules())
      : worker(options, std::move(rules), *this) {}

  void on_handshake(const HandshakeRecord& handshake) noexcept override { handshakes.push_back(handshake); }
  void on_flow(const FlowRecord& flow) noexcept override { flows.push_back(flow); }
  bool takes_progress() noexcept override { return takes; }

  /// Numbers count on from the frames before. Each frame is in memory of its own length, for the sanitizers.
  WorkerRun& feed(std::span<const SentFrame> frames, size_t burst_size = kBurstSize) {
    for (size_t at = 0; at < frames.size(); at += burst_size) {
      process(frames.subspan(at, std::min(burst_size, frames.size() - at)));
    }
    return *this;
  }
  WorkerRun& feed(const SentFrame& frame) { return feed(std::span(&frame, 1)); }
  /// Frames with the numbers they had before they were dealt out.
  void process(std::span<const SentFrame> frames, std::span<const uint64_t> numbers = {}) {
    std::vector<Packet> packets;
    for (size_t i = 0; i < frames.size(); ++i) {
      ++number_;
      packets.push_back(packet_of(frames[i], numbers.empty() ? number_ : numbers[i]));
    }
    std::vector<Layers> layers(frames.size());
    std::vector<ParsedPacket> parsed;
    for (size_t i = 0; i < frames.size(); ++i) {
      parse(packets[i], worker.parse_options(), layers[i]);
      parsed.push_back({&packets[i], &layers[i]});
    }
    worker.process(parsed);
  }
  WorkerRun& finish() {
    worker.finish();
    return *this;
  }

  Traffic in_flows() const {
    return std::accumulate(flows.begin(), flows.end(), Traffic{}, [](Traffic sum, const FlowRecord& flow) {
      return sum += flow.total();
    });
  }

  std::vector<HandshakeRecord> handshakes;
  std::vector<FlowRecord> flows;
  bool takes = true;  // records that can wait
  Worker worker;

 private:
  uint64_t number_ = 0;
};

/// Empty, or the first sum that does not add up. Only after finish().
std::string check_sums(const WorkerRun& run, const Traffic& given, const Traffic& without_flow);

}  // namespace wirewatch::testing
