// SPDX-License-Identifier: BSD-3-Clause
#include "control/doctor/machine.h"

#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostBytes = 1 << 20;  // /proc/cpuinfo of hundreds of cores

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

uint32_t le32(std::string_view bytes, size_t at) noexcept {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i)
    value |= static_cast<uint32_t>(static_cast<uint8_t>(bytes[at + i])) << (8 * i);
  return value;
}

}  // namespace

std::optional<std::string> Machine::read(const std::string& path) const {
  std::ifstream file(below_root(path), std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(kMostBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return std::nullopt;
  text.resize(static_cast<size_t>(file.gcount()));
  return std::string(trimmed(text));
}

std::optional<uint64_t> Machine::number(const std::string& path) const {
  const auto text = read(path);
  uint64_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), value);
  return fault == std::errc() && end == text->data() + text->size() ? std::optional(value) : std::nullopt;
}

std::vector<std::string> Machine::list(const std::string& path) const {
  std::vector<std::string> names;
  std::error_code fault;
  for (fs::directory_iterator at(below_root(path), fault), end; !fault && at != end; at.increment(fault))
    names.push_back(at->path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

bool Machine::exists(const std::string& path) const {
  std::error_code ignored;
  return fs::exists(below_root(path), ignored);
}

std::optional<std::string> Machine::link_name(const std::string& path) const {
  std::error_code fault;
  const fs::path target = fs::read_symlink(below_root(path), fault);
  if (fault) return std::nullopt;
  return target.filename().string();
}

std::optional<std::string> Machine::value_of(const std::string& path, std::string_view key) const {
  const auto text = read(path);
  if (!text) return std::nullopt;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.starts_with(key)) continue;
    line.remove_prefix(key.size());
    if (line.empty() || std::string_view(": \t").find(line.front()) == std::string_view::npos) continue;
    line = trimmed(line);
    if (line.starts_with(':')) line = trimmed(line.substr(1));
    return std::string(line);
  }
  return std::nullopt;
}

std::optional<uint64_t> Machine::file_capabilities(const std::string& path) const {
  std::array<char, 64> attribute;
  const ssize_t size =
      ::getxattr(below_root(path).c_str(), "security.capability", attribute.data(), attribute.size());
  if (size < 0) return std::nullopt;
  return parse_file_capabilities({attribute.data(), static_cast<size_t>(size)});
}

bool Machine::has_library(std::string_view name) const {
  for (const std::string folder : {"/usr/local/lib", "/usr/lib", "/lib", "/usr/lib64"}) {
    if (exists(folder + "/" + std::string(name))) return true;
    for (const std::string& triplet : list(folder)) {  // Debian's multiarch folders: x86_64-linux-gnu
      if (triplet.ends_with("-linux-gnu") && exists(folder + "/" + triplet + "/" + std::string(name)))
        return true;
    }
  }
  return false;
}

std::optional<uint64_t> parse_file_capabilities(std::string_view attribute) noexcept {
  // struct vfs_cap_data of <linux/capability.h>: magic, then permitted and inheritable of each half.
  constexpr uint32_t kRevisionMask = 0xff000000, kRevision2 = 0x02000000, kRevision3 = 0x03000000;
  constexpr size_t kLength = 20;
  if (attribute.size() < kLength) return std::nullopt;
  const uint32_t revision = le32(attribute, 0) & kRevisionMask;
  if (revision != kRevision2 && revision != kRevision3) return std::nullopt;
  return static_cast<uint64_t>(le32(attribute, 4)) | static_cast<uint64_t>(le32(attribute, 12)) << 32;
}

}  // namespace wirewatch
