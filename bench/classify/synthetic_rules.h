// SPDX-License-Identifier: BSD-3-Clause
// Rules beyond the catalogue, to see what more of them cost: magic numbers, words, magic behind a length; TCP and UDP; one
// in five is weak and confirmed by a port of its own. The same for the same number everywhere.
#pragma once

#include <array>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

#include "control/rules/rule_sources.h"

namespace wirewatch {

inline std::string synthetic_expression(std::mt19937& random) {
  const auto byte = [&] {
    std::array<char, 8> text;
    std::snprintf(text.data(), text.size(), "\\x%02x", static_cast<unsigned>(random() & 0xff));
    return std::string(text.data());
  };
  const auto kind = random() % 10;
  if (kind < 5) return "^" + byte() + byte() + byte() + byte() + "[\\x00-\\x0f]";
  if (kind < 8) {
    std::string word = "^";
    for (auto i = 4 + random() % 5; i > 0; --i) word += static_cast<char>('A' + random() % 26);
    return word + "[ /\\r][!-~]";
  }
  return "^" + byte() + byte() + "..\\x00[\\x00-\\x03]" + byte() + byte();
}

inline RuleFile synthetic_rules(size_t count) {
  std::mt19937 random(1);
  std::string text = "schema = 1\n";
  for (size_t i = 0; i < count; ++i) {
    const std::string name = "synthetic-" + std::to_string(i);
    const bool weak = random() % 5 == 0;
    text += "[[protocol]]\nname = \"" + name + "\"\ncategory = \"iot\"\n[[protocol.sig]]\nid = \"" + name + ".message\"\nl4 = \"" +
            (random() % 2 == 0 ? "tcp" : "udp") + "\"\nregex = '" + synthetic_expression(random) + "'\ntest = [\"be16@" +
            std::to_string(2 + random() % 6) + " <= len\"]\nstrength = \"" + (weak ? "weak" : "strong") + "\"\n";
    if (weak) text += "confirm = \"port\"\nports = [" + std::to_string(20000 + i % 20000) + "]\n";
  }
  return {"synthetic.toml", std::move(text), false};
}

/// The catalogue and synthetic rules up to `signatures` in all; with fewer than the catalogue has, its oldest families.
inline RuleSources rules_of_size(const std::filesystem::path& folder, size_t signatures, size_t catalogue) {
  RuleSources sources = RuleSources::read(folder).value();
  if (signatures < catalogue) {
    std::erase_if(sources.files, [](const RuleFile& file) {
      const auto name = std::filesystem::path(file.name).filename();
      return name != "web.toml" && name != "names.toml" && name != "mail.toml" && name != "file.toml" && name != "remote.toml";
    });
  } else if (signatures > catalogue) {
    sources.files.push_back(synthetic_rules(signatures - catalogue));
  }
  return sources;
}

}  // namespace wirewatch
