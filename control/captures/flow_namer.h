// SPDX-License-Identifier: BSD-3-Clause
// Names of live flows, for sessions whose filters ask for them: read from the tapped packets themselves, so that they are
// known with the packet that tells them and not when the flow is told of. Bounded; the flow named longest ago is forgotten.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "dataplane/classify/dns_answer.h"
#include "dataplane/classify/dns_memory.h"
#include "dataplane/classify/host_list.h"
#include "dataplane/classify/host_reader.h"
#include "dataplane/filter/frame.h"
#include "dataplane/flow/name_sheet.h"
#include "dataplane/packet/flow_key.h"
#include "dataplane/packet/layers.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

class FlowNamer {
 public:
  static constexpr size_t kMostFlows = 65'536;

  explicit FlowNamer(size_t most_flows = kMostFlows) : most_(most_flows) {}

  /// Of every packet in order, before name() is asked about it.
  void see(const Packet& packet, const Layers& layers);
  /// Adds what is known of the packet's flow. `hosts` may be null; the names stay valid until see().
  void name(const Packet& packet, const Layers& layers, const HostList* hosts, FlowContext& flow) const noexcept;

 private:
  struct Flow {
    HelloWait wait{};
    uint8_t payloads = 0;  // looked into
    std::string sheet;     // a NameSheet's bytes
  };
  struct Hash {
    size_t operator()(const FlowKey& key) const noexcept { return static_cast<size_t>(hash(key)); }
  };

  Flow& flow_of(const FlowKey& key);
  void learn_names(std::span<const uint8_t> message, const Packet& packet, const Layers& layers);

  size_t most_;
  std::unordered_map<FlowKey, Flow, Hash> flows_;
  std::deque<FlowKey> order_;  // of first appearance
  HostReader reader_;
  DnsAnswerReader answers_;
  DnsMemory asked_;
};

}  // namespace wirewatch
