// SPDX-License-Identifier: BSD-3-Clause
// The cursor that walks one frame: one member function a header, each says what comes next. Private to parse.cc and
// the tunnel headers in parse_tunnel.cc.
#pragma once

#include <algorithm>

#include "dataplane/base/byte_order.h"
#include "dataplane/packet/parse.h"

namespace wirewatch {

/// parse() without its short way for plain frames.
void parse_header_by_header(const Packet& packet, const ParseOptions& options, Layers& layers) noexcept;

class Parser {
 public:
  Parser(const Packet& packet, const ParseOptions& options, Layers& layers) noexcept
      : data_(packet.data),
        end_(packet.captured_length),
        wire_end_(std::max(packet.original_length, packet.captured_length)),
        options_(options),
        layers_(layers) {}

  void walk(Protocol next, size_t offset) noexcept;
  bool push(Protocol protocol) noexcept;
  /// Ends the walk at payload that nothing dissects.
  Protocol payload_is_data() noexcept;
  Protocol stop(ParseStatus status) noexcept {
    layers_.status = status;
    return Protocol::None;
  }
  void seek(size_t offset) noexcept { at_ = offset; }

 private:
  // Each reads the header at at_, moves at_ behind it and returns what follows, or Protocol::None at the end.
  Protocol ethernet() noexcept;
  Protocol tag(Protocol protocol, size_t length, size_t ethertype_offset) noexcept;
  Protocol macsec() noexcept;
  Protocol nsh() noexcept;
  Protocol llc() noexcept;
  Protocol snap() noexcept;
  Protocol mpls() noexcept;
  Protocol pppoe_session() noexcept;
  Protocol ppp() noexcept;
  Protocol slow() noexcept;
  Protocol ipv4() noexcept;
  Protocol ipv6() noexcept;
  Protocol ah() noexcept;
  Protocol tcp() noexcept;
  Protocol udp() noexcept;
  Protocol sctp() noexcept;
  Protocol dccp() noexcept;
  Protocol igmp() noexcept;
  Protocol pim() noexcept;
  Protocol gre() noexcept;
  Protocol erspan() noexcept;
  Protocol ether_ip() noexcept;
  Protocol vxlan() noexcept;
  Protocol geneve() noexcept;
  Protocol gtp_user() noexcept;
  Protocol teredo() noexcept;
  Protocol l2tp() noexcept;
  Protocol ayiya() noexcept;
  Protocol capwap() noexcept;

  Protocol udp_tunnel(uint16_t port) noexcept;
  Protocol by_ethertype(uint16_t ethertype) noexcept;
  Protocol by_ip_protocol(uint8_t number, IpFamily family) noexcept;
  void note_ip(IpFamily family, size_t offset) noexcept;
  void note_ports(uint8_t ip_protocol, uint16_t source, uint16_t destination) noexcept;
  void note_flow(uint8_t ip_protocol, uint16_t source, uint16_t destination) noexcept;
  void note_payload(size_t offset) noexcept;

  bool has(size_t count) const noexcept { return end_ - at_ >= count; }
  size_t remaining() const noexcept { return end_ - at_; }
  const uint8_t* here() const noexcept { return data_ + at_; }

  const uint8_t* data_;
  size_t at_ = 0;
  size_t end_;       // captured bytes that belong to the innermost header read so far (at_ <= end_)
  size_t wire_end_;  // the same in bytes on the wire; never less than end_
  const ParseOptions& options_;
  Layers& layers_;
  unsigned ip_headers_ = 0;
  bool more_fragments_ = false;
  uint16_t gre_flags_ = 0;
  uint16_t gre_protocol_ = 0;
  uint16_t vlan_ = 0;
  uint32_t vni_ = 0;
};

}  // namespace wirewatch
