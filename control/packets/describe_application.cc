// SPDX-License-Identifier: BSD-3-Clause
// From the name of an application to its column and its words. Applications without a row show their name in capitals and
// the transport's line.
#include <algorithm>
#include <array>
#include <cctype>

#include "control/packets/describe.h"

namespace wirewatch {
namespace {

struct ApplicationRow {
  std::string_view application;  // as in rules/
  std::string_view column;       // as Wireshark writes it
  bool (*describe)(const ApplicationData&, PacketLine&) noexcept = nullptr;
};

// Sorted by application, for the binary search.
constexpr std::array kApplications{
    ApplicationRow{"amqp", "AMQP"},
    ApplicationRow{"bacnet", "BACnet"},
    ApplicationRow{"bittorrent", "BitTorrent", describe_bittorrent},
    ApplicationRow{"cldap", "CLDAP", describe_ldap},
    ApplicationRow{"coap", "CoAP"},
    ApplicationRow{"dcerpc", "DCERPC"},
    ApplicationRow{"dhcp", "DHCP", describe_dhcp},
    ApplicationRow{"dhcpv6", "DHCPv6", describe_dhcpv6},
    ApplicationRow{"diameter", "DIAMETER"},
    ApplicationRow{"dns", "DNS", describe_dns},
    ApplicationRow{"dtls", "DTLS"},
    ApplicationRow{"ftp", "FTP", describe_text_dialogue},
    ApplicationRow{"gtp-c", "GTPv2"},
    ApplicationRow{"http", "HTTP", describe_http},
    ApplicationRow{"http2", "HTTP2"},
    ApplicationRow{"imap", "IMAP", describe_text_dialogue},
    ApplicationRow{"irc", "IRC", describe_text_dialogue},
    ApplicationRow{"kerberos", "KRB5"},
    ApplicationRow{"ldap", "LDAP", describe_ldap},
    ApplicationRow{"llmnr", "LLMNR", describe_dns},
    ApplicationRow{"mdns", "MDNS", describe_dns},
    ApplicationRow{"modbus", "Modbus/TCP"},
    ApplicationRow{"mongodb", "MONGO"},
    ApplicationRow{"mount", "MOUNT", describe_rpc},
    ApplicationRow{"mqtt", "MQTT", describe_mqtt},
    ApplicationRow{"mssql", "TDS"},
    ApplicationRow{"mysql", "MySQL"},
    ApplicationRow{"nbdgm", "NBDS"},
    ApplicationRow{"nbns", "NBNS", describe_netbios_name},
    ApplicationRow{"nbss", "NBSS"},
    ApplicationRow{"nfs", "NFS", describe_rpc},
    ApplicationRow{"nlm", "NLM", describe_rpc},
    ApplicationRow{"nntp", "NNTP", describe_text_dialogue},
    ApplicationRow{"nsm", "STAT", describe_rpc},
    ApplicationRow{"ntp", "NTP", describe_ntp},
    ApplicationRow{"openvpn", "OpenVPN"},
    ApplicationRow{"oracle", "TNS"},
    ApplicationRow{"pop3", "POP", describe_text_dialogue},
    ApplicationRow{"portmap", "Portmap", describe_rpc},
    ApplicationRow{"postgresql", "PGSQL", describe_postgresql},
    ApplicationRow{"quic", "QUIC"},
    ApplicationRow{"redis", "RESP", describe_redis},
    ApplicationRow{"rsh", "RSH"},
    ApplicationRow{"smb", "SMB2", describe_smb},
    ApplicationRow{"smtp", "SMTP", describe_text_dialogue},
    ApplicationRow{"snmp", "SNMP", describe_snmp},
    ApplicationRow{"socks", "Socks"},
    ApplicationRow{"ssh", "SSH", describe_ssh},
    ApplicationRow{"stun", "STUN"},
    ApplicationRow{"sunrpc", "RPC", describe_rpc},
    ApplicationRow{"syslog", "Syslog", describe_syslog},
    ApplicationRow{"teamspeak", "TeamSpeak"},
    ApplicationRow{"telnet", "TELNET"},
    ApplicationRow{"tls", "TLS", describe_tls},
    ApplicationRow{"wireguard", "WireGuard"},
    ApplicationRow{"zmq", "ZMTP"},
};
static_assert(std::ranges::is_sorted(kApplications, {}, &ApplicationRow::application));

struct LengthPrefix {
  std::string_view application;
  size_t at, bytes, header;  // where the length stands, how wide it is, what it does not count
  uint32_t mask = 0xffffffff;
};
constexpr std::array kLengthPrefixes{
    LengthPrefix{"bittorrent", 0, 4, 4},          LengthPrefix{"mount", 0, 4, 4, 0x7fffffff},
    LengthPrefix{"nfs", 0, 4, 4, 0x7fffffff},     LengthPrefix{"nlm", 0, 4, 4, 0x7fffffff},
    LengthPrefix{"portmap", 0, 4, 4, 0x7fffffff}, LengthPrefix{"smb", 1, 3, 4},
    LengthPrefix{"sunrpc", 0, 4, 4, 0x7fffffff},
};
constexpr uint32_t kLongestMessage = 1 << 24;  // a longer one is no message

}  // namespace

size_t message_length(std::string_view application, std::span<const uint8_t> bytes) noexcept {
  constexpr size_t kBitTorrentHandshake = 68;
  if (application == "bittorrent" && !bytes.empty() && bytes[0] == 19) return kBitTorrentHandshake;
  for (const LengthPrefix& prefix : kLengthPrefixes) {
    if (prefix.application != application || bytes.size() < prefix.at + prefix.bytes) continue;
    uint32_t length = 0;
    for (size_t i = 0; i < prefix.bytes; ++i) length = length << 8 | bytes[prefix.at + i];
    length &= prefix.mask;
    return length <= kLongestMessage ? length + prefix.header : bytes.size();
  }
  return bytes.size();
}

bool describe_application(std::string_view application, const ApplicationData& data, PacketLine& line) noexcept {
  // What is spoken inside another protocol shows itself as the outer one: "tls.doh" is TLS.
  const std::string_view outer = application.substr(0, std::min(application.find('.'), application.size()));
  const auto row = std::ranges::lower_bound(kApplications, outer, {}, &ApplicationRow::application);
  if (row == kApplications.end() || row->application != outer) {
    line.made_protocol.clear();
    for (const char letter : outer) {
      line.made_protocol.put(static_cast<char>(std::toupper(static_cast<unsigned char>(letter))));
    }
    line.protocol = line.made_protocol.view();
    return true;
  }
  const std::string_view transport = line.protocol;
  line.protocol = row->column;
  if (row->describe == nullptr || row->describe(data, line) || data.udp) return true;
  line.protocol = transport;  // not a message's beginning: the rest of one, or damaged
  return false;
}

}  // namespace wirewatch
