// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/flow_book.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

#include "dataplane/packet/transport_number.h"


namespace wirewatch {
namespace {

/// As the parser orders the two ends, see FlowKey.
bool is_low(const Endpoint& one, const Endpoint& other) noexcept {
  const size_t length = one.address.family == IpFamily::V4 ? 4 : 16;
  const int order = std::memcmp(one.address.bytes.data(), other.address.bytes.data(), length);
  return order < 0 || (order == 0 && one.port <= other.port);
}

FlowKey key_between(const Endpoint& client, const Endpoint& server, uint8_t ip_protocol) noexcept {
  const bool client_is_low = is_low(client, server);
  const Endpoint &low = client_is_low ? client : server, &high = client_is_low ? server : client;
  FlowKey key;
  key.low_address = low.address.bytes;
  key.high_address = high.address.bytes;
  key.low_port = low.port;
  key.high_port = high.port;
  key.ip_protocol = ip_protocol;
  key.family = client.address.family;
  return key;
}

int64_t known(const std::optional<int64_t>& duration) noexcept { return duration.value_or(kNoDuration); }

}  // namespace

void FlowBook::on_handshake(const HandshakeRecord& handshake) noexcept {
  if (handshakes_.size() >= kMost) {
    ++refused_;
    return;
  }
  handshakes_.push_back({hash(key_between(handshake.client, handshake.server, transport_number::kTcp)), handshake});
}

void FlowBook::on_flow(const FlowRecord& flow) noexcept {
  if (entries_.size() >= kMost) {
    ++refused_;
    return;
  }
  const FlowKey key = key_between(flow.client, flow.server, flow.ip_protocol);
  const Traffic total = flow.total();
  NameSheet::Names names = flow.names.names();
  if (!flow.host.empty()) names.host = flow.host;  // of the DNS answer, where none was read inside
  std::array<char, NameSheet::kMost> room;
  const std::string_view sheet = NameSheet::pack(names, room);
  entries_.push_back({.key = key,
                      .hash = hash(key),
                      .first_frame = flow.first_frame,
                      .packets = total.packets,
                      .bytes = total.bytes,
                      .application = flow.application,
                      .evidence = flow.evidence,
                      .names_at = names_.size(),
                      .names_length = static_cast<uint32_t>(sheet.size())});
  names_.insert(names_.end(), sheet.begin(), sheet.end());
}

void FlowBook::finish() {
  std::ranges::sort(entries_, {}, [](const Entry& entry) { return std::tuple(entry.hash, entry.first_frame); });
  std::ranges::sort(handshakes_, {}, [](const HandshakeEntry& each) { return std::tuple(each.hash, each.record.syn_frame); });
  join_handshakes();
  make_index();
}

/// A flow gets the first handshake that began with it or later, and before the next flow of these ends.
void FlowBook::join_handshakes() {
  size_t at = 0;
  for (size_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    const bool has_next = i + 1 < entries_.size() && entries_[i + 1].hash == entry.hash;
    const uint64_t before = has_next ? entries_[i + 1].first_frame : UINT64_MAX;
    while (at < handshakes_.size() && (handshakes_[at].hash < entry.hash || (handshakes_[at].hash == entry.hash &&
                                                                            handshakes_[at].record.syn_frame < entry.first_frame))) {
      ++at;
    }
    if (at < handshakes_.size() && handshakes_[at].hash == entry.hash && handshakes_[at].record.syn_frame < before) {
      entry.handshake = static_cast<uint32_t>(at);
    }
  }
}

void FlowBook::make_index() {
  index_.assign(std::bit_ceil(std::max<size_t>(entries_.size() * 2, 16)), kNone);
  const size_t mask = index_.size() - 1;
  for (uint32_t i = 0; i < entries_.size(); ++i) {
    if (i > 0 && entries_[i - 1].hash == entries_[i].hash) continue;
    size_t place = entries_[i].hash & mask;
    while (index_[place] != kNone) place = (place + 1) & mask;
    index_[place] = i;
  }
}

const FlowContext* FlowBook::find(const Layers& layers, uint64_t frame_number) noexcept {
  if (!layers.has_flow || entries_.empty()) return nullptr;
  const size_t mask = index_.size() - 1;
  size_t place = layers.flow_hash & mask;
  while (index_[place] != kNone && entries_[index_[place]].hash != layers.flow_hash) place = (place + 1) & mask;
  if (index_[place] == kNone) return nullptr;
  // The last flow that began by this frame; the first one for a frame before it, as the SYN of a refused copy.
  const auto first = entries_.begin() + index_[place];
  auto at = std::upper_bound(first, entries_.end(), std::tuple(layers.flow_hash, frame_number),
                             [](const auto& wanted, const Entry& entry) {
                               return wanted < std::tuple(entry.hash, entry.first_frame);
                             });
  if (at != first) --at;
  while (at != first && at->key != layers.key) --at;  // two keys of one hash
  if (at->key != layers.key) return nullptr;
  const auto found = static_cast<uint32_t>(at - entries_.begin());
  if (found != filled_) {
    fill(*at);
    filled_ = found;
  }
  return &context_;
}

void FlowBook::fill(const Entry& entry) noexcept {
  context_ = {};
  if (entry.application != kUnknownApplication) {
    context_.application = rules_->application_name(entry.application);
    context_.category = rules_->application_category(entry.application);
  }
  context_.evidence = entry.evidence;
  context_.packets = entry.packets;
  context_.bytes = entry.bytes;
  const NameSheet sheet(std::string_view(names_.data() + entry.names_at, entry.names_length));
  context_.host = sheet.host();
  context_.alpn = sheet.alpn();
  context_.ja4 = sheet.ja4();
  if (const HostService* const service = hosts_ != nullptr ? hosts_->find(context_.host) : nullptr; service != nullptr) {
    context_.service = service->name;
    context_.service_category = service->category;
  }
  if (entry.handshake == kNone) return;
  const HandshakeRecord& handshake = handshakes_[entry.handshake].record;
  context_.has_handshake = true;
  context_.ambiguous = handshake.ambiguous();
  context_.outcome = to_string(handshake.outcome);
  context_.syn_ack_rtt_ns = known(handshake.syn_ack_rtt_ns);
  context_.ack_rtt_ns = known(handshake.ack_rtt_ns);
  context_.initial_rtt_ns = known(handshake.initial_rtt_ns);
  context_.syn_retransmissions = handshake.syn_retransmissions;
  context_.syn_ack_retransmissions = handshake.syn_ack_retransmissions;
}

}  // namespace wirewatch
