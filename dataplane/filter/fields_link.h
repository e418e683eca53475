// SPDX-License-Identifier: BSD-3-Clause
// Fields of the frame itself, of the link layer and what stands between it and IP, and Wirewatch's own.
#pragma once

#include <array>

#include "dataplane/filter/field_spec.h"

namespace wirewatch::filter {

inline constexpr std::array kLinkFields{
    protocol("frame", Protocol::None, "The frame as captured"),
    found("frame.number", FieldType::Uint32, Protocol::None, "Number of the frame in the capture, from 1"),
    found("frame.len", FieldType::Uint32, Protocol::None, "Length of the frame on the wire"),
    found("frame.cap_len", FieldType::Uint32, Protocol::None, "Bytes of the frame that were captured"),
    found("frame.time", FieldType::AbsoluteTime, Protocol::None, "When the frame was captured"),
    found("frame.time_epoch", FieldType::RelativeTime, Protocol::None, "When the frame was captured, since 1970-01-01 UTC"),
    found("frame.time_delta", FieldType::RelativeTime, Protocol::None, "Time since the frame before"),
    found("frame.time_delta_displayed", FieldType::RelativeTime, Protocol::None, "Time since the last frame shown"),
    found("frame.time_relative", FieldType::RelativeTime, Protocol::None, "Time since the first frame"),
    found("frame.protocols", FieldType::String, Protocol::None, "Names of the frame's protocols, with colons between"),
    found("frame.marked", FieldType::Boolean, Protocol::None, "Marked by a person; never in a capture just read"),
    found("frame.ignored", FieldType::Boolean, Protocol::None, "Ignored by a person; never in a capture just read"),

    protocol("eth", Protocol::Eth, "Ethernet"),
    at("eth.dst", FieldType::Ether, Protocol::Eth, 0, 6, "Destination address"),
    at("eth.src", FieldType::Ether, Protocol::Eth, 6, 6, "Source address"),
    found("eth.addr", FieldType::Ether, Protocol::Eth, "Source or destination address"),
    found("eth.type", FieldType::Uint16, Protocol::Eth, "EtherType", Base::Hex),
    found("eth.len", FieldType::Uint16, Protocol::Eth, "Length, of an IEEE 802.3 frame"),
    flag("eth.dst.lg", Protocol::Eth, 0, 3, 0x020000, "Destination is locally administered"),
    flag("eth.dst.ig", Protocol::Eth, 0, 3, 0x010000, "Destination is a group"),
    flag("eth.src.lg", Protocol::Eth, 6, 3, 0x020000, "Source is locally administered"),
    flag("eth.src.ig", Protocol::Eth, 6, 3, 0x010000, "Source is a group"),
    found("eth.lg", FieldType::Boolean, Protocol::Eth, "Source or destination is locally administered"),
    found("eth.ig", FieldType::Boolean, Protocol::Eth, "Source or destination is a group"),
    number("eth.dst.oui", Protocol::Eth, 0, 3, "Vendor part of the destination address"),
    number("eth.src.oui", Protocol::Eth, 6, 3, "Vendor part of the source address"),

    protocol("vlan", Protocol::Vlan, "IEEE 802.1Q tag"),
    number("vlan.priority", Protocol::Vlan, 0, 2, "Priority code point", 0xe000),
    flag("vlan.dei", Protocol::Vlan, 0, 2, 0x1000, "Drop eligible"),
    number("vlan.id", Protocol::Vlan, 0, 2, "VLAN", 0x0fff),
    found("vlan.etype", FieldType::Uint16, Protocol::Vlan, "EtherType of what follows", Base::Hex),
    found("vlan.len", FieldType::Uint16, Protocol::Vlan, "Length of what follows, of an IEEE 802.3 frame"),
    protocol("ieee8021ad", Protocol::Ieee8021ad, "IEEE 802.1ad service tag"),
    number("ieee8021ad.priority", Protocol::Ieee8021ad, 0, 2, "Priority code point", 0xe000),
    number("ieee8021ad.dei", Protocol::Ieee8021ad, 0, 2, "Drop eligible", 0x1000),
    number("ieee8021ad.id", Protocol::Ieee8021ad, 0, 2, "VLAN of the service tag", 0x0fff),

    protocol("mpls", Protocol::Mpls, "MPLS label"),
    number("mpls.label", Protocol::Mpls, 0, 4, "Label", 0xffff'f000),
    number("mpls.exp", Protocol::Mpls, 0, 4, "Traffic class", 0x0e00),
    number("mpls.bottom", Protocol::Mpls, 0, 4, "Last label of the stack", 0x0100),
    number("mpls.ttl", Protocol::Mpls, 0, 4, "Time to live", 0x00ff),

    protocol("llc", Protocol::Llc, "IEEE 802.2 logical link control"),
    hex("llc.dsap", Protocol::Llc, 0, 1, "Destination service access point"),
    hex("llc.ssap", Protocol::Llc, 1, 1, "Source service access point"),
    found("llc.control", FieldType::Uint16, Protocol::Llc, "Control field", Base::Hex),
    found("llc.oui", FieldType::Uint24, Protocol::Llc, "Organisation, of a SNAP header"),
    found("llc.type", FieldType::Uint16, Protocol::Llc, "EtherType, of a SNAP header", Base::Hex),

    protocol("arp", Protocol::Arp, "Address resolution"),
    number("arp.hw.type", Protocol::Arp, 0, 2, "Hardware type"),
    hex("arp.proto.type", Protocol::Arp, 2, 2, "Protocol type"),
    number("arp.hw.size", Protocol::Arp, 4, 1, "Length of hardware addresses"),
    number("arp.proto.size", Protocol::Arp, 5, 1, "Length of protocol addresses"),
    number("arp.opcode", Protocol::Arp, 6, 2, "1 asks, 2 answers"),
    found("arp.src.hw_mac", FieldType::Ether, Protocol::Arp, "Sender's MAC address"),
    found("arp.src.proto_ipv4", FieldType::Ipv4, Protocol::Arp, "Sender's IPv4 address"),
    found("arp.dst.hw_mac", FieldType::Ether, Protocol::Arp, "Target's MAC address"),
    found("arp.dst.proto_ipv4", FieldType::Ipv4, Protocol::Arp, "Target's IPv4 address"),
    found("arp.isgratuitous", FieldType::Boolean, Protocol::Arp, "Announces or probes the sender's own address"),

    protocol("sll", Protocol::Sll, "Linux cooked capture"),
    found("sll.pkttype", FieldType::Uint16, Protocol::Sll, "0 to us, 1 broadcast, 2 multicast, 3 to others, 4 from us"),
    found("sll.hatype", FieldType::Uint16, Protocol::Sll, "ARP hardware type of the interface"),
    found("sll.halen", FieldType::Uint16, Protocol::Sll, "Length of the link-layer address"),
    found("sll.src.eth", FieldType::Ether, Protocol::Sll, "Source address"),
    found("sll.etype", FieldType::Uint16, Protocol::Sll, "EtherType", Base::Hex),

    protocol("pppoes", Protocol::Pppoes, "PPP over Ethernet session"),
    protocol("pppoed", Protocol::Pppoed, "PPP over Ethernet discovery"),
    found("pppoe.code", FieldType::Uint8, Protocol::Pppoes, "Code", Base::Hex),
    found("pppoe.session_id", FieldType::Uint16, Protocol::Pppoes, "Session", Base::Hex),
    found("pppoe.payload_length", FieldType::Uint16, Protocol::Pppoes, "Length of what follows"),
    protocol("ppp", Protocol::Ppp, "Point-to-point protocol"),
    found("ppp.protocol", FieldType::Uint16, Protocol::Ppp, "Protocol of what follows", Base::Hex),

    found("flow.application", FieldType::String, Protocol::None, "Application of the flow, by the rules"),
    found("flow.category", FieldType::String, Protocol::None, "Category of the application"),
    found("flow.evidence", FieldType::String, Protocol::None, "How the application is known: payload, confirmed, learned or port"),
    found("flow.host", FieldType::String, Protocol::None, "Host the flow is meant for, from TLS, QUIC, HTTP or its client's DNS answer"),
    found("flow.service", FieldType::String, Protocol::None, "Whose host that is, by the list of hosts"),
    found("flow.service_category", FieldType::String, Protocol::None, "What kind of service that is"),
    found("flow.alpn", FieldType::String, Protocol::None, "First protocol the flow's TLS client offers"),
    found("flow.ja4", FieldType::String, Protocol::None, "JA4 fingerprint of the flow's TLS client"),
    found("flow.packets", FieldType::Uint64, Protocol::None, "Packets of the flow, both directions"),
    found("flow.bytes", FieldType::Uint64, Protocol::None, "Bytes of the flow, both directions"),
    found("handshake.syn_ack_rtt", FieldType::RelativeTime, Protocol::None, "First SYN to the SYN,ACK: the wait for the server"),
    found("handshake.ack_rtt", FieldType::RelativeTime, Protocol::None, "SYN,ACK to the client's ACK: the client's side"),
    found("handshake.initial_rtt", FieldType::RelativeTime, Protocol::None, "Last SYN to the client's ACK"),
    found("handshake.ambiguous", FieldType::Boolean, Protocol::None, "A SYN or SYN,ACK was resent, so the times are ambiguous"),
    found("handshake.outcome", FieldType::String, Protocol::None, "established, refused, unanswered or half-open"),
    found("handshake.syn_retransmissions", FieldType::Uint32, Protocol::None, "SYNs sent again"),
    found("handshake.syn_ack_retransmissions", FieldType::Uint32, Protocol::None, "SYN,ACKs sent again"),
};

}  // namespace wirewatch::filter
