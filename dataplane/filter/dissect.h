// SPDX-License-Identifier: BSD-3-Clause
// The fields of each header that have no fixed place. Every function reads only inside the bytes it is given, and gives
// what it can of a header that breaks off, as tshark does.
#pragma once

#include <span>

#include "dataplane/filter/field_sink.h"
#include "dataplane/filter/frame_walk.h"
#include "dataplane/filter/stream_tracker.h"

namespace wirewatch::filter {

void dissect_eth(const Header& header, FieldSink& sink) noexcept;
void dissect_vlan(const Header& header, FieldSink& sink) noexcept;
void dissect_llc(const Header& header, FieldSink& sink) noexcept;
void dissect_arp(const Header& header, FieldSink& sink) noexcept;
void dissect_sll(const Header& header, uint16_t link_type, FieldSink& sink) noexcept;
void dissect_pppoe(const Header& header, FieldSink& sink) noexcept;
void dissect_ppp(const Header& header, FieldSink& sink) noexcept;

void dissect_ip(const Header& header, FieldSink& sink) noexcept;
void dissect_ipv6(const Header& header, FieldSink& sink) noexcept;
void dissect_icmp(const Header& header, FieldSink& sink) noexcept;
void dissect_icmpv6(const Header& header, FieldSink& sink) noexcept;
void dissect_igmp(const Header& header, FieldSink& sink) noexcept;
void dissect_gre(const Header& header, FieldSink& sink) noexcept;
void dissect_ah(const Header& header, FieldSink& sink) noexcept;

void dissect_tcp(const Header& header, const TransportFacts* facts, Timestamp time, FieldSink& sink) noexcept;
void dissect_udp(const Header& header, const TransportFacts* facts, Timestamp time, FieldSink& sink) noexcept;
void dissect_sctp(const Header& header, FieldSink& sink) noexcept;

/// What a payload without stream facts is read as: UDP by its ports.
Application application_of(Protocol transport, uint16_t source_port, uint16_t destination_port,
                           std::span<const uint8_t> payload, size_t wire_length) noexcept;
struct Carrier {
  bool over_tcp = false;
  bool tls13 = false;  // the server of the stream chose TLS 1.3
  bool tls_encrypted = false;  // this direction of the stream changed to encryption before
};
void dissect_application(Application which, Carrier carrier, std::span<const uint8_t> bytes, FieldSink& sink) noexcept;

void dissect_dns(std::span<const uint8_t> message, Application which, bool over_tcp, FieldSink& sink) noexcept;
/// `own` is the protocol it is shown as: http or ssdp.
void dissect_http(std::span<const uint8_t> message, FieldId own, FieldSink& sink) noexcept;
void dissect_tls(std::span<const uint8_t> records, Carrier carrier, FieldSink& sink) noexcept;
/// Is it the number of a TLS handshake message?
bool is_handshake_type(uint8_t type) noexcept;
void dissect_dhcp(std::span<const uint8_t> message, FieldSink& sink) noexcept;
void dissect_ntp(std::span<const uint8_t> message, FieldSink& sink) noexcept;

}  // namespace wirewatch::filter
