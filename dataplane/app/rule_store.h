// SPDX-License-Identifier: BSD-3-Clause
// The rules in force: from a file at the start, from control afterwards. A set that is wrong in any way is refused and the
// one before stays.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dataplane/base/result.h"
#include "dataplane/classify/rule_set.h"
#include "dataplane/pipeline/prepared_rules.h"
#include "dataplane/pipeline/registry.h"

namespace wirewatch {

class RuleStore {
 public:
  /// Begins with the empty rule set, which leaves everything unclassified.
  static Result<RuleStore> make(Registry& registry);

  Result<void> load_file(const std::string& path);
  /// From a memory file that nobody can change any more; refused unless it is sealed against writing and resizing.
  Result<void> load_sealed(int fd);

  /// The rules in force, made ready for one worker.
  std::unique_ptr<PreparedRules> prepare() const;
  /// Hexadecimal; empty while there are none.
  const std::string& sha256() const noexcept { return sha256_; }
  /// How many sets were taken.
  uint64_t generation() const noexcept { return generation_; }

 private:
  explicit RuleStore(Registry& registry) : registry_(&registry) {}
  Result<void> load(std::span<const uint8_t> blob);

  Registry* registry_;
  std::shared_ptr<const RuleSet> rules_;
  std::shared_ptr<const RuleIds> ids_;
  std::string sha256_;
  uint64_t generation_ = 0;
};

}  // namespace wirewatch
