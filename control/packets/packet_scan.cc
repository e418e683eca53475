// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/packet_scan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "control/packets/port_gate.h"
#include "dataplane/filter/stream_tracker.h"
#include "dataplane/packet/parse.h"

namespace wirewatch {
namespace {

constexpr size_t kBatch = 256;

class Scan {
 public:
  Scan(const ScanOptions& options, FrameVisitor* visitor) : options_(options), visitor_(visitor) {
    if (options.needs.streams) tracker_.emplace();
    options_.others = options.others && visitor != nullptr;
    // Frames are parsed ahead of the filter, many at a time, unless few of them are ever looked at.
    parse_all_ = options.filter != nullptr || options.needs.streams;
    if (options.filter != nullptr && !options.needs.streams && !options_.others) gate_ = PortGate::of(options.filter->text());
    if (gate_) parse_all_ = false;
    parse_matches_ = gate_ || (!parse_all_ && visitor != nullptr && options.layers);
  }

  void learn_keys(std::string_view secrets) {
    if (tracker_ && !secrets.empty()) tracker_->learn_keys(secrets);
  }

  /// False when enough has been seen.
  bool take(std::span<const Packet> packets) {
    for (size_t at = 0; at < packets.size(); at += kBurstSize) {
      const auto burst = packets.subspan(at, std::min(kBurstSize, packets.size() - at));
      if (parse_all_) parse_all(burst, parse_options_, layers_);
      for (size_t i = 0; i < burst.size(); ++i) {
        ++totals_.read;
        if (!take(burst[i], layers_[parse_all_ ? i : 0])) return false;
      }
    }
    return true;
  }

  ScanTotals take_totals() { return std::move(totals_); }

 private:
  bool take(const Packet& packet, Layers& layers) {
    if (first_time_ == kNoTimestamp) first_time_ = packet.time;
    const StreamFacts* const streams = tracker_ ? &tracker_->observe(packet, layers) : nullptr;
    const Timestamp previous = previous_time_;
    previous_time_ = packet.time;
    const bool by_bpf = options_.bpf == nullptr || matches_bpf(packet);
    if (!by_bpf && !options_.others) return true;
    if (gate_ && gate_->shuts_out(packet)) return true;
    if (parse_matches_) parse(packet, parse_options_, layers);
    const FlowContext* const flow = options_.flows != nullptr ? options_.flows->find(layers, packet.number) : nullptr;
    const Frame frame{.packet = packet,
                      .layers = layers,
                      .first_time = first_time_,
                      .previous_time = previous,
                      .previous_displayed_time = previous_displayed_time_,
                      .flow = flow,
                      .streams = streams};
    if (!by_bpf || (options_.filter != nullptr && !options_.filter->matches(frame))) {
      if (options_.others) visitor_->on_other(frame);
      return true;
    }
    ++totals_.matched;
    const bool on = visitor_ == nullptr || visitor_->on_frame(frame);
    previous_displayed_time_ = packet.time;
    return on && totals_.matched < options_.most;
  }

  bool matches_bpf(const Packet& packet) {
    if (packet.link_type != bpf_link_type_) {
      bpf_link_type_ = packet.link_type;
      if (const auto fits = options_.bpf->prepare(packet.link_type)) {
        totals_.bpf_compiled = true;
      } else if (totals_.bpf_fault.empty()) {
        totals_.bpf_fault = fits.error().message;
      }
    }
    return options_.bpf->matches(packet);
  }

  ScanOptions options_;
  FrameVisitor* visitor_;
  ParseOptions parse_options_{};
  std::optional<PortGate> gate_;
  bool parse_all_ = false;
  bool parse_matches_ = false;
  std::optional<StreamTracker> tracker_;
  std::optional<uint16_t> bpf_link_type_;
  Timestamp first_time_ = kNoTimestamp;
  Timestamp previous_time_ = kNoTimestamp;
  Timestamp previous_displayed_time_ = kNoTimestamp;
  ScanTotals totals_;
  std::array<Layers, kBurstSize> layers_;
};

}  // namespace

ScanTotals scan(PacketFiles& files, const ScanOptions& options, FrameVisitor* visitor) {
  const auto scan = std::make_unique<Scan>(options, visitor);
  PacketBatch batch;
  bool on = options.most > 0;
  while (on && files.read(batch, kBatch) > 0) {
    scan->learn_keys(files.take_secrets());
    on = scan->take(batch.packets);
    if (on && visitor != nullptr && batch.packets.size() < kBatch) on = visitor->on_pause();
  }
  return scan->take_totals();
}

std::unique_ptr<FlowBook> read_flows(PacketFiles& files, std::shared_ptr<const RuleSet> rules, std::shared_ptr<const HostList> hosts,
                                     size_t max_flows) {
  auto book = std::make_unique<FlowBook>(rules, std::move(hosts));
  WorkerOptions options;
  options.max_flows = max_flows;
  Worker worker(options, std::move(rules), *book);
  const auto burst = std::make_unique<Burst>();
  PacketBatch batch;
  while (const size_t count = files.read(batch, kBurstSize)) {
    burst->packets = batch.packets;
    burst->count = count;
    worker.parse_and_process(*burst);
  }
  worker.finish();
  book->finish();
  return book;
}

}  // namespace wirewatch
