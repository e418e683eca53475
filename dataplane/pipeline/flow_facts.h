// SPDX-License-Identifier: BSD-3-Clause
// What a worker knows at the moment of the flow of a packet, and who wants to see every packet with it.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/base/verdict.h"
#include "dataplane/filter/frame.h"
#include "dataplane/flow/records.h"
#include "dataplane/packet/layers.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

class Worker;

struct FlowFacts {
  ApplicationId application = kUnknownApplication;  // the registry's id
  Evidence evidence = Evidence::None;
  uint64_t packets = 0;  // so far; 0: the packet has no flow, or is a bare SYN that nothing followed yet
  uint64_t bytes = 0;
  // The rest while the flow's handshake or its classification is under way: what is over and handed on is forgotten.
  bool has_handshake = false;
  bool ambiguous = false;
  std::optional<HandshakeOutcome> outcome{};  // once it is over
  int64_t syn_ack_rtt_ns = kNoDuration;
  int64_t ack_rtt_ns = kNoDuration;
  int64_t initial_rtt_ns = kNoDuration;
  uint16_t syn_retransmissions = 0;
  uint16_t syn_ack_retransmissions = 0;
};

/// Called from the worker's thread for every packet, right after it was counted; `blocked`: it is not to pass.
class PacketObserver {
 public:
  virtual ~PacketObserver() = default;
  virtual void on_packet(Worker& worker, const Packet& packet, const Layers& layers, bool blocked) noexcept = 0;
};

}  // namespace wirewatch
