// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/host_words.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace wirewatch {
namespace {

/// Behind these an address is expected, in all that follows until another word says otherwise.
constexpr std::array<std::string_view, 8> kAddressFollows = {"host", "net", "gateway", "src", "dst", "mask", "ra", "ta"};
/// Behind these a number or a name of something else.
constexpr std::array<std::string_view, 13> kOtherFollows = {"port", "portrange", "proto", "protochain", "type", "subtype", "dir",
                                                            "ifname", "on", "reason", "action", "srnr", "rset"};
/// Words that say nothing about what follows.
constexpr std::array<std::string_view, 118> kPlain = {
    "and", "or", "not", "ether", "link", "fddi", "tr", "wlan", "ppp", "slip", "ip", "ip6", "arp", "rarp", "decnet", "lat", "moprc",
    "mopdl", "sca", "atalk", "aarp", "iso", "stp", "ipx", "netbeui", "tcp", "udp", "sctp", "icmp", "icmp6", "igmp", "igrp", "pim", "vrrp",
    "carp", "ah", "esp", "clnp", "esis", "isis", "es-is", "is-is", "l1", "l2", "iih", "lsp", "snp", "csnp", "psnp", "broadcast", "multicast",
    "less", "greater", "len", "byte", "inbound", "outbound", "ifindex", "vlan", "mpls", "pppoed", "pppoes", "geneve", "vxlan", "radio",
    "llc", "i", "s", "u", "rr", "rnr", "rej", "ui", "ua", "disc", "sabme", "test", "xid", "frmr", "dm", "addr1", "addr2", "addr3", "addr4",
    "address1", "address2", "address3", "address4", "lane", "metac", "bcc", "oam", "oamf4", "oamf4sc", "oamf4ec", "sc", "ilmic", "vpi", "vci",
    "connectmsg", "tcpflags", "tcp-fin", "tcp-syn", "tcp-rst", "tcp-push", "tcp-ack", "tcp-urg", "tcp-ece", "tcp-cwr", "icmptype", "icmpcode",
    "icmp6type", "icmp6code", "icmp-echo", "icmp-echoreply", "icmp-unreach", "icmp-redirect", "icmp-timxceed"};

template <size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) noexcept {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool belongs_to_word(char letter) noexcept {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '.' || letter == ':' || letter == '-';
}

bool all_of(std::string_view word, bool (*fits)(char)) { return !word.empty() && std::all_of(word.begin(), word.end(), fits); }
bool is_hex(char letter) noexcept { return std::isxdigit(static_cast<unsigned char>(letter)) != 0; }

/// A number, an IPv4 or IPv6 address, or a MAC address in one of its spellings.
bool is_numeric(std::string_view word) {
  if (all_of(word, [](char letter) { return (letter >= '0' && letter <= '9') || letter == '.'; })) return true;
  if (word.starts_with("0x") || word.starts_with("0X")) return all_of(word.substr(2), is_hex);
  if (word.find(':') != std::string_view::npos) return all_of(word, [](char letter) { return is_hex(letter) || letter == ':' || letter == '.'; });
  if (word.size() == 17 && word.find('-') == 2) return all_of(word, [](char letter) { return is_hex(letter) || letter == '-'; });
  return word.size() == 14 && word[4] == '.' && word[9] == '.' && all_of(word, [](char letter) { return is_hex(letter) || letter == '.'; });
}

}  // namespace

std::optional<std::string> host_word(std::string_view expression) {
  bool address = true;  // a name alone is a host
  for (size_t at = 0; at < expression.size();) {
    if (!belongs_to_word(expression[at])) {
      ++at;
      continue;
    }
    const size_t end = static_cast<size_t>(std::find_if_not(expression.begin() + static_cast<ptrdiff_t>(at), expression.end(), belongs_to_word) -
                                           expression.begin());
    const std::string_view word = expression.substr(at, end - at);
    at = end;
    if (among(kAddressFollows, word)) {
      address = true;
    } else if (among(kOtherFollows, word)) {
      address = false;
    } else if (address && !among(kPlain, word) && !is_numeric(word) && !all_of(word, [](char letter) { return letter == '-'; })) {
      return std::string(word);
    }
  }
  return std::nullopt;
}

}  // namespace wirewatch
