// SPDX-License-Identifier: BSD-3-Clause
// Expressions that ask for nobody's address pass, as libpcap takes them; a name where an address may stand is found.
#include "control/captures/host_words.h"

#include <gtest/gtest.h>

#include "dataplane/capture/bpf_filter.h"

namespace wirewatch::testing {
namespace {

TEST(HostWords, AreNoneInWhatLibpcapCompilesByItself) {
  for (const char* const expression :
       {"", "tcp port 111", "tcp port http or https", "portrange 20-25", "host 10.0.0.1 or 10.0.0.2", "src net 10.0.0.0/8 and dst port domain",
        "not (udp port 53 or arp)", "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn", "tcp[13] & 2 != 0", "ip6 host fe80::1 and icmp6",
        "ether host 00:11:22:33:44:55", "ether proto 0x88cc", "ip proto \\tcp", "vlan 100 and ip", "len > 100 and less 1500", "net 192.168 mask 255.255.0.0",
        "icmp[icmptype] == icmp-echo", "ether broadcast or ip multicast", "src 10.1.2.3 and dst 10.1.2.4", "gateway 10.0.0.1 or tcp",
        "ether[0] & 1 = 0 and ip[16] >= 224", "mpls 1024 and ip", "pppoes and ip", "greater 60", "src or dst port smtp"}) {
    EXPECT_EQ(host_word(expression), std::nullopt) << expression;
    if (std::string_view(expression).starts_with("gateway")) continue;  // libpcap wants a name there
    const auto compiled = BpfFilter(expression).prepare(1);
    EXPECT_TRUE(compiled) << expression << ": " << compiled.error().message;
  }
}

TEST(HostWords, AreFoundWhereAnAddressMayStand) {
  struct Case {
    const char* expression;
    const char* word;
  };
  for (const auto& [expression, word] :
       {Case{"www.example", "www.example"}, Case{"host www.example", "www.example"}, Case{"tcp and src build-host", "build-host"},
        Case{"host 10.0.0.1 or fileserver", "fileserver"}, Case{"tcp port 80 and dst host a.b", "a.b"}, Case{"net campus", "campus"},
        Case{"host beef.cafe", "beef.cafe"}, Case{"(port 80 or 443) and not host 3com.example", "3com.example"}}) {
    EXPECT_EQ(host_word(expression), word) << expression;
  }
}

}  // namespace
}  // namespace wirewatch::testing
