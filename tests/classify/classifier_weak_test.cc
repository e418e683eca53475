// SPDX-License-Identifier: BSD-3-Clause
// Weak signatures, guesses from ports, and when the classifier gives up on a flow.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/classify/flow_under_test.h"

namespace wirewatch {
namespace {

std::shared_ptr<const RuleSet> weak_rules() {
  static const auto rules = rules_from(R"(
[[protocol]]
name = "media"
category = "voice"
  [[protocol.sig]]
  id = "media.packet"
  l4 = "udp"
  regex = '^\x80[\x00-\x7f]'
  strength = "weak"
  confirm = "both-directions"
[[protocol]]
name = "clock"
category = "time"
udp_ports = [123]
  [[protocol.sig]]
  id = "clock.any"
  l4 = "udp"
  regex = '^[\x1b\x23\x80].{15}'
  test = ["len >= 20"]
  strength = "weak"
  confirm = "port"
[[protocol]]
name = "tftp"
category = "file"
udp_ports = [69]
)");
  return rules;
}

const std::string kMediaPacket = "\x80\x01" + std::string(30, 'm');

TEST(Classifier, ConfirmsByBothDirections) {
  Flow flow(weak_rules(), 17);
  EXPECT_EQ(flow.client(kMediaPacket).verdict.evidence, Evidence::None);
  EXPECT_EQ(flow.client(kMediaPacket).verdict.evidence, Evidence::None);
  const auto answer = flow.server(kMediaPacket);
  EXPECT_EQ(flow.name(answer.verdict), "media");
  EXPECT_EQ(answer.verdict.evidence, Evidence::Confirmed);
  EXPECT_FALSE(answer.done);  // a strong one may still come
  EXPECT_EQ(flow.name(flow.finish()), "media");
}

TEST(Classifier, ConfirmsByBothSidesWhenNobodyKnowsTheClient) {
  Flow flow(weak_rules(), 17);
  flow.send(FlowDirection::Unknown, bytes_of(kMediaPacket));
  EXPECT_EQ(flow.send(FlowDirection::Unknown, bytes_of(kMediaPacket)).verdict.evidence, Evidence::None);
  EXPECT_EQ(flow.send(FlowDirection::Unknown, bytes_of(kMediaPacket), 0, true).verdict.evidence,
            Evidence::Confirmed);
}

TEST(Classifier, LeavesAnUnconfirmedWeakMatchUnknown) {
  Flow flow(weak_rules(), 17);
  flow.client(kMediaPacket);
  flow.server(std::string(40, '?'));
  EXPECT_EQ(flow.finish().evidence, Evidence::None);
  EXPECT_EQ(flow.finish().application, kUnknownApplication);
}

TEST(Classifier, ConfirmsByAPortOfTheProtocol) {
  Flow flow(weak_rules(), 17, 123);
  const auto result = flow.client("\x1b" + std::string(47, '.'));
  EXPECT_EQ(flow.name(result.verdict), "clock");
  EXPECT_EQ(result.verdict.evidence, Evidence::Confirmed);
}

TEST(Classifier, GuessesFromThePortOnlyAtTheEnd) {
  Flow flow(weak_rules(), 17, 69);
  EXPECT_EQ(flow.client(std::string(20, '?')).verdict.evidence, Evidence::None);
  const Verdict verdict = flow.finish();
  EXPECT_EQ(flow.name(verdict), "tftp");
  EXPECT_EQ(verdict.evidence, Evidence::Port);
}

TEST(Classifier, GuessesFromTheLowerPortWhenTheSidesMayBeSwapped) {
  Classifier classifier(weak_rules());
  ClassifyState swapped{};
  EXPECT_EQ(classifier.finish(swapped, 17, 69, 50000).evidence, Evidence::Port);
  ClassifyState ephemeral{};
  EXPECT_EQ(classifier.finish(ephemeral, 17, 123, 53).evidence, Evidence::None);
  ClassifyState other_transport{};
  EXPECT_EQ(classifier.finish(other_transport, 6, 50000, 69).evidence, Evidence::None);
}

TEST(Classifier, ScansFourPacketsOfEachDirectionAndGivesUp) {
  Flow flow(weak_rules(), 17, 69);
  const std::string nonsense(20, '?');
  for (int i = 0; i < 6; ++i) EXPECT_FALSE(flow.client(nonsense).done);
  EXPECT_EQ(flow.counters().scans, 4u);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(flow.server(nonsense).done);
  const auto last = flow.server(nonsense);
  EXPECT_TRUE(last.done);
  EXPECT_EQ(flow.counters().scans, 8u);
  EXPECT_EQ(last.verdict.evidence, Evidence::Port);
}

TEST(Classifier, GivesUpOnAFlowWithOneDirection) {
  Flow flow(weak_rules(), 17);
  int packets = 1;
  while (!flow.client(std::string(20, '?')).done) ++packets;
  EXPECT_EQ(packets, kPatience);
}

TEST(Classifier, KnowsThreeTransportsAndLeavesOthersAlone) {
  Flow gre(weak_rules(), 47, 69);
  const auto result = gre.client(kMediaPacket);
  EXPECT_TRUE(result.done);
  EXPECT_EQ(result.verdict.evidence, Evidence::None);
  EXPECT_EQ(gre.counters().scans, 0u);
}

TEST(Classifier, UsesTheLengthOnTheWireForACutPacket) {
  Flow flow(weak_rules(), 17, 123);
  const std::string captured = "\x1b" + std::string(15, '.');
  EXPECT_EQ(flow.send(FlowDirection::ToServer, bytes_of(captured), 16).verdict.evidence, Evidence::None);
  EXPECT_EQ(flow.send(FlowDirection::ToServer, bytes_of(captured), 48).verdict.evidence, Evidence::Confirmed);
}

}  // namespace
}  // namespace wirewatch
