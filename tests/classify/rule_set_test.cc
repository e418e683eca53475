// SPDX-License-Identifier: BSD-3-Clause
// The rule blob: what goes in comes out, and damage of any kind is an error, never a crash.
#include "dataplane/classify/rule_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "dataplane/classify/rule_blob.h"
#include "dataplane/classify/sha256.h"
#include "tests/classify/rules_from.h"

namespace wirewatch {
namespace {

constexpr std::string_view kRules = R"(
[[protocol]]
name = "zeta"
category = "last"
tcp_ports = [9, 7]
  [[protocol.sig]]
  id = "zeta.one"
  l4 = "tcp"
  regex = '^zeta'
  test = ["be16@4 == len", "u8@6 in 1..5"]
  strength = "weak"
  confirm = "port"
  over = ["alpha"]
[[protocol]]
name = "alpha"
category = "first"
  [[protocol.sig]]
  id = "alpha.one"
  l4 = "any"
  regex = '^alpha'
  strength = "strong"
  refine = {field = "u8@5", 1 = "zeta"}
  [[protocol.hello]]
  alpn = ["one", "two"]
  hosts = ["a.example"]
  names = {alpha = "zeta"}
)";

std::vector<uint8_t> compiled_blob() {
  const auto compiled = compile_rules(sources_from(kRules));
  EXPECT_TRUE(compiled);
  return compiled ? compiled->blob : std::vector<uint8_t>{};
}

/// What is decoded of it points into it.
const std::vector<uint8_t>& blob() {
  static const std::vector<uint8_t> bytes = compiled_blob();
  return bytes;
}

/// Makes the hash in the header right again after somebody changed the body.
void reseal(std::vector<uint8_t>& bytes) {
  const auto digest = sha256(std::span<const uint8_t>(bytes).subspan(kRuleBlobBodyAt));
  std::ranges::copy(digest, bytes.begin() + kRuleBlobHashAt);
}

std::string error_of(std::span<const uint8_t> bytes) {
  const auto rules = RuleSet::load(bytes);
  return rules ? "" : rules.error().message;
}

TEST(RuleSet, NumbersApplicationsInTheOrderOfTheirNames) {
  const auto rules = rules_from(kRules);
  ASSERT_TRUE(rules);
  ASSERT_EQ(rules->application_count(), 2u);
  EXPECT_EQ(rules->application_name(1), "alpha");
  EXPECT_EQ(rules->application_name(2), "zeta");
  EXPECT_EQ(rules->application_category(2), "last");
  EXPECT_EQ(rules->find_application("zeta"), 2u);
  EXPECT_EQ(rules->find_application("beta"), kUnknownApplication);
  EXPECT_EQ(rules->application_name(kUnknownApplication), "unknown");
  EXPECT_EQ(rules->application_name(3), "unknown");
  EXPECT_EQ(rules->signature_id(0), "");
  EXPECT_EQ(rules->signature_id(1), "alpha.one");
  EXPECT_EQ(rules->signature_id(2), "zeta.one");
  EXPECT_EQ(rules->signature_id(3), "");
  EXPECT_EQ(rules->guess(kTcpBit, 7), 2u);
  EXPECT_EQ(rules->guess(kUdpBit, 7), kUnknownApplication);
}

TEST(RuleBlob, KeepsEveryFieldOfASignature) {
  const auto decoded = decode_rule_blob(blob());
  ASSERT_TRUE(decoded) << decoded.error().message;
  const Signature& zeta = decoded->content.signatures[2];
  EXPECT_EQ(zeta.protocol, 2u);
  EXPECT_EQ(zeta.transports, kTcpBit);
  EXPECT_EQ(zeta.senders, kAnySender);
  EXPECT_EQ(zeta.strength, Strength::NeedsPort);
  EXPECT_EQ(zeta.minimum_width, 4u);
  EXPECT_EQ(zeta.tests.count, 2u);
  EXPECT_EQ(zeta.over.count, 1u);
  EXPECT_EQ(zeta.ports.count, 2u);
  EXPECT_EQ(decoded->content.predicates.size(), 2u);
  EXPECT_EQ(decoded->content.predicates[1].comparison, Comparison::InRange);
  EXPECT_EQ(decoded->content.ports, (std::vector<uint16_t>{7, 9}));
  EXPECT_EQ(decoded->content.refinements.at(0).application, 2u);
  EXPECT_EQ(decoded->content.hello_texts, (std::vector<std::string>{"one", "two", "a.example"}));
  EXPECT_EQ(decoded->content.hellos.at(0).alpns.count, 2u);
  EXPECT_EQ(decoded->content.hello_names.at(0).of, 1u);
  EXPECT_EQ(encode_rule_blob(*decoded), blob());
}

TEST(RuleBlob, IsTheSameForTheSameRules) { EXPECT_EQ(compiled_blob(), blob()); }

TEST(RuleSet, SaysWhatIsWrongWithABlob) {
  auto other_version = blob();
  other_version[8] = 99;
  auto damaged = blob();
  damaged.back() ^= 1;
  auto decoded = decode_rule_blob(blob());
  ASSERT_TRUE(decoded);
  decoded->scanner.version = "4.7.0 2018-01-01";
  EXPECT_EQ(error_of({}), "not compiled rules: the first 8 bytes are not the magic WWRULES");
  EXPECT_EQ(error_of(bytes_of("schema = 1\n[[protocol]]\n")),
            "not compiled rules: the first 8 bytes are not the magic WWRULES");
  EXPECT_EQ(error_of(other_version),
            "compiled rules have layout version 99, this program reads version " + std::to_string(kRuleBlobVersion));
  EXPECT_EQ(error_of(damaged),
            "compiled rules are damaged: the SHA-256 in the header does not fit the bytes behind it");
  EXPECT_EQ(error_of(encode_rule_blob(*decoded)).find("rules were compiled for Hyperscan 4.7.0 2018-01-01 ("),
            0u);
}

TEST(RuleSet, RefusesABlobWithAnyByteFlipped) {
  const auto good = blob();
  for (size_t at = 0; at < good.size(); at += at < 600 ? 1 : 97) {
    auto bad = good;
    bad[at] ^= 0x20;
    EXPECT_FALSE(RuleSet::load(bad)) << at;
  }
}

TEST(RuleSet, RefusesABlobCutAnywhere) {
  const auto good = blob();
  for (size_t size = 0; size < good.size(); size += size < 600 ? 1 : 97) {
    std::vector<uint8_t> cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(RuleSet::load(cut)) << size;
    if (size <= kRuleBlobBodyAt) continue;
    reseal(cut);
    EXPECT_FALSE(RuleSet::load(cut)) << size << " resealed";
  }
}

TEST(RuleSet, SurvivesDamageThatItsHashVouchesFor) {
  const auto good = blob();
  for (size_t at = kRuleBlobBodyAt; at < good.size(); at += at < 1500 ? 1 : 97) {
    for (const uint8_t flip : std::array<uint8_t, 3>{0x01, 0x80, 0xff}) {
      auto bad = good;
      bad[at] ^= flip;
      reseal(bad);
      const auto rules =
          RuleSet::load(bad);  // a changed name is still a name; what counts is that nothing breaks
      EXPECT_LE(rules ? (*rules)->application_count() : 0u, 2u) << at;
    }
  }
}

TEST(RuleSet, RefusesContentThatRefersToNothing) {
  struct Case {
    std::string_view description;
    void (*damage)(RuleContent&);
  };
  const std::vector<Case> cases{
      {"protocol", [](RuleContent& content) { content.signatures[1].protocol = 3; }},
      {"no transport", [](RuleContent& content) { content.signatures[1].transports = 0; }},
      {"unknown transport", [](RuleContent& content) { content.signatures[1].transports = 8; }},
      {"no sender", [](RuleContent& content) { content.signatures[1].senders = 0; }},
      {"strength", [](RuleContent& content) { content.signatures[1].strength = static_cast<Strength>(3); }},
      {"extractor",
       [](RuleContent& content) { content.signatures[1].extractor = static_cast<Extractor>(99); }},
      {"tests", [](RuleContent& content) { content.signatures[2].tests.count = 3; }},
      {"tests that wrap around",
       [](RuleContent& content) {
         content.signatures[2].tests = {2, 0xffffffff};
       }},
      {"ports", [](RuleContent& content) { content.signatures[2].ports.first = 1; }},
      {"over", [](RuleContent& content) { content.over[0] = 0; }},
      {"refinement", [](RuleContent& content) { content.refinements[0].application = 3; }},
      {"hello's texts", [](RuleContent& content) { content.hellos[0].hosts.count = 2; }},
      {"hello's names", [](RuleContent& content) { content.hellos[0].names.first = 2; }},
      {"hello of nobody", [](RuleContent& content) { content.hello_names[0].of = 3; }},
      {"hello to nobody", [](RuleContent& content) { content.hello_names[0].application = 0; }},
      {"port guess", [](RuleContent& content) { content.port_guesses[0].application = 3; }},
      {"port guesses out of order", [](RuleContent& content) { std::ranges::reverse(content.port_guesses); }},
      {"names out of order", [](RuleContent& content) { std::ranges::reverse(content.applications); }},
      {"an id too many", [](RuleContent& content) { content.signature_ids.emplace_back("x"); }},
      {"no signature 0",
       [](RuleContent& content) { content.signatures.clear(), content.signature_ids.clear(); }},
      {"signature 0 in use", [](RuleContent& content) { content.signatures[0] = content.signatures[1]; }},
      {"operand",
       [](RuleContent& content) { content.predicates[0].left.first.kind = static_cast<OperandKind>(50); }},
      {"offset", [](RuleContent& content) { content.predicates[0].left.first.value = INT64_MIN; }},
      {"arithmetic",
       [](RuleContent& content) { content.predicates[0].left.arithmetic = static_cast<Arithmetic>(9); }},
      {"comparison",
       [](RuleContent& content) { content.predicates[0].comparison = static_cast<Comparison>(9); }},
  };
  const auto good = decode_rule_blob(blob());
  ASSERT_TRUE(good);
  for (const Case& test : cases) {
    auto bad = *good;
    test.damage(bad.content);
    EXPECT_EQ(error_of(encode_rule_blob(bad)).find("compiled rules are damaged: "), 0u) << test.description;
  }
}

TEST(RuleSet, RefusesASignatureOfAPortWithoutItsDatabase) {
  auto decoded = decode_rule_blob(blob());
  ASSERT_TRUE(decoded);
  for (Signature& signature : decoded->content.signatures) {
    if (signature.protocol != kUnknownApplication) signature.strength = Strength::NeedsPort, signature.by_port = 1;
  }
  decoded->own_databases.clear();
  EXPECT_EQ(error_of(encode_rule_blob(*decoded)),
            "compiled rules are damaged: a signature of a port has no database");
}

TEST(RuleSet, RefusesAFileOfItsOwnWithADamagedByte) {
  EXPECT_TRUE(RuleSet::load_own_file(blob()));
  for (size_t at = 0; at < blob().size(); at += at > blob().size() - 200 ? 1 : 13) {
    if (at >= kRuleBlobHashAt && at < kRuleBlobBodyAt) continue;  // of the SHA-256 that others check
    auto damaged = blob();
    damaged[at] ^= 1;
    EXPECT_FALSE(RuleSet::load_own_file(damaged)) << "byte " << at << " of " << blob().size();
  }
}

TEST(RuleSet, RefusesADatabaseHyperscanDoesNotKnow) {
  auto decoded = decode_rule_blob(blob());
  ASSERT_TRUE(decoded);
  auto& bytes = decoded->udp_databases.front().bytes;
  bytes = bytes.first(bytes.size() / 2);
  EXPECT_EQ(
      error_of(encode_rule_blob(*decoded)).find("compiled rules are damaged: Hyperscan refuses the UDP"), 0u);
}

}  // namespace
}  // namespace wirewatch
