// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/prepared_rules.h"

#include <algorithm>

#include "dataplane/pipeline/registry.h"

namespace wirewatch {
namespace {

/// The way back: by the registry's number, the rules' own.
std::vector<uint16_t> inverse(const std::vector<uint16_t>& numbers) {
  std::vector<uint16_t> back(numbers.empty() ? 0 : size_t{*std::max_element(numbers.begin(), numbers.end())} + 1, 0);
  for (size_t i = 1; i < numbers.size(); ++i) back[numbers[i]] = static_cast<uint16_t>(i);
  if (!back.empty()) back[0] = 0;
  return back;
}

}  // namespace

PreparedRules::PreparedRules(std::shared_ptr<const RuleSet> rules)
    : PreparedRules(std::move(rules), std::make_shared<const RuleIds>()) {}

PreparedRules::PreparedRules(std::shared_ptr<const RuleSet> rules, std::shared_ptr<const RuleIds> numbers)
    : classifier(std::move(rules)), ids(std::move(numbers)) {}

std::shared_ptr<const RuleIds> number(const RuleSet& rules, Registry& registry) {
  auto ids = std::make_shared<RuleIds>();
  ids->application.resize(rules.application_count() + 1, kUnknownApplication);
  for (size_t i = 1; i < ids->application.size(); ++i) {
    const auto id = static_cast<ApplicationId>(i);
    ids->application[i] = registry.application(rules.application_name(id), rules.application_category(id));
  }
  ids->signature.resize(std::max<size_t>(rules.signature_count(), 1), 0);
  ids->protocol.resize(ids->signature.size(), kUnknownApplication);
  for (size_t i = 1; i < ids->signature.size(); ++i) {
    ids->signature[i] = registry.signature(rules.signature_id(static_cast<uint16_t>(i)));
    ids->protocol[i] = ids->global(rules.signature(static_cast<uint16_t>(i)).protocol);
  }
  ids->local_application = inverse(ids->application);
  ids->local_signature = inverse(ids->signature);
  return ids;
}

}  // namespace wirewatch
