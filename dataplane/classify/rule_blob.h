// SPDX-License-Identifier: BSD-3-Clause
// The bytes in which compiled rules travel: from the compiler to its cache, and to the data plane in a sealed
// memfd. Both halves of the layout live here so that they cannot drift apart.
//
//   magic "WWRULES\0", layout version (le32), SHA-256 of all that follows, then the body: hs_version,
//   platform, content, TCP databases, UDP databases, databases of single signatures. Integers are
//   little-endian, strings and lists have a le32 length before them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/classify/rule_content.h"

namespace wirewatch {

inline constexpr uint32_t kRuleBlobVersion = 7;
inline constexpr size_t kRuleBlobHashAt = 12;  // offset of the SHA-256
inline constexpr size_t kRuleBlobBodyAt = 44;  // offset of what it covers

/// The scanner a database was compiled for; a database runs on no other.
struct ScannerIdentity {
  std::string version;   // hs_version()
  std::string platform;  // tuning and CPU features

  static ScannerIdentity of_this_machine();
  friend bool operator==(const ScannerIdentity&, const ScannerIdentity&) noexcept = default;
};

/// The expressions of all signatures that can begin with this byte, or that can begin with many (kAnyFirstByte).
struct ByteDatabase {
  uint16_t first_byte = 0;
  std::vector<uint8_t> bytes;  // serialised by Hyperscan
};

/// The whole expression of a signature of which the shared databases know the first bytes or nothing.
struct OwnDatabase {
  uint16_t signature = 0;
  std::vector<uint8_t> bytes;
};

struct RuleBlob {
  ScannerIdentity scanner;
  RuleContent content;
  std::vector<ByteDatabase> tcp_databases;
  std::vector<ByteDatabase> udp_databases;
  std::vector<OwnDatabase> own_databases;
};

std::vector<uint8_t> encode_rule_blob(const RuleBlob&);

/// Checks the header, the hash and that every index, range and enumerator in the content is one that exists.
/// The databases are handed on as they are: only Hyperscan can judge them, and it guards against accidents (a
/// CRC), not against malice. Blobs are taken from control and from files that only their owner can write.
Result<RuleBlob> decode_rule_blob(std::span<const uint8_t> blob);

}  // namespace wirewatch
