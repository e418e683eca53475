// SPDX-License-Identifier: BSD-3-Clause
// The machine under examination: its /proc, /sys and /usr below a root folder, and what its drivers answer.
// Tests put a folder of their own in the place of "/".
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/doctor/ethtool.h"

namespace wirewatch {

class Machine {
 public:
  Machine(std::filesystem::path root, const Ethtool& ethtool) : root_(std::move(root)), ethtool_(ethtool) {}

  /// A file of /proc or /sys, without the line feed at its end; nothing when there is none. `path` is
  /// absolute.
  std::optional<std::string> read(const std::string& path) const;
  /// The number a file holds.
  std::optional<uint64_t> number(const std::string& path) const;
  /// Names in a folder, sorted; none when it cannot be read.
  std::vector<std::string> list(const std::string& path) const;
  bool exists(const std::string& path) const;
  /// The last part of what a link points to: the driver of ".../device/driver".
  std::optional<std::string> link_name(const std::string& path) const;
  /// Value of "Key: value" or "Key   value" in a file of lines.
  std::optional<std::string> value_of(const std::string& path, std::string_view key) const;
  /// The file's capabilities that take effect when it is run (security.capability), as a bit set.
  std::optional<uint64_t> file_capabilities(const std::string& path) const;
  /// Is a shared library of this name in one of the folders of the system's linker?
  bool has_library(std::string_view name) const;

  const Ethtool& ethtool() const noexcept { return ethtool_; }

 private:
  std::filesystem::path below_root(const std::string& path) const { return root_ / path.substr(1); }

  std::filesystem::path root_;
  const Ethtool& ethtool_;
};

/// The permitted set of a VFS_CAP_REVISION_2 or _3 attribute (capabilities(7)); nothing when it is none.
std::optional<uint64_t> parse_file_capabilities(std::string_view attribute) noexcept;

}  // namespace wirewatch
