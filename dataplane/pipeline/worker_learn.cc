// SPDX-License-Identifier: BSD-3-Clause
// What flows tell of themselves, and teach about others: the peers that BitTorrent names, and the ports that DCE/RPC's
// endpoint mapper and FTP name, make a transfer to one of them known, and what a client asked DNS for is the name of the
// flow that follows.
#include <algorithm>

#include "dataplane/base/byte_reader.h"
#include "dataplane/classify/bittorrent_peers.h"
#include "dataplane/classify/endpoint_map.h"
#include "dataplane/classify/ftp_ports.h"
#include "dataplane/packet/transport_number.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {

namespace {

using transport_number::kTcp;
constexpr size_t kMostMessages = 4;  // of one segment

}  // namespace

/// Names may come one after the other: what is known stays, what is new is added.
void Worker::keep_names(Flow& flow, FlowNote& note, const FlowNames& seen) noexcept {
  if (seen.host.empty() && seen.alpn.empty() && seen.ja4.empty() && seen.user_agent.empty() && !seen.encrypted_hello) return;
  NameSheet::Names known = NameSheet(names_.at(note.names)).names();
  const auto add = [](std::string_view& to, std::string_view from) {
    if (to.empty()) to = from;
  };
  if (known.host.empty() && !seen.host.empty()) known.host_source = seen.host_source;
  add(known.host, seen.host);
  add(known.alpn, seen.alpn);
  add(known.ja4, seen.ja4);
  add(known.user_agent, seen.user_agent);
  known.encrypted_hello = known.encrypted_hello || seen.encrypted_hello;
  std::array<char, NameSheet::kMost> room;
  const std::string_view packed = NameSheet::pack(known, room);
  if (packed == names_.at(note.names)) return;
  const uint32_t place = names_.keep(packed);
  if (place == NameArena::kNone) return;
  names_.give_back(note.names);
  note.names = place;
  flow.clear(Flow::kNamesTold);
}

/// A payload of a flow whose application teaches something.
void Worker::learn(uint32_t slot, const Packet& packet, const Layers& layers) noexcept {
  if (flows_[slot].has(Flow::kNamesPeers)) learn_peers(slot, packet, layers);
  if (flows_[slot].has(Flow::kAnswersNames)) learn_names(packet, layers);
}

/// DNS over TCP has a length before each message; what is split over segments is passed over.
void Worker::learn_names(const Packet& packet, const Layers& layers) noexcept {
  const IpAddress client = (layers.source_is_low ? layers.key.high() : layers.key.low()).address;
  const auto payload = layers.payload(packet);
  DnsAnswer answer;
  if (layers.key.ip_protocol != kTcp) {
    if (dns_reader_.read(payload, answer)) note_answer(answer, client, packet);
    return;
  }
  ByteReader stream(payload);
  for (size_t i = 0; i < kMostMessages; ++i) {
    const auto length = stream.be16();
    const auto message = length ? stream.take(*length) : std::nullopt;
    if (!message) return;
    if (dns_reader_.read(*message, answer)) note_answer(answer, client, packet);
  }
}

void Worker::note_answer(const DnsAnswer& answer, const IpAddress& client, const Packet& packet) noexcept {
  if (live()) return sink_.on_answer(answer, client, packet.time);
  const std::string_view name = names_.at(names_.keep(answer.name));
  for (const DnsAddress& given : answer.given()) {
    if (name.empty() || dns_notes_.room() == 0) {
      ++counters_.dns_notes_refused;
      continue;
    }
    dns_notes_[dns_notes_.take()] = {.client = client,
                                     .server = given.address,
                                     .frame = packet.number,
                                     .expires_ns = expiry_ns(packet.time, given.kept_ns),
                                     .name = name};
  }
}

void Worker::add_dns_notes(DnsNames& names) const {
  for (uint32_t i = 0; i < dns_notes_.end(); ++i) names.add(dns_notes_[i]);
}

/// A payload of a flow whose application names its peers.
void Worker::learn_peers(uint32_t slot, const Packet& packet, const Layers& layers) noexcept {
  const Flow& flow = flows_[slot];
  const Endpoint low = layers.key.low(), high = layers.key.high();
  const Endpoint source = layers.source_is_low ? low : high;
  const bool from_client = layers.source_is_low == flow.client_is_low();
  const RuleSet& rules = rules_->classifier.rules();
  const ApplicationId application = rules_->ids->local(flows_.rest(slot).application);
  PeerTerms terms{.application = rules_->ids->global(rules.peers_speak(application))};
  std::array<Endpoint, 64> named;
  size_t count = 0;
  switch (rules.peers(application)) {
    case PeerReader::None:
      break;
    case PeerReader::BitTorrent:
      count = read_bittorrent_peers({.ip_protocol = layers.key.ip_protocol,
                                     .from_client = from_client,
                                     .source = source,
                                     .destination = layers.source_is_low ? high : low,
                                     .payload = layers.payload(packet)},
                                    named);
      break;
    case PeerReader::EndpointMapper:
      terms.ip_protocol = kTcp;  // only ports of TCP are read
      if (layers.key.ip_protocol == kTcp) count = read_endpoint_map(layers.payload(packet), source.address, named);
      break;
    case PeerReader::Ftp:
      terms.ip_protocol = kTcp;
      terms.only_listening = true;  // a client's port of PORT serves it for anything else a moment later
      count = read_ftp_ports(layers.payload(packet), from_client, source.address, named);
      break;
  }
  for (size_t i = 0; i < count; ++i) peers_.learn(named[i], terms, packet.time);
}

/// Names a flow that said something and that nothing else claims after an end that was named as a peer. A saved capture
/// waits until its end, when every worker's peers are known: the answer must not depend on how many workers there are.
void Worker::name_by_peer(Flow& flow, FlowRest& rest, FlowNote& note, const Endpoint& client, const Endpoint& server) noexcept {
  const PeerCache& known = everybodys_peers_ != nullptr ? *everybodys_peers_ : peers_;
  if (known.empty() || !(live() || finishing_)) return;
  if (rest.evidence > Evidence::Port || !flow.has(Flow::kPayloadSeen)) return;
  ApplicationId application = known.find(server, true, flow.ip_protocol, rest.first_time, flow.last_time);
  if (application == kUnknownApplication) application = known.find(client, false, flow.ip_protocol, rest.first_time, flow.last_time);
  if (application == kUnknownApplication) return;
  rest.application = application;
  rest.evidence = Evidence::Learned;
  note.signature = 0;
}

/// The host of a flow that did not say it, when its client had asked DNS for a name before and was given this address.
void Worker::name_by_dns(const FlowNote& note, FlowRecord& record) const noexcept {
  if (dns_names_ == nullptr || !record.host.empty()) return;
  record.host = dns_names_->name_of(record.client.address, record.server.address, note.first_frame, record.first_time);
  if (!record.host.empty()) record.host_source = HostSource::Dns;
}

}  // namespace wirewatch
