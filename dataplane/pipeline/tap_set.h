// SPDX-License-Identifier: BSD-3-Clause
// Which packets are copied out for capture sessions: up to 16 taps, each a port, a filter and a snap length. Compiled at the
// edge, once for each worker, since a filter works in memory of its own; asked for every packet without allocation.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/capture/bpf_filter.h"
#include "dataplane/filter/filter.h"
#include "dataplane/pipeline/flow_facts.h"
#include "dataplane/pipeline/packet_ring.h"

namespace wirewatch {

struct TapSpec {
  uint8_t slot = 0;       // below kMostTaps, each once
  uint64_t id = kNoTap;   // not kNoTap; a slot whose id changes counts from 0
  std::string port{};     // empty: every port
  std::string filter{};   // a display filter, or
  std::string bpf{};      // tcpdump's syntax; both empty: every packet
  uint32_t snap_length = kMostSnapLength;
};

/// What the numbers in packets and flows are called.
struct TapNames {
  FilterNames filter;                    // filter.applications[i] is the registry's i + 1
  std::vector<std::string> categories;   // of the same
  std::vector<std::string> ports;        // by Packet::interface
};

/// Why a set was refused, and for which tap.
struct TapFault : Error {
  std::optional<uint8_t> slot;
};

class TapSet {
 public:
  /// All taps, or those that can match on one of `ports`, when there are any. Refuses filters that take more than the packet and its flow so
  /// far: stream numbers and analysis, times relative to other packets, and what a flow is only known to be at its end.
  static tl::expected<TapSet, TapFault> compile(std::span<const TapSpec> specs, uint64_t number, std::shared_ptr<const TapNames> names,
                                                std::span<const uint16_t> ports = {});
  /// Whether a filter with these needs can be a tap's.
  static bool takes(const Needs& needs) noexcept { return !needs.times && !needs.streams && !needs.whole_flow; }

  TapSet(TapSet&&) noexcept = default;
  TapSet& operator=(TapSet&&) noexcept = default;

  uint64_t number() const noexcept { return number_; }
  bool empty() const noexcept { return taps_.empty(); }
  /// By slot; kNoTap where there is none, or none on this port.
  const std::array<uint64_t, kMostTaps>& ids() const noexcept { return ids_; }

  struct Match {
    uint64_t taps = 0;         // bits of their slots
    uint32_t snap_length = 0;  // the longest of them
  };
  /// Whether any tap asks about the packet's flow.
  bool needs_flow() const noexcept { return needs_flow_; }
  /// `facts` of its flow, when they are needed, as they are after this packet.
  Match match(const Packet& packet, const Layers& layers, const FlowFacts& facts) noexcept;

 private:
  struct Tap {
    uint8_t slot = 0;
    std::optional<uint16_t> port;  // none: every one
    uint32_t snap_length = kMostSnapLength;
    std::variant<std::monostate, Filter, BpfFilter> asks;  // none: every packet
  };

  TapSet(uint64_t number, std::shared_ptr<const TapNames> names) : number_(number), names_(std::move(names)) {}
  Result<Tap> compile_one(const TapSpec& spec);
  FlowContext context(const FlowFacts& facts) const noexcept;

  uint64_t number_;
  std::shared_ptr<const TapNames> names_;
  std::array<uint64_t, kMostTaps> ids_{};
  std::vector<Tap> taps_;
  bool needs_flow_ = false;
};

}  // namespace wirewatch
