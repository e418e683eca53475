// SPDX-License-Identifier: BSD-3-Clause
// One tapped packet on its way to the sessions that asked for it. What several of them need is worked out once, and only
// when the first one asks.
#pragma once

#include <cstdint>
#include <span>

#include "control/captures/capture_names.h"
#include "control/captures/flow_namer.h"
#include "dataplane/filter/frame.h"
#include "dataplane/packet/layers.h"
#include "dataplane/packet/parse.h"
#include "dataplane/pipeline/packet_ring.h"

namespace wirewatch {

class Arrival {
 public:
  /// All of it outlives this.
  Arrival(const TappedPacket& head, std::span<const uint8_t> bytes, Timestamp arrived, const CaptureNames& names,
          uint64_t number = 0) noexcept
      : head_(head), arrived_(arrived), names_(names) {
    packet_.data = bytes.data();
    packet_.captured_length = static_cast<uint32_t>(bytes.size());
    packet_.original_length = head.original_length;
    packet_.time = head.time();
    packet_.number = number;
    packet_.link_type = head.link_type;
    packet_.interface = head.port;
  }

  const TappedPacket& head() const noexcept { return head_; }
  const Packet& packet() const noexcept { return packet_; }
  /// When control took it: what memories and limits go by, whatever clock stamped the packet.
  Timestamp arrived() const noexcept { return arrived_; }
  const CaptureNames& names() const noexcept { return names_; }

  /// The packet as a session sees it.
  Packet cut_to(uint32_t snap_length) const noexcept {
    Packet cut = packet_;
    cut.captured_length = cut.captured_length < snap_length ? cut.captured_length : snap_length;
    return cut;
  }

  const Layers& layers() noexcept {
    if (!parsed_) parse(packet_, {}, layers_);
    parsed_ = true;
    return layers_;
  }
  FlowContext flow() const noexcept {
    FlowContext flow;
    flow.application = names_.application(head_.application);
    flow.category = names_.category(head_.application);
    flow.evidence = head_.evidence <= static_cast<uint8_t>(Evidence::Payload) ? static_cast<Evidence>(head_.evidence) : Evidence::None;
    flow.packets = head_.flow_packets;
    flow.bytes = head_.flow_bytes;
    flow.has_handshake = head_.has(TappedPacket::kHasHandshake);
    flow.ambiguous = head_.has(TappedPacket::kAmbiguous);
    if (const auto outcome = head_.outcome()) flow.outcome = to_string(*outcome);
    flow.syn_ack_rtt_ns = head_.syn_ack_rtt_ns;
    flow.ack_rtt_ns = head_.ack_rtt_ns;
    flow.initial_rtt_ns = head_.initial_rtt_ns;
    flow.syn_retransmissions = head_.syn_retransmissions;
    flow.syn_ack_retransmissions = head_.syn_ack_retransmissions;
    if (namer != nullptr && parsed_) namer->name(packet_, layers_, names_.hosts.get(), flow);
    return flow;
  }

  const StreamFacts* streams = nullptr;  // set by whoever keeps the tracker, for sessions that need it
  const FlowNamer* namer = nullptr;      // likewise, once it has seen the packet

 private:
  const TappedPacket& head_;
  Timestamp arrived_;
  const CaptureNames& names_;
  Packet packet_;
  Layers layers_;
  bool parsed_ = false;
};

}  // namespace wirewatch
