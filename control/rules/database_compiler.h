// SPDX-License-Identifier: BSD-3-Clause
// Expressions of linked rules to Hyperscan databases. A payload is scanned with two shared ones: that of its first byte, and
// that of the expressions which can begin with many bytes. Single signatures have small ones of their own. Compiling takes
// more than twice as long for twice the expressions, which is the other reason to have many databases instead of one.
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

/// The signatures that one shared database holds, in order.
struct SharedPart {
  uint16_t first_byte = 0;  // or kAnyFirstByte
  std::vector<size_t> signatures;
};
/// Of all shared databases for a transport, in the order of their bytes. A signature is in several when few bytes begin it.
std::vector<SharedPart> shared_parts(const LinkedRules& rules, SharedDatabase which);

/// Null when no signature (other than `without`) is left.
Result<HyperscanDatabase> compile_part(const LinkedRules& rules, const SharedPart& part, size_t without = 0);

/// The whole expression of one signature.
Result<HyperscanDatabase> compile_alone(const LinkedRules& rules, size_t signature);

/// Does the shared database know only the beginning of this signature, or nothing?
bool needs_own_database(const LinkedRules& rules, size_t signature);

struct CompiledDatabases {
  std::vector<ByteDatabase> tcp;
  std::vector<ByteDatabase> udp;
  std::vector<OwnDatabase> own;
};
/// All that scanning needs, compiled by a few threads.
Result<CompiledDatabases> compile_databases(const LinkedRules& rules);

Result<std::vector<uint8_t>> serialise(const HyperscanDatabase& database);
/// In bytes; 0 for null.
size_t size_of(const HyperscanDatabase& database);

}  // namespace wirewatch
