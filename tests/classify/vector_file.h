// SPDX-License-Identifier: BSD-3-Clause
// Vectors of the rules: for each signature bytes that it must find, and near misses. The notation is described in
// tests/classify/vectors/README.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch {

struct VectorPayload {
  std::vector<uint8_t> bytes;
  uint32_t wire_length = 0;  // at least bytes.size()
};

struct RuleVector {
  std::string signature;
  std::string where;    // "vectors/web.toml:12", for messages
  std::string verdict;  // the application it leads to when that is not the signature's protocol
  VectorPayload hit;
  std::vector<VectorPayload> misses;
};

/// "03 00 'text' 00*12" to bytes.
Result<std::vector<uint8_t>> vector_bytes(std::string_view notation);

/// Every vector of every *.toml in the folder.
Result<std::vector<RuleVector>> read_vectors(const std::filesystem::path& folder);

}  // namespace wirewatch
