// SPDX-License-Identifier: BSD-3-Clause
// What flows teach about other flows: the peers that BitTorrent names make an encrypted transfer to one of them known.
#include "dataplane/classify/bittorrent_peers.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {

/// A payload of a flow whose application names its peers.
void Worker::learn_peers(uint32_t slot, const Packet& packet, const Layers& layers) noexcept {
  const Flow& flow = flows_[slot];
  const Endpoint low = layers.key.low(), high = layers.key.high();
  const BitTorrentPayload said{.ip_protocol = layers.key.ip_protocol,
                               .from_client = layers.source_is_low == flow.client_is_low(),
                               .source = layers.source_is_low ? low : high,
                               .destination = layers.source_is_low ? high : low,
                               .payload = layers.payload(packet)};
  std::array<Endpoint, 64> named;
  const size_t count = read_bittorrent_peers(said, named);
  for (size_t i = 0; i < count; ++i) peers_.learn(named[i], flows_.rest(slot).application, packet.time);
}

/// Names a flow that said something and that nothing else claims after an end that was named as a peer. A saved capture
/// waits until its end, when every worker's peers are known: the answer must not depend on how many workers there are.
void Worker::name_by_peer(uint32_t slot, const Endpoint& client, const Endpoint& server) noexcept {
  const PeerCache& known = everybodys_peers_ != nullptr ? *everybodys_peers_ : peers_;
  if (known.empty() || !(live() || finishing_)) return;
  const Flow& flow = flows_[slot];
  FlowRest& rest = flows_.rest(slot);
  if (rest.evidence > Evidence::Port || !flow.has(Flow::kPayloadSeen)) return;
  ApplicationId application = known.find(server, rest.first_time, flow.last_time);
  if (application == kUnknownApplication) application = known.find(client, rest.first_time, flow.last_time);
  if (application == kUnknownApplication) return;
  rest.application = application;
  rest.evidence = Evidence::Learned;
  flows_.note(slot).signature = 0;
}

}  // namespace wirewatch
