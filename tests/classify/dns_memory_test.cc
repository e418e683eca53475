// SPDX-License-Identifier: BSD-3-Clause
// Names that clients asked for, remembered for the flows that follow.
#include "dataplane/base/timestamp.h"
#include "dataplane/classify/dns_memory.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace wirewatch {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr Timestamp kStart{1'700'000'000'000'000'000};
Timestamp after(int64_t seconds) { return {kStart.ns + seconds * kSecond_ns}; }

IpAddress address(const char* text) { return IpAddress::parse(text).value(); }

struct Answer {
  uint16_t type = 1;
  uint32_t ttl = 600;
  Bytes data;
};
Answer a(const char* text, uint32_t ttl = 600) {
  const IpAddress parsed = address(text);
  const size_t size = parsed.family == IpFamily::V4 ? 4 : 16;
  return {size == 4 ? uint16_t{1} : uint16_t{28}, ttl, Bytes(parsed.bytes.begin(), parsed.bytes.begin() + static_cast<long>(size))};
}
Answer cname() { return {5, 600, {3, 'c', 'd', 'n', 0xc0, 12}}; }

void be(Bytes& out, uint64_t value, int width) {
  for (int i = width - 1; i >= 0; --i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

Bytes response(std::string_view name, const std::vector<Answer>& answers, uint16_t flags = 0x8180) {
  Bytes message{0x12, 0x34};
  be(message, flags, 2);
  be(message, 1, 2);
  be(message, answers.size(), 2);
  be(message, 0, 4);
  for (size_t begin = 0; begin < name.size();) {
    const size_t end = std::min(name.find('.', begin), name.size());
    message.push_back(static_cast<uint8_t>(end - begin));
    message.insert(message.end(), name.begin() + static_cast<long>(begin), name.begin() + static_cast<long>(end));
    begin = end + 1;
  }
  message.push_back(0);
  be(message, 1, 2);
  be(message, 1, 2);
  for (const Answer& answer : answers) {
    be(message, 0xc00c, 2);
    be(message, answer.type, 2);
    be(message, 1, 2);
    be(message, answer.ttl, 4);
    be(message, answer.data.size(), 2);
    message.insert(message.end(), answer.data.begin(), answer.data.end());
  }
  return message;
}

bool learn(DnsMemory& memory, const Bytes& message, const IpAddress& client, Timestamp time) {
  DnsAnswerReader reader;
  DnsAnswer answer;
  if (!reader.read(message, answer)) return false;
  memory.learn(answer, client, time);
  return true;
}

const IpAddress kClient = address("10.0.0.5");
const IpAddress kOther = address("10.0.0.6");

TEST(DnsMemory, GivesTheNameThatWasAskedFor) {
  DnsMemory memory;
  learn(memory, response("WWW.Example.org", {cname(), a("192.0.2.1"), a("2001:db8::1")}), kClient, kStart);
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.1"), after(1)), "www.example.org");
  EXPECT_EQ(memory.name_of(kClient, address("2001:db8::1"), after(1)), "www.example.org");
  EXPECT_EQ(memory.counters().remembered, 2u);
}

TEST(DnsMemory, KnowsOnlyWhatThisClientAskedFor) {
  DnsMemory memory;
  learn(memory, response("a.example", {a("192.0.2.1")}), kClient, kStart);
  EXPECT_EQ(memory.name_of(kOther, address("192.0.2.1"), kStart), "");
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.2"), kStart), "");
}

TEST(DnsMemory, TakesTheLatestAnswerForAnAddress) {
  DnsMemory memory;
  learn(memory, response("first.example", {a("192.0.2.1")}), kClient, kStart);
  learn(memory, response("second.example", {a("192.0.2.1")}), kClient, after(1));
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.1"), after(2)), "second.example");
}

TEST(DnsMemory, GivesNoNameThatWasAskedForLater) {
  DnsMemory memory;
  learn(memory, response("first.example", {a("192.0.2.1")}), kClient, after(10));
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.1"), after(9)), "");
  learn(memory, response("first.example", {a("192.0.2.1")}), kClient, after(20));
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.1"), after(15)), "first.example") << "it was told the same again";
  learn(memory, response("second.example", {a("192.0.2.1")}), kClient, after(30));
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.1"), after(25)), "") << "rather none than a wrong one";
}

TEST(DnsMemory, ForgetsInPacketTime) {
  DnsMemory memory;
  learn(memory, response("a.example", {a("192.0.2.1", 1000)}), kClient, kStart);
  learn(memory, response("b.example", {a("192.0.2.2", 1)}), kClient, kStart);
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.1"), after(1000)), "a.example");
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.1"), after(1001)), "");
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.2"), after(300)), "b.example");  // programs keep addresses longer
  EXPECT_EQ(memory.name_of(kClient, address("192.0.2.2"), after(301)), "");
}

TEST(DnsMemory, PassesOverWhatIsNoGoodAnswer) {
  struct Case {
    const char* description;
    Bytes message;
  };
  const std::vector<Case> cases{{"a question", response("a.example", {a("192.0.2.1")}, 0x0100)},
                                {"an error", response("a.example", {a("192.0.2.1")}, 0x8183)},
                                {"an update", response("a.example", {a("192.0.2.1")}, 0xa800)},
                                {"no answer", response("a.example", {})},
                                {"a short address", response("a.example", {{1, 60, {1, 2, 3}}})},
                                {"no host name", response("a b.example", {a("192.0.2.1")})}};
  for (const Case& each : cases) {
    DnsMemory memory;
    learn(memory, each.message, kClient, kStart);
    EXPECT_EQ(memory.counters().remembered, 0u) << each.description;
  }
}

TEST(DnsMemory, IsBoundedAndCountsWhatItForgets) {
  DnsMemory memory(64);
  for (uint32_t i = 0; i < 5000; ++i) {
    const std::string server = "10." + std::to_string(i >> 16 & 255) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255);
    learn(memory, response("host-" + std::to_string(i) + ".example", {a(server.c_str())}), kClient, kStart);
    EXPECT_EQ(memory.name_of(kClient, address(server.c_str()), kStart), "host-" + std::to_string(i) + ".example");
  }
  EXPECT_GT(memory.counters().replaced, 4000u);
}

TEST(DnsMemory, GivesNoNameThatTheRingHasOverwritten) {
  DnsMemory memory(64);
  learn(memory, response("first.example", {a("192.0.2.1")}), kClient, kStart);
  for (int i = 0; i < 200; ++i) learn(memory, response("another-long-name.example", {a("192.0.2.9")}), kOther, kStart);
  const auto name = memory.name_of(kClient, address("192.0.2.1"), kStart);
  EXPECT_TRUE(name.empty() || name == "first.example");
}

TEST(DnsMemory, SurvivesDamage) {
  const Bytes good = response("www.example.org", {cname(), a("192.0.2.1"), a("192.0.2.2")});
  DnsMemory memory(64);
  for (size_t size = 0; size < good.size(); ++size) learn(memory, Bytes(good.begin(), good.begin() + static_cast<long>(size)), kClient, kStart);
  std::mt19937 random(7);
  for (int round = 0; round < 5000; ++round) {
    Bytes bad = good;
    for (int i = 0; i < 4; ++i) bad[random() % bad.size()] = static_cast<uint8_t>(random());
    learn(memory, bad, kClient, {static_cast<int64_t>(random()) << 31});
  }
  learn(memory, good, kClient, {INT64_MAX - 5});
  learn(memory, good, kClient, kNoTimestamp);
}

}  // namespace
}  // namespace wirewatch
