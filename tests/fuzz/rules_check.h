// SPDX-License-Identifier: BSD-3-Clause
// What must hold for any bytes at all that are taken for a rule file or for compiled rules. Run by the fuzzer
// and, over its past crashes, by the unit tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "control/rules/rule_linker.h"
#include "control/rules/rule_parser.h"
#include "dataplane/classify/rule_blob.h"
#include "dataplane/classify/rule_set.h"
#include "dataplane/classify/sha256.h"

namespace wirewatch::fuzz {

/// Empty when all is well. Bytes that begin with a blob's magic have their hash made right first, so that
/// what lies behind the hash is reached.
inline std::string check_blob(std::span<const uint8_t> bytes) {
  std::vector<uint8_t> blob(bytes.begin(), bytes.end());
  if (blob.size() >= kRuleBlobBodyAt) {
    const auto digest = sha256(std::span<const uint8_t>(blob).subspan(kRuleBlobBodyAt));
    std::ranges::copy(digest, blob.begin() + kRuleBlobHashAt);
  }
  const auto fields = [](std::span<const uint8_t> of) { return of.subspan(kRuleBlobFieldsAt); };
  if (const auto decoded = decode_rule_blob(blob);
      decoded && !std::ranges::equal(fields(encode_rule_blob(*decoded)), fields(blob))) {
    return "a blob that was believed does not encode to itself";
  }
  const auto rules = RuleSet::load(blob);
  if (!rules) return rules.error().message.empty() ? "an error without words" : "";
  for (size_t id = 0; id <= (*rules)->application_count() + 1; ++id) {
    const auto name = (*rules)->application_name(static_cast<ApplicationId>(id));
    const auto found = (*rules)->find_application(name);
    if (id >= 1 && id <= (*rules)->application_count() && found != id)
      return "a name does not lead back to its id";
  }
  for (size_t i = 1; i < (*rules)->signature_count(); ++i) {
    const Signature& signature = (*rules)->signature(static_cast<uint16_t>(i));
    PredicateInput input{bytes, static_cast<int64_t>(bytes.size()), 1, 2};
    for (const Predicate& test : (*rules)->tests(signature)) static_cast<void>(holds(test, input));
    for (const ApplicationId over : (*rules)->over(signature)) {
      if (over == kUnknownApplication || over > (*rules)->application_count()) return "'over' leads nowhere";
    }
  }
  return {};
}

inline std::string check_rule_text(std::span<const uint8_t> bytes) {
  Diagnostics diagnostics;
  std::vector<ProtocolRule> protocols;
  parse_rules({"input.toml", std::string(bytes.begin(), bytes.end()), false}, protocols, diagnostics);
  if (diagnostics.empty()) {
    const LinkedRules linked = link_rules(std::move(protocols), diagnostics);
    if (diagnostics.empty() && linked.content.signatures.size() != linked.expressions.size()) {
      return "signatures and expressions differ in number";
    }
  }
  if (diagnostics.empty()) return {};
  const std::string message = diagnostics.to_error().message;
  return message.starts_with("input.toml:") ? "" : "a fault without a place: " + message;
}

inline std::string check_rules(std::span<const uint8_t> bytes) {
  constexpr std::string_view kMagic = "WWRULES";
  const bool blob = bytes.size() >= kMagic.size() && std::ranges::equal(bytes.first(kMagic.size()), kMagic);
  return blob ? check_blob(bytes) : check_rule_text(bytes);
}

}  // namespace wirewatch::fuzz
