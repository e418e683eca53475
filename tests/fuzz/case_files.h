// SPDX-License-Identifier: BSD-3-Clause
// Inputs of fuzz targets, read by the unit tests that run them again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace wirewatch::fuzz {

/// The contents of every file of a folder; nothing when there is none.
inline std::vector<std::vector<uint8_t>> files_of(const std::filesystem::path& folder) {
  std::vector<std::vector<uint8_t>> files;
  if (!std::filesystem::exists(folder)) return files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return files;
}

}  // namespace wirewatch::fuzz
