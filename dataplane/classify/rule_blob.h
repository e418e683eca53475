// SPDX-License-Identifier: BSD-3-Clause
// The bytes in which compiled rules travel: from the compiler to its cache, and to the data plane in a sealed
// memfd. Both halves of the layout live here so that they cannot drift apart.
//
//   magic "WWRULES\0", layout version (le32), SHA-256 of all that follows, SHA-256 of the fields without the serialised
//   databases, then the fields: hs_version, platform, content, TCP databases, UDP databases, databases of single
//   signatures. Integers are little-endian, strings and lists have a le32 length before them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/classify/rule_content.h"

namespace wirewatch {

inline constexpr uint32_t kRuleBlobVersion = 9;
inline constexpr size_t kRuleBlobHashAt = 12;    // offset of the SHA-256
inline constexpr size_t kRuleBlobBodyAt = 44;    // offset of what it covers, which begins with the other SHA-256
inline constexpr size_t kRuleBlobFieldsAt = 76;  // offset of the fields

/// How a blob is looked over before it is believed. Its databases are nearly all of it, and Hyperscan checks a CRC of each
/// when it loads them: for a file that nobody else can write and that is there whole or not at all, that is enough.
enum class BlobCheck : uint8_t { Whole, AllButDatabases };

/// The scanner a database was compiled for; a database runs on no other.
struct ScannerIdentity {
  std::string version;   // hs_version()
  std::string platform;  // tuning and CPU features

  static ScannerIdentity of_this_machine();
  friend bool operator==(const ScannerIdentity&, const ScannerIdentity&) noexcept = default;
};

/// The expressions of all signatures that can begin with this byte, or that can begin with many (kAnyFirstByte).
template <typename Bytes>
struct ByteDatabaseIn {
  uint16_t first_byte = 0;
  Bytes bytes{};  // serialised by Hyperscan
};

/// The whole expression of a signature of which the shared databases know the first bytes or nothing.
template <typename Bytes>
struct OwnDatabaseIn {
  uint16_t signature = 0;
  Bytes bytes{};
};

template <typename Bytes>
struct RuleBlobIn {
  ScannerIdentity scanner;
  RuleContent content;
  std::vector<ByteDatabaseIn<Bytes>> tcp_databases;
  std::vector<ByteDatabaseIn<Bytes>> udp_databases;
  std::vector<OwnDatabaseIn<Bytes>> own_databases;
};

using ByteDatabase = ByteDatabaseIn<std::vector<uint8_t>>;
using OwnDatabase = OwnDatabaseIn<std::vector<uint8_t>>;
using RuleBlob = RuleBlobIn<std::vector<uint8_t>>;
/// As it is read: the databases, nearly all of it, stay where they are.
using RuleBlobView = RuleBlobIn<std::span<const uint8_t>>;

template <typename Bytes>
std::vector<uint8_t> encode_rule_blob(const RuleBlobIn<Bytes>&);

/// Checks the header, the hash and that every index, range and enumerator in the content is one that exists.
/// The databases are handed on as they are, as parts of `blob`: only Hyperscan can judge them, and it guards against accidents (a
/// CRC), not against malice. Blobs are taken from control and from files that only their owner can write.
Result<RuleBlobView> decode_rule_blob(std::span<const uint8_t> blob, BlobCheck check = BlobCheck::Whole);

}  // namespace wirewatch
