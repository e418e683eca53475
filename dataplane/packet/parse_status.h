// SPDX-License-Identifier: BSD-3-Clause
// How far a frame was understood. Each frame ends with exactly one of these, and each is a counter of the report, so
// that "understood" and the named rest always add up to the frames processed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace wirewatch {

enum class ParseStatus : uint8_t {
  Understood,
  UnsupportedLinkType,
  LinkShort,
  UnknownEthertype,
  VlanShort,
  LlcShort,
  UnknownLlc,
  MplsShort,
  PppShort,
  UnknownPpp,
  Ipv4Short,
  Ipv4BadVersion,
  Ipv4BadHeaderLength,
  Ipv4BadTotalLength,
  Ipv6Short,
  Ipv6BadVersion,
  Ipv6ExtensionShort,
  UnknownIpProtocol,
  LaterFragment,
  TcpShort,
  TcpBadOffset,
  UdpShort,
  UdpBadLength,
  SctpShort,
  TunnelShort,
  TunnelBadHeader,
  TooManyLayers,
  CutBySnapLength,
  Count
};

struct ParseStatusInfo {
  ParseStatus status;
  std::string_view name;
  std::string_view meaning;
};

inline constexpr std::array<ParseStatusInfo, static_cast<size_t>(ParseStatus::Count)> kParseStatusInfo{{
    {ParseStatus::Understood, "understood", "Every header up to the payload was read"},
    {ParseStatus::UnsupportedLinkType, "unsupported_link_type", "Frames of a link type that is counted but not dissected"},
    {ParseStatus::LinkShort, "link_short", "Frames that end inside the link-layer header"},
    {ParseStatus::UnknownEthertype, "unknown_ethertype", "Frames of an EtherType that is not dissected"},
    {ParseStatus::VlanShort, "vlan_short", "Frames that end inside a VLAN or similar tag"},
    {ParseStatus::LlcShort, "llc_short", "Frames that end inside the LLC or SNAP header"},
    {ParseStatus::UnknownLlc, "unknown_llc", "LLC frames of a protocol that is not dissected"},
    {ParseStatus::MplsShort, "mpls_short", "Frames that end inside the MPLS label stack"},
    {ParseStatus::PppShort, "ppp_short", "Frames that end inside the PPP or PPPoE header"},
    {ParseStatus::UnknownPpp, "unknown_ppp", "PPP frames of a protocol that is not dissected (control protocols among them)"},
    {ParseStatus::Ipv4Short, "ipv4_short", "Frames that end inside the IPv4 header"},
    {ParseStatus::Ipv4BadVersion, "ipv4_bad_version", "Frames announced as IPv4 whose version is not 4"},
    {ParseStatus::Ipv4BadHeaderLength, "ipv4_bad_header_length", "IPv4 headers that claim less than 20 bytes"},
    {ParseStatus::Ipv4BadTotalLength, "ipv4_bad_total_length", "IPv4 packets whose total length is less than their header"},
    {ParseStatus::Ipv6Short, "ipv6_short", "Frames that end inside the IPv6 header"},
    {ParseStatus::Ipv6BadVersion, "ipv6_bad_version", "Frames announced as IPv6 whose version is not 6"},
    {ParseStatus::Ipv6ExtensionShort, "ipv6_extension_short", "Frames that end inside an IPv6 extension header"},
    {ParseStatus::UnknownIpProtocol, "unknown_ip_protocol", "IP packets of a protocol that is not dissected"},
    {ParseStatus::LaterFragment, "later_fragment", "IP fragments after the first: their ports are not in the frame"},
    {ParseStatus::TcpShort, "tcp_short", "Frames that end inside the TCP header"},
    {ParseStatus::TcpBadOffset, "tcp_bad_offset", "TCP headers that claim less than 20 bytes, or more than the packet holds"},
    {ParseStatus::UdpShort, "udp_short", "Frames that end inside the UDP header"},
    {ParseStatus::UdpBadLength, "udp_bad_length", "UDP datagrams whose length is under 8 or more than the packet holds"},
    {ParseStatus::SctpShort, "sctp_short", "Frames that end inside the SCTP or DCCP header"},
    {ParseStatus::TunnelShort, "tunnel_short", "Frames that end inside a tunnel header (GRE, VXLAN, GENEVE, GTP-U, AH, ...)"},
    {ParseStatus::TunnelBadHeader, "tunnel_bad_header", "Tunnel headers with a version or length that cannot be"},
    {ParseStatus::TooManyLayers, "too_many_layers", "Frames with more nested headers than are followed"},
    {ParseStatus::CutBySnapLength, "cut_by_snap_length", "Frames whose headers were cut off by the capture's snapshot length"},
}};

constexpr bool in_enum_order(const decltype(kParseStatusInfo)& rows) noexcept {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (static_cast<size_t>(rows[i].status) != i) return false;
  }
  return true;
}
static_assert(in_enum_order(kParseStatusInfo));

constexpr std::string_view name(ParseStatus status) noexcept { return kParseStatusInfo[static_cast<size_t>(status)].name; }

}  // namespace wirewatch
