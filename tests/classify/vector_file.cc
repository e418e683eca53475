// SPDX-License-Identifier: BSD-3-Clause
#include "tests/classify/vector_file.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

template <typename Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A miss is the hit with bytes replaced ("at 5: d0"), with another length on the wire ("length 44"), or in full.
Result<VectorPayload> read_miss(std::string_view text, const VectorPayload& hit) {
  VectorPayload miss = hit;
  if (text.starts_with("length ")) {
    const auto length = number<uint32_t>(text.substr(7), 10);
    if (!length || *length < miss.bytes.size()) return fail("'" + std::string(text) + "' is no length of the hit or more");
    miss.wire_length = *length;
    return miss;
  }
  if (!text.starts_with("at ")) {
    auto bytes = vector_bytes(text);
    if (!bytes) return tl::unexpected(bytes.error());
    const auto length = static_cast<uint32_t>(bytes->size());
    return VectorPayload{std::move(*bytes), length};
  }
  const size_t colon = text.find(": ");
  if (colon == std::string_view::npos) return fail("'" + std::string(text) + "': expected at OFFSET: BYTES");
  const auto offset = number<size_t>(text.substr(3, colon - 3), 10);
  const auto bytes = vector_bytes(text.substr(colon + 2));
  if (!offset || !bytes || *offset + bytes->size() > miss.bytes.size()) {
    return fail("'" + std::string(text) + "' does not lie inside the hit");
  }
  std::ranges::copy(*bytes, miss.bytes.begin() + static_cast<std::ptrdiff_t>(*offset));
  return miss;
}

Result<RuleVector> read_vector(const toml::table& table, const std::string& file) {
  RuleVector vector;
  vector.where = file + ":" + std::to_string(table.source().begin.line);
  vector.signature = table["sig"].value_or(std::string());
  vector.verdict = table["verdict"].value_or(std::string());
  auto bytes = vector_bytes(table["hit"].value_or(std::string_view()));
  if (!bytes) return fail(vector.where + ": " + bytes.error().message);
  const int64_t wire = table["wire"].value_or(static_cast<int64_t>(bytes->size()));
  if (bytes->empty() || wire < static_cast<int64_t>(bytes->size()) || wire > 65535) {
    return fail(vector.where + ": a hit has bytes, and 'wire' is their length or more");
  }
  vector.hit = {std::move(*bytes), static_cast<uint32_t>(wire)};
  const toml::array* const misses = table["miss"].as_array();
  if (misses == nullptr || misses->empty()) return fail(vector.where + ": 'miss' must list at least one");
  for (const toml::node& node : *misses) {
    auto miss = read_miss(node.value_or(std::string_view()), vector.hit);
    if (!miss) return fail(vector.where + ": " + vector.signature + ": " + miss.error().message);
    vector.misses.push_back(std::move(*miss));
  }
  return vector;
}

}  // namespace

Result<std::vector<uint8_t>> vector_bytes(std::string_view notation) {
  std::vector<uint8_t> bytes;
  size_t at = 0;
  while (at < notation.size()) {
    if (notation[at] == ' ') {
      ++at;
      continue;
    }
    if (notation[at] == '\'') {
      const size_t end = notation.find('\'', at + 1);
      if (end == std::string_view::npos) return fail("a text has no closing quote");
      for (const char c : notation.substr(at + 1, end - at - 1)) bytes.push_back(static_cast<uint8_t>(c));
      at = end + 1;
      continue;
    }
    const size_t end = std::min(notation.find(' ', at), notation.size());
    const std::string_view word = notation.substr(at, end - at);
    const size_t star = std::min(word.find('*'), word.size());
    const auto byte = star == 2 ? number<uint8_t>(word.substr(0, 2), 16) : std::nullopt;
    const auto times = star == word.size() ? std::optional<size_t>(1) : number<size_t>(word.substr(star + 1), 10);
    if (!byte || !times || *times > 65535) {
      return fail("'" + std::string(word) + "' is no byte: two hexadecimal digits, a 'text', or 00*12");
    }
    bytes.insert(bytes.end(), *times, *byte);
    at = end;
  }
  return bytes;
}

Result<std::vector<RuleVector>> read_vectors(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  if (error) return fail("cannot read " + folder.string() + ": " + error.message());
  std::ranges::sort(files);
  std::vector<RuleVector> all;
  std::string faults;
  const auto complain = [&](const std::string& fault) { faults += (faults.empty() ? "" : "\n") + fault; };
  for (const fs::path& path : files) {
    try {
      const toml::table root = toml::parse_file(path.string());
      const toml::array* const vectors = root["vector"].as_array();
      for (size_t i = 0; vectors != nullptr && i < vectors->size(); ++i) {
        const toml::table* const table = (*vectors)[i].as_table();
        if (table == nullptr) return fail(path.string() + ": [[vector]] must be tables");
        auto vector = read_vector(*table, path.filename().string());
        if (vector) {
          all.push_back(std::move(*vector));
        } else {
          complain(vector.error().message);
        }
      }
    } catch (const toml::parse_error& fault) {
      complain(path.filename().string() + ":" + std::to_string(fault.source().begin.line) + ": " +
               std::string(fault.description()));
    }
  }
  if (!faults.empty()) return fail(faults);
  return all;
}

}  // namespace wirewatch
