// SPDX-License-Identifier: BSD-3-Clause
// One frame as a display filter sees it: its bytes and layers, and what the caller knows around it. Everything but the
// packet and its layers may be left out when the filter's Needs do not ask for it; a field without its context is absent.
#pragma once

#include <cstdint>
#include <string_view>

#include "dataplane/base/timestamp.h"
#include "dataplane/base/verdict.h"
#include "dataplane/packet/layers.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

struct StreamFacts;  // stream_tracker.h

/// A duration the caller does not have.
inline constexpr int64_t kNoDuration = -1;

/// What the pipeline knows of the frame's flow (DESIGN, section 3). Names belong to the caller and outlive the call.
struct FlowContext {
  std::string_view application{};  // empty: not known
  std::string_view category{};
  std::string_view host{};              // that the flow is meant for: from TLS, QUIC, HTTP, or the DNS answer its client had got
  std::string_view service{};           // whose host that is, where the list of hosts knows
  std::string_view service_category{};
  std::string_view alpn{};              // the first protocol its TLS client offers
  std::string_view ja4{};               // of its TLS client
  Evidence evidence = Evidence::None;
  uint64_t packets = 0;          // of both directions, the whole flow where Needs::whole_flow asks for it
  uint64_t bytes = 0;
  bool has_handshake = false;    // the rest is only read when this says so
  bool ambiguous = false;
  std::string_view outcome{};    // established, refused, unanswered, half-open
  int64_t syn_ack_rtt_ns = kNoDuration;
  int64_t ack_rtt_ns = kNoDuration;
  int64_t initial_rtt_ns = kNoDuration;
  uint32_t syn_retransmissions = 0;
  uint32_t syn_ack_retransmissions = 0;
};

struct Frame {
  const Packet& packet;
  const Layers& layers;
  Timestamp first_time = kNoTimestamp;               // of the capture's first frame: frame.time_relative
  Timestamp previous_time = kNoTimestamp;            // of the frame before: frame.time_delta
  Timestamp previous_displayed_time = kNoTimestamp;  // of the last frame that was shown: frame.time_delta_displayed
  const FlowContext* flow = nullptr;
  const StreamFacts* streams = nullptr;              // what StreamTracker::observe returned for this frame
};

/// What a caller has to supply besides packet and layers.
struct Needs {
  bool times = false;       // first_time, previous_time and previous_displayed_time
  bool streams = false;     // streams: a StreamTracker has to observe every frame in order
  bool flow = false;        // flow
  bool whole_flow = false;  // flow as it is at its end: offline this takes a second pass
  bool names = false;       // host, ALPN and JA4 of flow, which come from several of its packets
  bool services = false;    // service of flow: takes a list of hosts

  Needs& operator|=(const Needs& other) noexcept {
    times |= other.times;
    streams |= other.streams;
    flow |= other.flow;
    whole_flow |= other.whole_flow;
    names |= other.names;
    services |= other.services;
    return *this;
  }
};

}  // namespace wirewatch
