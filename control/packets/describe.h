// SPDX-License-Identifier: BSD-3-Clause
// The parts of describe(), one source file a kind of protocol. Each is given bytes that may end anywhere. Those of
// applications say whether they could read what they were given; if not, the line stays that of the transport.
#pragma once

#include <string_view>

#include "control/packets/packet_line.h"
#include "dataplane/packet/layers.h"

namespace wirewatch {

void describe_addresses(const Frame& frame, PacketLine& line) noexcept;
/// Frames whose last header is that of a link or network layer.
void describe_link(const Frame& frame, PacketLine& line) noexcept;
void describe_network(const Frame& frame, DescribeMemory& memory, PacketLine& line) noexcept;
/// Frames with ports: the transport's own line, and the application's where there is one.
void describe_transport(const Frame& frame, DescribeMemory& memory, PacketLine& line) noexcept;

/// What a TCP segment is in the light of the ones before it, as tshark's sequence analysis has it.
struct TcpJudgement {
  bool resent = false;      // holds nothing that was not seen before: no application looks at it again
};
/// Puts "[TCP Retransmission] " and the like into `info`, and remembers the segment.
TcpJudgement judge_tcp(const Frame& frame, const uint8_t* header, const ApplicationData& data, InfoText& info) noexcept;

/// How long the message at the start of a TCP payload is, where its beginning says so; else as long as what is there.
size_t message_length(std::string_view application, std::span<const uint8_t> bytes) noexcept;

/// Reads the payload as the application that the flow was recognised as.
bool describe_application(std::string_view application, const ApplicationData& data, PacketLine& line) noexcept;

bool describe_dns(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_netbios_name(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_tls(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_http(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_dhcp(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_dhcpv6(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_ntp(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_syslog(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_ssh(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_text_dialogue(const ApplicationData& data, PacketLine& line) noexcept;  // SMTP, FTP, POP, IMAP, NNTP, IRC
bool describe_redis(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_postgresql(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_mqtt(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_ldap(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_snmp(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_bittorrent(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_rpc(const ApplicationData& data, PacketLine& line) noexcept;
bool describe_smb(const ApplicationData& data, PacketLine& line) noexcept;
/// Of an NFS call, behind its name.
void put_nfs_arguments(uint32_t procedure, std::span<const uint8_t> arguments, InfoText& info) noexcept;

/// The first line of `bytes` without its end, at most `most` bytes of it.
std::string_view first_line(std::span<const uint8_t> bytes, size_t most = 1024) noexcept;

/// The frame's last header of this protocol, or nullptr when it has none of at least `least` captured bytes.
const uint8_t* last_header(const Frame& frame, Protocol protocol, size_t least) noexcept;

}  // namespace wirewatch
