// SPDX-License-Identifier: BSD-3-Clause
// What is met less often above IP: AH, SCTP, DCCP, IGMP and PIM.
#include "dataplane/packet/ethertype.h"
#include "dataplane/packet/parser.h"

namespace wirewatch {
/// RFC 4302.
Protocol Parser::ah() noexcept {
  push(Protocol::Ah);
  if (!has(12)) return stop(ParseStatus::TunnelShort);
  const size_t length = (here()[1] + 2u) * 4u;
  const uint8_t next = here()[0];
  if (length < 12) return stop(ParseStatus::TunnelBadHeader);
  if (!has(length)) return stop(ParseStatus::TunnelShort);
  at_ += length;
  return by_ip_protocol(next, layers_.inner_family);
}

/// RFC 9260: what a user of the association sent is in DATA chunks; the first of the packet is looked at.
Protocol Parser::sctp() noexcept {
  push(Protocol::Sctp);
  constexpr uint8_t kNumber = 132;
  constexpr size_t kHeader = 12, kDataChunkHeader = 16;
  if (!has(4)) return stop(ParseStatus::SctpShort);
  const uint16_t source = load_be16(here()), destination = load_be16(here() + 2);
  note_ports(kNumber, source, destination);
  if (!has(kHeader)) return stop(ParseStatus::SctpShort);
  note_flow(kNumber, source, destination);
  at_ += kHeader;
  while (has(4)) {
    const uint8_t type = here()[0];
    const size_t length = load_be16(here() + 2);
    if (length < 4) break;
    if (type == 0 && length > kDataChunkHeader && has(kDataChunkHeader)) {
      end_ = std::min(end_, at_ + length);
      wire_end_ = std::max(std::min(wire_end_, at_ + length), end_);
      note_payload(at_ + kDataChunkHeader);
      return Protocol::None;
    }
    const size_t padded = (length + 3) & ~size_t{3};
    if (!has(padded)) break;
    at_ += padded;
  }
  note_payload(end_);
  layers_.payload_length = 0;
  return Protocol::None;
}

/// RFC 4340: counted with its ports, but no flow.
Protocol Parser::dccp() noexcept {
  push(Protocol::Dccp);
  if (!has(12)) return stop(ParseStatus::SctpShort);
  note_ports(33, load_be16(here()), load_be16(here() + 2));
  return Protocol::None;
}

/// Protocols that borrowed IGMP's number: DVMRP (RFC 1075), PIM version 1 and Cisco's RGMP (RFC 3488).
Protocol Parser::igmp() noexcept {
  constexpr uint8_t kDvmrp = 0x13, kPimVersion1 = 0x14, kRgmpFirst = 0xfc;
  const uint8_t type = has(1) ? here()[0] : 0;
  push(type == kDvmrp         ? Protocol::Dvmrp
       : type == kPimVersion1 ? Protocol::Pim
       : type >= kRgmpFirst   ? Protocol::Rgmp
                              : Protocol::Igmp);
  return Protocol::None;
}

/// RFC 7761 4.9.3: a Register carries the first multicast packets to the rendezvous point.
Protocol Parser::pim() noexcept {
  push(Protocol::Pim);
  constexpr uint8_t kRegister = 1;
  if (!has(9) || (here()[0] & 0x0f) != kRegister) return Protocol::None;
  at_ += 8;
  return protocol_of_ip_version(here()[0]);
}

}  // namespace wirewatch
