// SPDX-License-Identifier: BSD-3-Clause
// Rules as their author wrote them: understood one file at a time, names not yet looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/rules/diagnostics.h"
#include "dataplane/classify/rule_content.h"

namespace wirewatch {

struct NameInRule {
  std::string name;
  RulePosition at;
};

struct RefineRule {
  Operand field;
  struct Case {
    uint32_t value;
    NameInRule application;
  };
  std::vector<Case> cases;
};

struct SignatureRule {
  std::string id;
  RulePosition at;
  uint8_t transports = 0;
  uint8_t senders = kAnySender;
  std::string regex;
  RulePosition regex_at;
  uint32_t minimum_width = 0;
  uint32_t maximum_width = 0;
  std::vector<Predicate> tests;
  Strength strength = Strength::Strong;
  bool in_later_packets = false;
  std::vector<uint16_t> ports;
  std::vector<NameInRule> over;
  std::optional<RefineRule> refine;
  Extractor extractor = Extractor::None;
};

/// `[[protocol.hello]]`: what a ClientHello has to say, and which name each protocol gets that carries it.
struct HelloRuleText {
  RulePosition at;
  std::vector<std::string> alpns;
  std::vector<std::string> hosts;
  std::vector<uint16_t> ports;
  struct Case {
    NameInRule of;
    NameInRule application;
  };
  std::vector<Case> names;
};

struct PortList {
  uint8_t transports = 0;  // 0: those of the protocol's signatures
  std::vector<uint16_t> ports;
  RulePosition at;
};

struct ProtocolRule {
  std::string name;
  std::string category;  // empty: that of the protocol which refines to this one
  std::string reference;
  RulePosition at;
  bool from_operator = false;
  PeerReader peers = PeerReader::None;
  std::optional<NameInRule> peers_speak;
  AnswerReader answers = AnswerReader::None;
  std::vector<PortList> ports;
  std::vector<SignatureRule> signatures;
  std::vector<HelloRuleText> hellos;
};

}  // namespace wirewatch
