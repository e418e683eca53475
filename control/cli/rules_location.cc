// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/rules_location.h"

#include <cstdlib>
#include <system_error>

#include "control/cli/build_info.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

Result<fs::path> existing(const std::string& path, const std::string& named_by) {
  if (is_folder(path)) return path;
  std::error_code why;
  const bool exists = fs::exists(path, why);
  return fail("the rules folder '" + path + "' (" + named_by + ") " +
              (exists ? "is not a folder" : "does not exist"));
}

fs::path beside_program() {
  std::error_code why;
  const fs::path program = fs::read_symlink("/proc/self/exe", why);
  return why ? fs::path() : (program.parent_path() / "../share/wirewatch/rules").lexically_normal();
}

Result<RulesLocation> from_options(const std::vector<std::string>& given) {
  if (given.size() > 2) {
    return fail("--rules was given " + std::to_string(given.size()) +
                " times; at most two folders can be used: the shipped rules, then your own, which win");
  }
  RulesLocation location;
  for (const std::string& path : given) {
    auto folder = existing(path, "--rules");
    if (!folder) return tl::unexpected(folder.error());
    (location.shipped.empty() ? location.shipped : location.operators) = *folder;
  }
  return location;
}

}  // namespace

Result<RulesLocation> locate_rules(const std::vector<std::string>& given) {
  if (!given.empty()) return from_options(given);
  if (const char* named = std::getenv("WIREWATCH_RULES"); named != nullptr && *named != '\0') {
    return existing(named, "$WIREWATCH_RULES").map([](const fs::path& folder) {
      return RulesLocation{folder, {}};
    });
  }
  const fs::path beside = beside_program();
  for (const fs::path& folder : {beside, fs::path(kSourceRules)}) {
    if (!folder.empty() && is_folder(folder)) return RulesLocation{folder, {}};
  }
  return fail("no rules found: neither --rules nor $WIREWATCH_RULES names a folder, and there is none at '" +
              beside.string() + "'");
}

}  // namespace wirewatch
