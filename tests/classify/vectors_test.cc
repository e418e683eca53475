// SPDX-License-Identifier: BSD-3-Clause
// Every signature of the catalogue finds what it is for, and not what differs in a byte that matters.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <string>

#include "dataplane/classify/classifier.h"
#include "tests/classify/matches_seen.h"
#include "tests/classify/vector_file.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch {
namespace {

constexpr uint16_t kForeignPort = 40000;  // no rule's own
constexpr uint16_t kClientPort = 50000;

/// Those of all families; none when one of them cannot be read, which is then all that the tests say.
const std::vector<RuleVector>& vectors() {
  static const std::vector<RuleVector> all = [] {
    std::vector<std::filesystem::path> folders{std::getenv("WIREWATCH_VECTORS")};
    if (const char* const own = std::getenv("WIREWATCH_OWN_RULES")) folders.push_back(std::filesystem::path(own) / "vectors");
    std::vector<RuleVector> vectors;
    for (const auto& folder : folders) {
      auto read = read_vectors(folder);
      EXPECT_TRUE(read) << read.error().message;
      if (!read) return std::vector<RuleVector>();
      std::ranges::move(*read, std::back_inserter(vectors));
    }
    return vectors;
  }();
  return all;
}

class RuleVectors : public testing::Test {
 protected:
  void SetUp() override {
    if (std::getenv("WIREWATCH_VECTORS") == nullptr || std::getenv("WIREWATCH_RULES") == nullptr) {
      GTEST_SKIP() << "WIREWATCH_VECTORS and WIREWATCH_RULES are not set; meson test sets them";
    }
    rules = shipped_rules();
    ASSERT_TRUE(rules);
    ASSERT_FALSE(vectors().empty()) << "no vectors to hold the rules to";
    classifier = std::make_unique<Classifier>(rules);
    classifier->explain_to(&seen);
  }
  uint16_t index_of(const std::string& id) const {
    for (uint16_t i = 1; i < rules->signature_count(); ++i) {
      if (rules->signature_id(i) == id) return i;
    }
    return 0;
  }
  /// The payload alone in a flow of its own, on the signature's port if it needs one and else on a foreign one.
  Verdict show(uint16_t index, const VectorPayload& payload) {
    const Signature& signature = rules->signature(index);
    const auto ports = rules->ports(signature);
    ClassifyState state{};
    seen.signatures.clear();
    const uint8_t ip_protocol = (signature.transports & kTcpBit) != 0 ? 6 : (signature.transports & kUdpBit) != 0 ? 17 : 132;
    return classifier
        ->observe(state, {.ip_protocol = ip_protocol,
                          .direction = signature.senders == kServerBit ? FlowDirection::ToClient : FlowDirection::ToServer,
                          .client_port = kClientPort,
                          .server_port = ports.empty() ? kForeignPort : ports[0],
                          .payload = payload.bytes,
                          .original_length = payload.wire_length})
        .verdict;
  }

  std::shared_ptr<const RuleSet> rules;
  std::unique_ptr<Classifier> classifier;
  MatchesSeen seen;
};

TEST_F(RuleVectors, AreThereForEverySignatureAndForNoOther) {
  std::map<std::string, size_t> count;
  for (uint16_t i = 1; i < rules->signature_count(); ++i) count[std::string(rules->signature_id(i))] = 0;
  for (const RuleVector& vector : vectors()) {
    EXPECT_TRUE(count.contains(vector.signature)) << vector.where << ": no signature '" << vector.signature << "'";
    ++count[vector.signature];
  }
  for (const auto& [id, vectors_of_it] : count) EXPECT_GT(vectors_of_it, 0u) << id << " has no vector";
}

TEST_F(RuleVectors, HitsAreFound) {
  for (const RuleVector& vector : vectors()) {
    const uint16_t index = index_of(vector.signature);
    if (index == 0) continue;
    show(index, vector.hit);
    EXPECT_TRUE(seen.signatures.contains(index)) << vector.where << ": " << vector.signature << " misses its hit";
  }
}

TEST_F(RuleVectors, MissesAreNotFound) {
  for (const RuleVector& vector : vectors()) {
    const uint16_t index = index_of(vector.signature);
    if (index == 0) continue;
    for (size_t i = 0; i < vector.misses.size(); ++i) {
      show(index, vector.misses[i]);
      EXPECT_FALSE(seen.signatures.contains(index)) << vector.where << ": " << vector.signature << " hits miss " << i + 1;
    }
  }
}

TEST_F(RuleVectors, LeadToTheVerdictOfTheirProtocol) {
  for (const RuleVector& vector : vectors()) {
    const uint16_t index = index_of(vector.signature);
    if (index == 0 || rules->signature(index).strength == Strength::NeedsBothDirections) continue;
    const Verdict verdict = show(index, vector.hit);
    const std::string expected =
        vector.verdict.empty() ? std::string(rules->application_name(rules->signature(index).protocol)) : vector.verdict;
    EXPECT_EQ(rules->application_name(verdict.application), expected) << vector.where << ": " << vector.signature;
  }
}

TEST(RuleVectorNotation, ReadsBytesTextAndRepeats) {
  EXPECT_EQ(vector_bytes("03 'ab c' 00*3 ff").value(), (std::vector<uint8_t>{3, 'a', 'b', ' ', 'c', 0, 0, 0, 255}));
  for (const std::string_view wrong : {"3", "0g", "'open", "00*", "00*99999999", "000"}) {
    EXPECT_FALSE(vector_bytes(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace wirewatch
