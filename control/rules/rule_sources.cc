// SPDX-License-Identifier: BSD-3-Clause
// Bounded: rules are a few hundred kilobytes, so a folder full of something else is refused instead of
// swallowed.
#include "control/rules/rule_sources.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>

#include "dataplane/classify/sha256.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 4096;
constexpr uintmax_t kLargestFile = 1 << 20;

Result<std::string> read_text(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return fail("cannot read rule file " + path.string() + ": " + error.message());
  if (size > kLargestFile)
    return fail("rule file " + path.string() + " is larger than 1 MiB, which no rule file is");
  std::ifstream stream(path, std::ios::binary);
  std::string text(static_cast<size_t>(size), '\0');
  if (!stream.read(text.data(), static_cast<std::streamsize>(size))) {
    return fail("cannot read rule file " + path.string());
  }
  return text;
}

Result<void> append_folder(const fs::path& folder, bool from_operator, std::vector<RuleFile>& files) {
  std::error_code error;
  std::vector<fs::path> paths;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->path().extension() == ".toml" && it->is_regular_file(ignored)) paths.push_back(it->path());
    if (paths.size() > kMostFiles) {
      return fail("rule folder " + folder.string() + " has more than " + std::to_string(kMostFiles) +
                  " files");
    }
  }
  if (error) return fail("cannot read rule folder " + folder.string() + ": " + error.message());
  std::ranges::sort(paths);
  for (const fs::path& path : paths) {
    auto text = read_text(path);
    if (!text) return tl::unexpected(std::move(text.error()));
    files.push_back({path.string(), std::move(*text), from_operator});
  }
  return {};
}

std::span<const uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace

Result<RuleSources> RuleSources::read(const fs::path& shipped, const fs::path& operators) {
  RuleSources sources;
  if (auto done = append_folder(shipped, false, sources.files); !done)
    return tl::unexpected(std::move(done.error()));
  if (sources.files.empty()) return fail("rule folder " + shipped.string() + " has no *.toml file in it");
  if (!operators.empty()) {
    if (auto done = append_folder(operators, true, sources.files); !done) {
      return tl::unexpected(std::move(done.error()));
    }
  }
  return sources;
}

std::string RuleSources::sha256() const {
  // Each piece is hashed first, so that no choice of names and contents can be taken for another.
  std::vector<uint8_t> digests;
  for (const RuleFile& file : files) {
    for (const auto& piece : {fs::path(file.name).filename().string(), file.text}) {
      const auto digest = wirewatch::sha256(bytes_of(piece));
      digests.insert(digests.end(), digest.begin(), digest.end());
    }
    digests.push_back(file.from_operator ? 1 : 0);
  }
  return to_hex(wirewatch::sha256(digests));
}

}  // namespace wirewatch
