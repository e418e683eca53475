// SPDX-License-Identifier: BSD-3-Clause
// What `wirewatch doctor` found: one thing it looked at, how it is, and the commands that mend it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wirewatch {

enum class Health : uint8_t {
  Ok,
  Warn,  // works, but some source, some precision or some speed is not to be had
  Fail,  // live capture does not work like this
};

constexpr std::string_view to_string(Health health) noexcept {
  switch (health) {
    case Health::Ok:
      return "ok";
    case Health::Warn:
      return "warn";
    case Health::Fail:
      return "fail";
  }
  return "fail";
}

struct Finding {
  std::string subject;  // "machine", or the name of an interface
  std::string check;    // "hugepages": the same name on every machine, for programs
  Health health = Health::Ok;
  std::string says;               // a sentence without a final full stop
  std::vector<std::string> mend;  // commands, to be run as they stand; empty when nothing is to be done
};

using Findings = std::vector<Finding>;

inline constexpr std::string_view kMachine = "machine";

}  // namespace wirewatch
