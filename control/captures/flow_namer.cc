// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/flow_namer.h"

#include <array>

#include "dataplane/packet/transport_number.h"

namespace wirewatch {
namespace {

using transport_number::kTcp;
using transport_number::kUdp;
constexpr uint8_t kMostPayloads = 8;  // a hello may come in several
constexpr uint16_t kDns = 53;

IpAddress address(const Layers& layers, bool low) noexcept {
  IpAddress address;
  address.bytes = low ? layers.key.low_address : layers.key.high_address;
  address.family = layers.key.family;
  return address;
}

/// Which reader a first payload is for.
Extractor extractor_of(const Layers& layers, std::span<const uint8_t> payload) noexcept {
  constexpr uint8_t kHandshake = 22, kVersion = 3, kLongHeader = 0xc0;
  if (layers.key.ip_protocol == kUdp) return (payload[0] & kLongHeader) == kLongHeader ? Extractor::QuicSni : Extractor::None;
  if (payload.size() >= 2 && payload[0] == kHandshake && payload[1] == kVersion) return Extractor::TlsSni;
  return payload[0] >= 'A' && payload[0] <= 'Z' ? Extractor::HttpHost : Extractor::None;
}

}  // namespace

FlowNamer::Flow& FlowNamer::flow_of(const FlowKey& key) {
  const auto [at, fresh] = flows_.try_emplace(key);
  if (!fresh) return at->second;
  order_.push_back(key);
  if (order_.size() > most_) {
    flows_.erase(order_.front());
    order_.pop_front();
  }
  return flows_.find(key)->second;
}

void FlowNamer::learn_names(std::span<const uint8_t> message, const Packet& packet, const Layers& layers) {
  DnsAnswer answer;
  if (answers_.read(message, answer)) asked_.learn(answer, address(layers, !layers.source_is_low), packet.time);
}

void FlowNamer::see(const Packet& packet, const Layers& layers) {
  if (!layers.has_flow) return;
  constexpr uint8_t kSyn = 0x02, kAck = 0x10;
  const FlowKey& key = layers.key;
  if (key.ip_protocol == kTcp && (layers.tcp_flags & (kSyn | kAck)) == kSyn) {  // another connection between the same ends
    if (const auto known = flows_.find(key); known != flows_.end()) known->second = {};
  }
  const auto payload = layers.payload(packet);
  if (payload.empty() || (key.ip_protocol != kTcp && key.ip_protocol != kUdp)) return;
  const uint16_t source_port = layers.source_is_low ? key.low_port : key.high_port;
  if (key.ip_protocol == kUdp && source_port == kDns) return learn_names(payload, packet, layers);
  Flow& flow = flow_of(key);
  const bool waits = flow.wait.for_hello();
  if ((!flow.sheet.empty() && !waits) || flow.payloads >= kMostPayloads) return;
  ++flow.payloads;
  const SentBytes sent{.bytes = payload,
                       .sequence = layers.tcp_sequence,
                       .has_sequence = key.ip_protocol == kTcp,
                       .side = static_cast<uint8_t>(layers.source_is_low ? 0 : 1)};
  reader_.begin();
  if (waits) {
    reader_.resume(sent, flow.wait);
  } else if (const Extractor extractor = extractor_of(layers, payload); extractor != Extractor::None) {
    reader_.read(extractor, sent, flow.wait);
  }
  const FlowNames& names = reader_.names();
  std::array<char, NameSheet::kMost> room;
  const std::string_view sheet = NameSheet::pack({names.host, names.alpn, names.ja4, names.user_agent, names.host_source, names.encrypted_hello}, room);
  if (!sheet.empty()) flow.sheet = sheet;
}

void FlowNamer::name(const Packet& packet, const Layers& layers, const HostList* hosts, FlowContext& flow) const noexcept {
  if (!layers.has_flow) return;
  if (const auto known = flows_.find(layers.key); known != flows_.end()) {
    const NameSheet sheet(known->second.sheet);
    flow.host = sheet.host();
    flow.alpn = sheet.alpn();
    flow.ja4 = sheet.ja4();
  }
  for (const bool low : {true, false}) {  // either end may be the client
    if (flow.host.empty()) flow.host = asked_.name_of(address(layers, low), address(layers, !low), packet.time);
  }
  const HostService* const service = hosts != nullptr ? hosts->find(flow.host) : nullptr;
  if (service == nullptr) return;
  flow.service = service->name;
  flow.service_category = service->category;
}

}  // namespace wirewatch
