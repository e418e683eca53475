// SPDX-License-Identifier: BSD-3-Clause
// Frames for tests, header by header from the outside in: eth().vlan(5).ipv4("10.0.0.1", "10.0.0.2").tcp(1234, 443).
// Lengths, next-protocol numbers and the bottom-of-stack bit are filled in when the frame is built, unless a test
// overwrites them to make the frame lie.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/packet/packet.h"
#include "tests/support/capture_builder.h"

namespace wirewatch::testing {

inline constexpr uint8_t kFin = 0x01, kSyn = 0x02, kRst = 0x04, kPsh = 0x08, kAck = 0x10, kEce = 0x40, kCwr = 0x80;

class FrameBuilder {
 public:
  explicit FrameBuilder(uint16_t link_type) : link_type_(link_type) {}

  // Link and shim headers.
  FrameBuilder& eth();
  FrameBuilder& vlan(uint16_t id);
  FrameBuilder& ieee8021ad(uint16_t id);
  FrameBuilder& macsec();  // authenticated only
  FrameBuilder& llc(uint8_t sap);
  FrameBuilder& snap();
  FrameBuilder& mpls(uint32_t label);
  FrameBuilder& pseudowire_control_word();
  FrameBuilder& pppoe_session();
  FrameBuilder& ppp();
  FrameBuilder& nsh();
  FrameBuilder& sll();
  FrameBuilder& sll2();
  FrameBuilder& null_loop(uint32_t family);   // little-endian, as written on most machines
  FrameBuilder& ppp_with_address();
  FrameBuilder& arp();

  // Network layer.
  FrameBuilder& ipv4(std::string_view source, std::string_view destination);
  FrameBuilder& ipv4_options(size_t bytes);   // NOPs; a multiple of four
  FrameBuilder& fragment(uint16_t offset_in_8_bytes, bool more);
  FrameBuilder& ipv6(std::string_view source, std::string_view destination);
  FrameBuilder& hop_by_hop();
  FrameBuilder& destination_options();
  FrameBuilder& routing_header();
  FrameBuilder& fragment_header(uint16_t offset_in_8_bytes, bool more);
  FrameBuilder& ah();
  FrameBuilder& esp();
  FrameBuilder& icmp(uint8_t type, uint8_t code = 0);
  FrameBuilder& icmpv6(uint8_t type, uint8_t code = 0);
  FrameBuilder& igmp();
  FrameBuilder& pim_hello();
  FrameBuilder& pim_register();

  // Transports. Flags and numbers change the TCP header that was added last.
  FrameBuilder& tcp(uint16_t source, uint16_t destination);
  FrameBuilder& tcp_options(size_t bytes);    // NOPs; a multiple of four
  FrameBuilder& flags(uint8_t flags);
  FrameBuilder& syn() { return flags(kSyn); }
  FrameBuilder& syn_ack() { return flags(kSyn | kAck); }
  FrameBuilder& ack() { return flags(kAck); }
  FrameBuilder& rst() { return flags(kRst | kAck); }
  FrameBuilder& seq(uint32_t number);
  FrameBuilder& ack_number(uint32_t number);
  FrameBuilder& udp(uint16_t source, uint16_t destination);
  FrameBuilder& sctp(uint16_t source, uint16_t destination);
  FrameBuilder& sctp_sack();
  FrameBuilder& sctp_data();

  // Tunnels. Those over UDP follow udp() with their port.
  FrameBuilder& gre();
  FrameBuilder& gre_checksum();
  FrameBuilder& gre_key(uint32_t key);
  FrameBuilder& gre_sequence(uint32_t number);
  FrameBuilder& pptp_gre(bool with_acknowledgment);
  FrameBuilder& erspan1();
  FrameBuilder& erspan2();
  FrameBuilder& erspan3(bool platform_header);
  FrameBuilder& ether_ip();
  FrameBuilder& vxlan(uint32_t vni);
  FrameBuilder& geneve(uint32_t vni, size_t option_bytes = 0);
  FrameBuilder& gtp_u(uint32_t teid);
  FrameBuilder& gtp_extension();              // a PDU session container, with the optional fields it needs
  FrameBuilder& teredo_origin();
  FrameBuilder& l2tp(uint16_t tunnel, uint16_t session);
  FrameBuilder& ayiya();
  FrameBuilder& capwap();

  // What nothing dissects.
  FrameBuilder& payload(std::string_view text);
  FrameBuilder& payload(const Bytes& bytes);
  FrameBuilder& zeros(size_t count);

  // A number that the header added last claims instead of the right one.
  FrameBuilder& claim_u8(size_t offset, uint8_t value);
  FrameBuilder& claim_u16(size_t offset, uint16_t value);

  Bytes bytes() const;
  uint16_t link_type() const noexcept { return link_type_; }

 private:
  /// One header. `finish` fills in what depends on what follows: the next header, or null, and how many bytes.
  struct Part {
    Bytes header{};
    uint16_t ethertype = 0;
    int ip_protocol = -1;  // 0 is a protocol, the hop-by-hop options
    uint16_t ppp_protocol = 0;
    std::function<void(Bytes& header, const Part* next, size_t behind)> finish{};
    std::vector<std::pair<size_t, uint8_t>> claims{};
  };
  FrameBuilder& add(Part part);
  FrameBuilder& ipv6_extension(uint8_t number, Bytes header);
  Part& last() { return parts_.back(); }

  uint16_t link_type_;
  std::vector<Part> parts_;
};

inline FrameBuilder eth() { return FrameBuilder(1).eth(); }
/// Starts with the first header, without a link layer of its own (DLT 101).
inline FrameBuilder raw_ip() { return FrameBuilder(101); }

/// A packet over bytes that the caller keeps.
inline Packet packet_over(const Bytes& bytes, uint16_t link_type = 1, Timestamp time = {}, uint64_t number = 1) {
  const auto length = static_cast<uint32_t>(bytes.size());
  return {.data = bytes.data(), .captured_length = length, .original_length = length, .time = time, .number = number,
          .link_type = link_type};
}

}  // namespace wirewatch::testing
