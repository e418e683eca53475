// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/shared_event.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

constexpr uint32_t kFlow = 1, kHandshake = 2, kNames = 3, kAnswer = 4;

struct WireEnd {
  std::array<uint8_t, 16> address;
  uint16_t port;
  uint8_t family;
  uint8_t unused;
};

struct WireFlow {
  uint32_t slot;
  uint16_t worker, incarnation;
  WireEnd client, server;
  uint16_t application, signature, interface;
  uint8_t ip_protocol, evidence, reason, flags, host_length, host_source;
  int64_t first_time_ns, last_time_ns;
  Traffic to_server, to_client, total_to_server, total_to_client;
  std::array<char, FlowEvent::kLongestHost> host;
};
constexpr uint8_t kClientKnown = 1, kHasPayload = 2, kBlocked = 4, kHostCut = 8;

struct WireNames {
  uint32_t slot;
  uint16_t worker, incarnation;
  uint8_t length;
  std::array<char, NameSheet::kMostWithoutHost> bytes;
};

struct WireAnswer {
  int64_t time_ns;
  WireEnd client;
  uint8_t count, v6, name_length, unused;  // v6: a bit an address
  std::array<uint32_t, AnswerEvent::kMostAddresses> kept_s;
  std::array<std::array<uint8_t, 16>, AnswerEvent::kMostAddresses> addresses;
  std::array<char, AnswerEvent::kLongestName> name;
};

struct WireHandshake {
  WireEnd client, server;
  uint8_t outcome, known;
  uint16_t interface;
  uint32_t syn_retransmissions, syn_ack_retransmissions, unused;
  int64_t syn_time_ns, syn_ack_time_ns, syn_ack_rtt_ns, ack_rtt_ns, initial_rtt_ns;
  uint64_t syn_frame;
};
constexpr uint8_t kSynAckTime = 1, kSynAckRtt = 2, kAckRtt = 4, kInitialRtt = 8, kClockUnsteady = 16;

template <typename Wire>
SharedEvent pack(uint32_t kind, const Wire& wire) noexcept {
  static_assert(sizeof(Wire) <= sizeof(SharedEvent::body) && std::is_trivially_copyable_v<Wire>);
  SharedEvent event{.kind = kind, .body = {}};
  std::memcpy(event.body.data(), &wire, sizeof(Wire));
  return event;
}

template <typename Wire>
Wire unpack(const SharedEvent& event) noexcept {
  Wire wire;
  std::memcpy(&wire, event.body.data(), sizeof(Wire));
  return wire;
}

WireEnd wire_of(const Endpoint& end) noexcept {
  return {end.address.bytes, end.port, static_cast<uint8_t>(end.address.family), 0};
}

bool family_fits(uint8_t family) noexcept {
  return family == static_cast<uint8_t>(IpFamily::V4) || family == static_cast<uint8_t>(IpFamily::V6);
}

Endpoint end_of(const WireEnd& wire) noexcept {
  return {IpAddress{wire.address, static_cast<IpFamily>(wire.family)}, wire.port};
}

}  // namespace

static_assert(sizeof(WireFlow) <= 252);

SharedEvent encode(const FlowRecord& record, const FlowProgress& progress) noexcept {
  WireFlow wire{.slot = progress.id.slot,
                .worker = progress.id.worker,
                .incarnation = progress.id.incarnation,
                .client = wire_of(record.client),
                .server = wire_of(record.server),
                .application = record.application,
                .signature = record.signature,
                .interface = record.interface,
                .ip_protocol = record.ip_protocol,
                .evidence = static_cast<uint8_t>(record.evidence),
                .reason = static_cast<uint8_t>(progress.reason),
                .flags = 0,
                .host_length = 0,
                .host_source = static_cast<uint8_t>(record.host_source),
                .first_time_ns = record.first_time.ns,
                .last_time_ns = record.last_time.ns,
                .to_server = record.to_server,
                .to_client = record.to_client,
                .total_to_server = progress.total_to_server,
                .total_to_client = progress.total_to_client,
                .host = {}};
  const size_t host_length = std::min(record.host.size(), wire.host.size());
  std::copy_n(record.host.data(), host_length, wire.host.data());
  wire.host_length = static_cast<uint8_t>(host_length);
  wire.flags = static_cast<uint8_t>((record.client_known ? kClientKnown : 0) | (record.has_payload ? kHasPayload : 0) |
                                    (progress.blocked ? kBlocked : 0) | (host_length < record.host.size() ? kHostCut : 0));
  return pack(kFlow, wire);
}

SharedEvent encode(const HandshakeRecord& record) noexcept {
  WireHandshake wire{};
  wire.client = wire_of(record.client);
  wire.server = wire_of(record.server);
  wire.outcome = static_cast<uint8_t>(record.outcome);
  wire.known = static_cast<uint8_t>((record.syn_ack_time ? kSynAckTime : 0) | (record.syn_ack_rtt_ns ? kSynAckRtt : 0) |
                                    (record.ack_rtt_ns ? kAckRtt : 0) | (record.initial_rtt_ns ? kInitialRtt : 0) |
                                    (record.clock_unsteady ? kClockUnsteady : 0));
  wire.interface = record.interface;
  wire.syn_retransmissions = record.syn_retransmissions;
  wire.syn_ack_retransmissions = record.syn_ack_retransmissions;
  wire.syn_time_ns = record.syn_time.ns;
  wire.syn_ack_time_ns = record.syn_ack_time.value_or(Timestamp{}).ns;
  wire.syn_ack_rtt_ns = record.syn_ack_rtt_ns.value_or(0);
  wire.ack_rtt_ns = record.ack_rtt_ns.value_or(0);
  wire.initial_rtt_ns = record.initial_rtt_ns.value_or(0);
  wire.syn_frame = record.syn_frame;
  return pack(kHandshake, wire);
}

SharedEvent encode(const NameSheet& names, const FlowId& id) noexcept {
  NameSheet::Names inside = names.names();
  inside.host = {};
  std::array<char, NameSheet::kMost> room;
  const std::string_view packed = NameSheet::pack(inside, room);
  WireNames wire{.slot = id.slot,
                 .worker = id.worker,
                 .incarnation = id.incarnation,
                 .length = static_cast<uint8_t>(packed.size()),
                 .bytes = {}};
  std::copy_n(packed.data(), packed.size(), wire.bytes.data());
  return pack(kNames, wire);
}

SharedEvent encode(std::string_view name, std::span<const DnsAddress> addresses, const IpAddress& client, Timestamp time) noexcept {
  WireAnswer wire{.time_ns = time.ns,
                  .client = wire_of({client, 0}),
                  .count = static_cast<uint8_t>(std::min(addresses.size(), AnswerEvent::kMostAddresses)),
                  .v6 = 0,
                  .name_length = static_cast<uint8_t>(std::min(name.size(), AnswerEvent::kLongestName)),
                  .unused = 0,
                  .kept_s = {},
                  .addresses = {},
                  .name = {}};
  for (size_t i = 0; i < wire.count; ++i) {
    wire.addresses[i] = addresses[i].address.bytes;
    wire.kept_s[i] = static_cast<uint32_t>(addresses[i].kept_ns / kSecond_ns);
    if (addresses[i].address.family == IpFamily::V6) wire.v6 = static_cast<uint8_t>(wire.v6 | 1u << i);
  }
  std::copy_n(name.data(), wire.name_length, wire.name.data());
  return pack(kAnswer, wire);
}

namespace {

std::optional<Event> decode_flow(const WireFlow& wire) noexcept {
  const bool fits = family_fits(wire.client.family) && family_fits(wire.server.family) &&
                    wire.evidence <= static_cast<uint8_t>(Evidence::Payload) &&
                    wire.reason <= static_cast<uint8_t>(CloseReason::Stopped) && wire.host_length <= wire.host.size() &&
                    wire.host_source <= static_cast<uint8_t>(kLastHostSource);
  if (!fits) return std::nullopt;
  FlowEvent event;
  event.record = {.client = end_of(wire.client),
                  .server = end_of(wire.server),
                  .ip_protocol = wire.ip_protocol,
                  .evidence = static_cast<Evidence>(wire.evidence),
                  .application = wire.application,
                  .signature = wire.signature,
                  .client_known = (wire.flags & kClientKnown) != 0,
                  .has_payload = (wire.flags & kHasPayload) != 0,
                  .first_time = Timestamp{wire.first_time_ns},
                  .last_time = Timestamp{wire.last_time_ns},
                  .to_server = wire.to_server,
                  .to_client = wire.to_client,
                  .host = {},
                  .names = {},
                  .interface = wire.interface,
                  .host_source = static_cast<HostSource>(wire.host_source)};
  event.progress = {.id = {wire.slot, wire.worker, wire.incarnation},
                    .reason = static_cast<CloseReason>(wire.reason),
                    .blocked = (wire.flags & kBlocked) != 0,
                    .total_to_server = wire.total_to_server,
                    .total_to_client = wire.total_to_client};
  event.host_cut = (wire.flags & kHostCut) != 0;
  event.host_length = wire.host_length;
  std::copy_n(wire.host.data(), wire.host_length, event.host_bytes.data());
  return event;
}

std::optional<Event> decode_handshake(const WireHandshake& wire) noexcept {
  const bool fits = family_fits(wire.client.family) && family_fits(wire.server.family) &&
                    wire.outcome <= static_cast<uint8_t>(HandshakeOutcome::HalfOpen);
  if (!fits) return std::nullopt;
  HandshakeEvent event{{.client = end_of(wire.client),
                        .server = end_of(wire.server),
                        .outcome = static_cast<HandshakeOutcome>(wire.outcome),
                        .syn_time = Timestamp{wire.syn_time_ns},
                        .syn_ack_time = {},
                        .syn_ack_rtt_ns = {},
                        .ack_rtt_ns = {},
                        .initial_rtt_ns = {},
                        .syn_retransmissions = wire.syn_retransmissions,
                        .syn_ack_retransmissions = wire.syn_ack_retransmissions,
                        .syn_frame = wire.syn_frame,
                        .interface = wire.interface,
                        .clock_unsteady = (wire.known & kClockUnsteady) != 0}};
  if ((wire.known & kSynAckTime) != 0) event.record.syn_ack_time = Timestamp{wire.syn_ack_time_ns};
  if ((wire.known & kSynAckRtt) != 0) event.record.syn_ack_rtt_ns = wire.syn_ack_rtt_ns;
  if ((wire.known & kAckRtt) != 0) event.record.ack_rtt_ns = wire.ack_rtt_ns;
  if ((wire.known & kInitialRtt) != 0) event.record.initial_rtt_ns = wire.initial_rtt_ns;
  return event;
}

std::optional<Event> decode_names(const WireNames& wire) noexcept {
  if (wire.length > wire.bytes.size()) return std::nullopt;
  NamesEvent event{{wire.slot, wire.worker, wire.incarnation}, wire.length, wire.bytes};
  if (wire.length > 0 && event.sheet().empty()) return std::nullopt;
  return event;
}

std::optional<Event> decode_answer(const WireAnswer& wire) noexcept {
  const bool fits = family_fits(wire.client.family) && wire.count <= wire.addresses.size() && wire.name_length <= wire.name.size();
  if (!fits) return std::nullopt;
  AnswerEvent event{.client = end_of(wire.client).address,
                    .time = Timestamp{wire.time_ns},
                    .count = wire.count,
                    .name_length = wire.name_length,
                    .name_bytes = wire.name};
  for (size_t i = 0; i < wire.count; ++i) {
    const IpFamily family = (wire.v6 >> i & 1) != 0 ? IpFamily::V6 : IpFamily::V4;
    event.addresses[i] = {{wire.addresses[i], family}, int64_t{wire.kept_s[i]} * kSecond_ns};
  }
  return event;
}

}  // namespace

std::optional<Event> decode(const SharedEvent& event) noexcept {
  if (event.kind == kFlow) return decode_flow(unpack<WireFlow>(event));
  if (event.kind == kHandshake) return decode_handshake(unpack<WireHandshake>(event));
  if (event.kind == kNames) return decode_names(unpack<WireNames>(event));
  if (event.kind == kAnswer) return decode_answer(unpack<WireAnswer>(event));
  return std::nullopt;
}

}  // namespace wirewatch
