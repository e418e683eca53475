// SPDX-License-Identifier: BSD-3-Clause
// What is spoken inside TLS, as the ClientHello says: by the protocol it offers, a name beside it, or a port.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "tests/classify/client_hello.h"
#include "tests/classify/flow_under_test.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch {
namespace {

std::vector<uint8_t> hello_of(const std::vector<std::string_view>& alpns, std::string_view host) {
  ClientHello hello;
  if (!host.empty()) hello.server_name(host);
  if (!alpns.empty()) {
    std::vector<uint8_t> list;
    for (const std::string_view alpn : alpns) {
      list.push_back(static_cast<uint8_t>(alpn.size()));
      list.insert(list.end(), alpn.begin(), alpn.end());
    }
    list.insert(list.begin(), {0, static_cast<uint8_t>(list.size())});
    hello.extension(16, list);
  }
  return tls_record(hello.message());
}

struct OfferedCase {
  std::string_view description;
  std::vector<std::string_view> alpns;
  std::string_view host;
  uint16_t port;
  std::string_view application;
  Evidence evidence;
};

TEST(NamesByClientHello, AreThoseOfTheProtocolOffered) {
  if (std::getenv("WIREWATCH_RULES") == nullptr) GTEST_SKIP() << "WIREWATCH_RULES is not set; meson test sets it";
  const auto rules = shipped_rules();
  ASSERT_TRUE(rules);
  const std::vector<OfferedCase> cases{
      {"DNS over TLS, anywhere", {"dot"}, "", 443, "tls.dot", Evidence::Payload},
      {"DNS over TLS by its port", {}, "resolver.example", 853, "tls.dot", Evidence::Confirmed},
      {"no offer on another port", {}, "resolver.example", 854, "tls", Evidence::Payload},
      {"a web server on that port", {"h2", "http/1.1"}, "www.example", 853, "tls", Evidence::Payload},
      {"DNS over HTTPS", {"h2", "http/1.1"}, "dns.google", 443, "tls.doh", Evidence::Confirmed},
      {"a name below a resolver's", {"h2"}, "mozilla.cloudflare-dns.com", 8443, "tls.doh", Evidence::Confirmed},
      {"a name that only ends like one", {"h2"}, "notdns.google", 443, "tls", Evidence::Payload},
      {"a resolver's name, and no HTTP", {}, "dns.google", 443, "tls", Evidence::Payload},
      {"HTTP of everybody else", {"h2", "http/1.1"}, "www.example", 443, "tls", Evidence::Payload},
      {"DoQ is offered over QUIC alone", {"doq"}, "", 853, "tls", Evidence::Payload},
      {"an offer nobody registered", {"imap2"}, "", 993, "tls", Evidence::Payload},
      {"only the beginning of an offer", {"ima"}, "", 993, "tls", Evidence::Payload},
      {"a relay of AnyDesk", {}, "relay-3f2a91c0.net.anydesk.com", 6568, "tls.anydesk", Evidence::Confirmed},
      {"its web site", {"h2", "http/1.1"}, "my.anydesk.com", 443, "tls", Evidence::Payload},
      {"IMAP", {"imap"}, "mail.example", 993, "tls.imap", Evidence::Payload},
      {"POP3", {"pop3"}, "", 995, "tls.pop3", Evidence::Payload},
      {"ManageSieve", {"managesieve"}, "", 4190, "tls.managesieve", Evidence::Payload},
      {"news", {"nntp"}, "", 563, "tls.nntp", Evidence::Payload},
      {"news between servers", {"nnsp"}, "", 433, "tls.nntp", Evidence::Payload},
      {"FTP", {"ftp"}, "", 990, "tls.ftp", Evidence::Payload},
      {"XMPP of a client", {"xmpp-client"}, "", 443, "tls.xmpp", Evidence::Payload},
      {"XMPP between servers", {"xmpp-server"}, "", 5270, "tls.xmpp", Evidence::Payload},
      {"IRC", {"irc"}, "", 6697, "tls.irc", Evidence::Payload},
      {"MQTT", {"mqtt"}, "", 8883, "tls.mqtt", Evidence::Payload},
      {"MQTT of AWS IoT Core", {"x-amzn-mqtt-ca"}, "", 443, "tls.mqtt", Evidence::Payload},
      {"SIP", {"sip/2"}, "", 5061, "tls.sip", Evidence::Payload},
      {"TURN", {"stun.turn"}, "", 5349, "tls.turn", Evidence::Payload},
      {"CoAP", {"coap"}, "", 5684, "tls.coap", Evidence::Payload},
      {"SMB is offered over QUIC alone", {"smb"}, "", 443, "tls", Evidence::Payload},
      {"ACME", {"acme-tls/1"}, "www.example", 443, "tls.acme", Evidence::Payload},
      {"NTS key establishment", {"ntske/1"}, "", 4460, "tls.nts-ke", Evidence::Payload},
      {"RADIUS", {"radius/1.1"}, "", 2083, "tls.radius", Evidence::Payload},
      {"PostgreSQL", {"postgresql"}, "", 5432, "tls.postgresql", Evidence::Payload},
      {"SQL Server", {"tds/8.0"}, "", 1433, "tls.mssql", Evidence::Payload}};
  for (const OfferedCase& each : cases) {
    Flow flow(rules, 6, each.port);
    const auto said = flow.send(FlowDirection::ToServer, hello_of(each.alpns, each.host));
    EXPECT_EQ(flow.name(said.verdict), each.application) << each.description;
    EXPECT_EQ(said.verdict.evidence, each.evidence) << each.description;
    EXPECT_EQ(said.host, each.host) << each.description;
  }
}

TEST(NamesByClientHello, WaitForTheRestOfIt) {
  const auto rules = rules_from(R"(
[[protocol]]
name = "tls"
category = "web"
  [[protocol.sig]]
  id = "tls.client-hello"
  l4 = "tcp"
  regex = '^\x16\x03.{3}\x01'
  strength = "strong"
  extract = "tls.sni"
  [[protocol.sig]]
  id = "tls.server-hello"
  l4 = "tcp"
  regex = '^\x16\x03.{3}\x02'
  strength = "strong"
[[protocol]]
name = "tls.dot"
category = "name-service"
  [[protocol.hello]]
  ports = [40000]
  names = {tls = "tls.dot"}
)");
  ASSERT_TRUE(rules);
  const auto hello = tls_record(ClientHello().extension(21, std::vector<uint8_t>(900, 0)).server_name("a.example").message());
  Flow flow(rules);
  auto said = flow.send(FlowDirection::ToServer, std::span(hello).first(500));
  EXPECT_EQ(flow.name(said.verdict), "tls");
  EXPECT_FALSE(said.done);
  said = flow.send(FlowDirection::ToServer, std::span(hello).subspan(500));
  EXPECT_EQ(flow.name(said.verdict), "tls.dot");
  EXPECT_TRUE(said.done) << "what follows is encrypted";
  EXPECT_EQ(flow.finish().evidence, Evidence::Confirmed);
}

TEST(NamesByClientHello, GoToTheRuleThatAsksMost) {
  const std::string tls = R"(
[[protocol]]
name = "tls"
category = "web"
  [[protocol.sig]]
  id = "tls.client-hello"
  l4 = "tcp"
  regex = '^\x16\x03.{3}\x01'
  strength = "strong"
  extract = "tls.sni"
[[protocol]]
name = "a-any"
category = "web"
  [[protocol.hello]]
  alpn = ["h2"]
  names = {tls = "a-any"}
[[protocol]]
name = "b-ours"
category = "web"
  [[protocol.hello]]
  alpn = ["h2"]
  hosts = ["example"]
  names = {tls = "b-ours"}
)";
  Flow ours(rules_from(tls)), others(rules_from(tls));
  EXPECT_EQ(ours.name(ours.send(FlowDirection::ToServer, hello_of({"h2"}, "www.example")).verdict), "b-ours");
  EXPECT_EQ(others.name(others.send(FlowDirection::ToServer, hello_of({"h2"}, "www.elsewhere")).verdict), "a-any");
}

}  // namespace
}  // namespace wirewatch
