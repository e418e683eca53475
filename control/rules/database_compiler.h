// SPDX-License-Identifier: BSD-3-Clause
// Expressions of linked rules to Hyperscan databases: two shared ones that every payload is scanned with, and small
// ones of single signatures.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/rules/rule_linker.h"
#include "dataplane/base/result.h"
#include "dataplane/classify/rule_blob.h"

struct hs_database;

namespace wirewatch {

struct FreeHyperscanDatabase {
  void operator()(hs_database* database) const noexcept;
};
using HyperscanDatabase = std::unique_ptr<hs_database, FreeHyperscanDatabase>;

enum class SharedDatabase : uint8_t { Tcp, Udp };  // the TCP database serves SCTP as well

bool belongs_to(const Signature& signature, SharedDatabase which);

/// Null when no signature (other than `without`) belongs to the database.
Result<HyperscanDatabase> compile_shared(const LinkedRules& rules, SharedDatabase which, size_t without = 0);

/// The whole expression of one signature.
Result<HyperscanDatabase> compile_alone(const LinkedRules& rules, size_t signature);

/// Does the shared database know only the beginning of this signature, or nothing?
bool needs_own_database(const LinkedRules& rules, size_t signature);

/// Of every signature that needs one, compiled by a few threads.
Result<std::vector<OwnDatabase>> compile_own(const LinkedRules& rules);

Result<std::vector<uint8_t>> serialise(const HyperscanDatabase& database);
/// In bytes; 0 for null.
size_t size_of(const HyperscanDatabase& database);

}  // namespace wirewatch
