// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/fast_field.h"

namespace wirewatch::filter {

FastField fast_field(FieldId field) noexcept {
  switch (field) {
    case "frame.len"_f: return FastField::FrameLength;
    case "frame.number"_f: return FastField::FrameNumber;
    case "tcp"_f: return FastField::Tcp;
    case "udp"_f: return FastField::Udp;
    case "ip"_f: return FastField::Ip;
    case "ipv6"_f: return FastField::Ipv6;
    case "tcp.port"_f: return FastField::TcpPort;
    case "tcp.srcport"_f: return FastField::TcpSourcePort;
    case "tcp.dstport"_f: return FastField::TcpDestinationPort;
    case "udp.port"_f: return FastField::UdpPort;
    case "udp.srcport"_f: return FastField::UdpSourcePort;
    case "udp.dstport"_f: return FastField::UdpDestinationPort;
    case "tcp.len"_f: return FastField::TcpLength;
    case "ip.addr"_f: return FastField::IpAddress;
    case "ip.src"_f: return FastField::IpSource;
    case "ip.dst"_f: return FastField::IpDestination;
    case "ip.proto"_f: return FastField::IpProtocol;
    case "ipv6.addr"_f: return FastField::Ipv6Address;
    case "ipv6.src"_f: return FastField::Ipv6Source;
    case "ipv6.dst"_f: return FastField::Ipv6Destination;
    default: break;
  }
  const FieldSpec& row = spec(field);
  const bool number = row.place.width >= 1 && row.place.width <= 4 && (is_integer(row.type) || row.type == FieldType::Boolean);
  if (!number || field == "ip.version"_f) return FastField::None;  // ip.version is in IPv6 headers as well
  switch (row.layer) {
    case Protocol::Ip: return FastField::IpPlace;
    case Protocol::Ipv6: return FastField::Ipv6Place;
    case Protocol::Tcp: return FastField::TcpPlace;
    case Protocol::Udp: return FastField::UdpPlace;
    default: return FastField::None;
  }
}

}  // namespace wirewatch::filter
