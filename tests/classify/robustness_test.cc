// SPDX-License-Identifier: BSD-3-Clause
// What is no protocol gets no name: random bytes and free text, also on ports that belong to somebody, and every protocol
// keeps its name on ports that belong to another.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "dataplane/classify/classifier.h"
#include "tests/classify/rules_from.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch {
namespace {

constexpr std::array<uint16_t, 3> kPorts{53, 443, 6881};
constexpr size_t kFlows = 1000;  // of each port and transport

class ShippedRules : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("WIREWATCH_RULES") == nullptr) GTEST_SKIP() << "WIREWATCH_RULES is not set; meson test sets it";
    rules = shipped_rules();
    ASSERT_TRUE(rules);
    classifier = std::make_unique<Classifier>(rules);
  }
  /// Three payloads each way; what the flow is called for sure.
  template <typename Make>
  std::string name_of_flow(uint8_t ip_protocol, uint16_t port, Make&& make) {
    ClassifyState state{};
    for (int i = 0; i < 6 && !state.done; ++i) {
      const std::string payload = make();
      classifier->observe(state, {.ip_protocol = ip_protocol,
                                  .direction = i % 2 == 0 ? FlowDirection::ToServer : FlowDirection::ToClient,
                                  .client_port = 50000,
                                  .server_port = port,
                                  .payload = bytes_of(payload),
                                  .original_length = static_cast<uint32_t>(payload.size())});
    }
    const Verdict verdict = classifier->finish(state, ip_protocol, 50000, port);
    if (verdict.evidence <= Evidence::Port) return {};
    return std::string(rules->application_name(verdict.application)) + " by " + std::string(rules->signature_id(verdict.signature));
  }
  template <typename Make>
  void expect_no_name(Make&& make) {
    for (const uint16_t port : kPorts) {
      for (const uint8_t ip_protocol : {uint8_t{6}, uint8_t{17}}) {
        size_t named = 0;
        std::string example;
        for (size_t i = 0; i < kFlows; ++i) {
          const std::string name = name_of_flow(ip_protocol, port, make);
          named += name.empty() ? 0 : 1;
          if (!name.empty()) example = name;
        }
        EXPECT_EQ(named, 0u) << "port " << port << ", protocol " << int{ip_protocol} << ", for instance " << example;
      }
    }
  }

  std::shared_ptr<const RuleSet> rules;
  std::unique_ptr<Classifier> classifier;
};

TEST_F(ShippedRules, DoNotNameRandomBytes) {
  std::mt19937 random(20);
  expect_no_name([&] {
    std::string payload(20 + random() % 1400, '\0');
    for (char& c : payload) c = static_cast<char>(random());
    return payload;
  });
}

TEST_F(ShippedRules, DoNotNameFreeText) {
  constexpr std::array<const char*, 48> kWords{
      "the",  "of",   "and",   "to",    "Hello", "we",    "request", "Please", "send",  "file",  "Dear", "Status",
      "report", "is", "in",    "that",  "It",    "was",   "for",     "on",     "are",   "as",    "With", "his",
      "they", "I",    "at",    "Be",    "this",  "have",  "from",    "or",     "one",   "had",   "by",   "word",
      "but",  "not",  "what",  "all",   "were",  "When",  "Your",    "can",    "said",  "there", "use",  "an"};
  std::mt19937 random(21);
  expect_no_name([&] {
    std::string text;
    for (size_t i = 3 + random() % 60; i > 0; --i) {
      text += kWords[random() % kWords.size()];
      text += random() % 12 == 0 ? ".\n" : random() % 9 == 0 ? ", " : " ";
    }
    return text;
  });
}

TEST_F(ShippedRules, DoNotNameColumnsOfSmallIntegers) {
  std::mt19937 random(22);
  expect_no_name([&] {
    std::string table;
    for (size_t i = 16 + random() % 100; i > 0; --i) {
      const auto value = static_cast<uint32_t>(random() % 2000);
      for (const int shift : {0, 8, 16, 24}) table += static_cast<char>(value >> shift);
    }
    return table;
  });
}

TEST_F(ShippedRules, NameProtocolsOnPortsOfOthers) {
  struct Case {
    const char* application;
    uint16_t port;
    std::string client;
    std::string server;
  };
  const std::string hello("\x16\x03\x01\x00\x8d\x01\x00\x00\x89\x03\x03", 11);
  const std::vector<Case> cases{{"http", 3389, "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"},
                                {"ssh", 443, "SSH-2.0-OpenSSH_9.2\r\n", "SSH-2.0-OpenSSH_9.2\r\n"},
                                {"tls", 111, hello + std::string(135, 'x'), std::string("\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03", 11)},
                                {"redis", 22, "*1\r\n$4\r\nPING\r\n", "+PONG\r\n"},
                                {"smtp", 80, "EHLO a.example\r\n", "220 mail ESMTP Postfix\r\n"},
                                {"bittorrent", 443, "\x13" "BitTorrent protocol" + std::string(48, 'p'), ""},
                                {"mqtt", 5432, std::string("\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04test", 18), std::string("\x20\x02\x00\x00", 4)},
                                {"ldap", 25, std::string("\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00", 14), ""},
                                {"vnc", 3306, "RFB 003.008\n", "RFB 003.008\n"},
                                {"amqp", 6379, std::string("AMQP\x00\x00\x09\x01", 8), ""},
                                {"postgresql", 445, std::string("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8), "S"},
                                {"socks", 8443, std::string("\x05\x01\x00", 3), std::string("\x05\x00", 2)}};
  for (const Case& each : cases) {
    ClassifyState state{};
    for (const auto& [payload, direction] : {std::pair(each.client, FlowDirection::ToServer), std::pair(each.server, FlowDirection::ToClient)}) {
      if (payload.empty() || state.done) continue;
      classifier->observe(state, {.ip_protocol = 6,
                                  .direction = direction,
                                  .client_port = 50000,
                                  .server_port = each.port,
                                  .payload = bytes_of(payload),
                                  .original_length = static_cast<uint32_t>(payload.size())});
    }
    const Verdict verdict = classifier->finish(state, 6, 50000, each.port);
    EXPECT_EQ(rules->application_name(verdict.application), each.application) << "on port " << each.port;
    EXPECT_GE(verdict.evidence, Evidence::Confirmed) << each.application;
  }
}

}  // namespace
}  // namespace wirewatch
