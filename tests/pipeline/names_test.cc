// SPDX-License-Identifier: BSD-3-Clause
// The names of flows: what stands inside them, and what their clients had asked for before.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/classify/client_hello.h"
#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {
namespace {

using namespace std::literals;

std::shared_ptr<const RuleSet> naming_rules() {
  static const auto rules = rules_of(R"(
schema = 1
[[protocol]]
name = "lookup"
category = "test"
answers = "dns"
  [[protocol.sig]]
  id = "lookup.answer"
  l4 = "any"
  dir = "any"
  regex = '^[\x00-\xff]{0,2}\x12\x34\x81\x80'
  strength = "strong"
[[protocol]]
name = "secure"
category = "test"
  [[protocol.sig]]
  id = "secure.hello"
  l4 = "tcp"
  dir = "client"
  regex = '^\x16\x03'
  strength = "strong"
  extract = "tls.sni"
[[protocol]]
name = "request"
category = "test"
  [[protocol.sig]]
  id = "request.get"
  l4 = "tcp"
  dir = "any"
  regex = '^GET '
  strength = "strong"
  extract = "http.host"
)");
  return rules;
}

constexpr std::string_view kClient = "10.0.0.5", kOther = "10.0.0.6", kResolver = "10.0.0.53", kServer = "192.0.2.1";

/// "web.example" is 192.0.2.`last`.
std::string answer(std::string_view name, uint8_t last = 1) {
  std::string message = "\x12\x34\x81\x80\0\x01\0\x01\0\0\0\0"s;
  for (size_t begin = 0; begin < name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    message += static_cast<char>(end - begin);
    message += name.substr(begin, end - begin);
    begin = end + 1;
  }
  message += "\0\0\x01\0\x01\xc0\x0c\0\x01\0\x01\0\0\x02\x58\0\x04\xc0\0\x02"s;
  message += static_cast<char>(last);
  return message;
}

class Names : public ::testing::Test {
 protected:
  void told(std::string_view client, std::string_view name, uint8_t last = 1) {
    next(eth().ipv4(kResolver, client).udp(53, 40000).payload(answer(name, last)));
  }
  void connect(std::string_view client, uint16_t port, std::string_view payload = "no name inside") {
    next(eth().ipv4(client, kServer).tcp(port, 9999).seq(port * 7u).syn());
    next(eth().ipv4(kServer, client).tcp(9999, port).seq(1).ack_number(port * 7u + 1).syn_ack());
    next(eth().ipv4(client, kServer).tcp(port, 9999).seq(port * 7u + 1).ack().payload(payload));
  }
  void next(const FrameBuilder& frame) { run_.feed(sent(frame, ++time_ms_ * kMillisecond)); }
  /// The hosts of flows from this client and port, in the order in which they began.
  std::vector<std::string> hosts(std::string_view client, uint16_t port) {
    run_.finish();
    std::ranges::stable_sort(run_.flows, {}, &FlowRecord::first_frame);
    std::vector<std::string> hosts;
    for (const FlowRecord& flow : run_.flows) {
      if (flow.client.port != port || flow.client.address.to_string() != client) continue;
      hosts.push_back(std::string(flow.host) + (flow.host_source == HostSource::None ? "" : " by ") +
                      (flow.host_source == HostSource::None ? "" : std::string(to_string(flow.host_source))));
    }
    return hosts;
  }

  WorkerRun run_{{}, naming_rules()};
  int64_t time_ms_ = 0;
};
using Hosts = std::vector<std::string>;

TEST_F(Names, OfAFlowAreThoseItsClientHadAskedForLast) {
  connect(kClient, 1001);
  told(kClient, "first.example");
  connect(kClient, 1002);
  connect(kOther, 1003);
  told(kClient, "second.example");
  told(kClient, "elsewhere.example", 2);
  connect(kClient, 1004);
  run_.finish();
  EXPECT_EQ(hosts(kClient, 1001), Hosts{""}) << "it began before the answer came";
  EXPECT_EQ(hosts(kClient, 1002), Hosts{"first.example by dns"});
  EXPECT_EQ(hosts(kOther, 1003), Hosts{""}) << "somebody else had asked";
  EXPECT_EQ(hosts(kClient, 1004), Hosts{"second.example by dns"});
}

TEST_F(Names, AreNotThoseOfAnAnswerThatIsTooOld) {
  told(kClient, "web.example");  // for 600 s
  time_ms_ += 700'000;
  connect(kClient, 1001);
  EXPECT_EQ(hosts(kClient, 1001), Hosts{""});
}

TEST_F(Names, InsideAFlowGoBeforeThoseAskedFor) {
  told(kClient, "asked.example");
  connect(kClient, 1001, "GET / HTTP/1.1\r\nHost: said.example\r\nUser-Agent: test/1.0\r\n\r\n");
  EXPECT_EQ(hosts(kClient, 1001), Hosts{"said.example by http"});
  const auto flow = std::ranges::find(run_.flows, std::string_view("said.example"), &FlowRecord::host);
  EXPECT_EQ(flow->names.user_agent(), "test/1.0");
  EXPECT_EQ(flow->names.alpn(), "");
}

TEST_F(Names, OfATlsFlowHoldWhatItsHelloSays) {
  const auto message = ClientHello()
                           .cipher_suites({0x1301, 0x1302})
                           .server_name("tls.example")
                           .extension(16, {0, 3, 2, 'h', '2'})
                           .extension(0xfe0d, {0, 0, 1, 0, 1, 1, 0, 0, 0, 0})
                           .message();
  std::string record = "\x16\x03\x01"s;
  record += static_cast<char>(message.size() >> 8);
  record += static_cast<char>(message.size());
  record.append(message.begin(), message.end());
  connect(kClient, 1001, record);
  EXPECT_EQ(hosts(kClient, 1001), Hosts{"tls.example by sni"});
  const auto flow = std::ranges::find(run_.flows, std::string_view("tls.example"), &FlowRecord::host);
  EXPECT_EQ(flow->names.alpn(), "h2");
  EXPECT_TRUE(flow->names.ja4().starts_with("t12d0203h2_")) << flow->names.ja4();
  EXPECT_TRUE(flow->names.encrypted_hello());
}

TEST_F(Names, AreReadFromDnsOverTcpAsWell) {
  const std::string message = answer("tcp.example");
  next(eth().ipv4(kResolver, kClient).tcp(53, 40000).seq(1).ack().payload(""s + '\0' + static_cast<char>(message.size()) + message));
  connect(kClient, 1001);
  EXPECT_EQ(hosts(kClient, 1001), Hosts{"tcp.example by dns"});
}

TEST_F(Names, OfAFlowWhosePortsAreUsedAgainAreTaughtAtTheEnd) {
  told(kClient, "early.example");
  connect(kClient, 1001);
  next(eth().ipv4(kClient, kServer).tcp(1001, 9999).rst());
  told(kClient, "late.example");
  time_ms_ += 1000;
  next(eth().ipv4(kClient, kServer).tcp(1001, 9999).seq(77'777).syn());
  next(eth().ipv4(kServer, kClient).tcp(9999, 1001).rst());
  EXPECT_EQ(run_.flows.size(), 0u) << "the first has ended and waits";
  EXPECT_EQ(hosts(kClient, 1001), (Hosts{"early.example by dns", "late.example by dns"}));
}

TEST(NamesOfAWorker, AreBoundedAndCounted) {
  WorkerRun run({.max_dns_notes = 1024}, naming_rules());
  for (unsigned i = 0; i < 1030; ++i) {
    run.feed(sent(eth().ipv4(kResolver, kClient).udp(53, 40000).payload(answer("n.example")), i * kMillisecond));
  }
  EXPECT_EQ(run.worker.counters().dns_notes_refused, 6u);
}

TEST(NameSheet, IsEmptyWhenTheBytesAreNoSheet) {
  std::array<char, NameSheet::kMost> room;
  const NameSheet::Names names{.host = "a.example", .alpn = "h2", .ja4 = "t13", .user_agent = "u", .host_source = HostSource::Sni};
  const std::string good(NameSheet::pack(names, room));
  EXPECT_EQ(NameSheet(good).host(), "a.example");
  EXPECT_EQ(NameSheet(good).user_agent(), "u");
  for (size_t size = 0; size < good.size(); ++size) EXPECT_TRUE(NameSheet(std::string_view(good).substr(0, size)).empty()) << size;
  for (size_t at = 1; at < 5; ++at) {
    std::string bad = good;
    ++bad[at];
    EXPECT_TRUE(NameSheet(bad).empty()) << at;
  }
  std::string bad = good;
  bad[0] = 15;
  EXPECT_TRUE(NameSheet(bad).empty()) << "no such source";
  EXPECT_TRUE(NameSheet::pack({}, room).empty());
}

TEST(NameSheet, CutsWhatIsTooLong) {
  std::array<char, NameSheet::kMost> room;
  const std::string agent(1000, 'a'), host(255, 'h');
  const NameSheet sheet(NameSheet::pack({.host = host, .alpn = agent, .ja4 = agent, .user_agent = agent}, room));
  EXPECT_EQ(sheet.packed().size(), NameSheet::kMost);
  EXPECT_EQ(sheet.host(), host);
  EXPECT_EQ(sheet.user_agent(), agent.substr(0, NameSheet::kLongestUserAgent));
}

}  // namespace
}  // namespace wirewatch::testing
