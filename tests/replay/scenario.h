// SPDX-License-Identifier: BSD-3-Clause
// The bundled captures, inspected with the shipped rules.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "control/replay/inspect.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch::testing {

inline bool scenario_is_set() {
  return std::getenv("WIREWATCH_RULES") != nullptr && std::getenv("WIREWATCH_CAPTURES") != nullptr;
}

inline std::string bundled(const std::string& name) {
  return (std::filesystem::path(std::getenv("WIREWATCH_CAPTURES")) / name).string();
}

/// Options that keep everything.
inline InspectOptions everything_of(const std::vector<std::string>& paths) {
  InspectOptions options;
  options.paths = paths;
  options.rules = shipped_rules();
  options.keep_handshakes = true;
  options.keep_flows = true;
  return options;
}

inline Report report_of(const InspectOptions& options) {
  auto report = inspect(options);
  if (!report) throw std::runtime_error(report.error().message);
  return *std::move(report);
}

inline Report report_of(const std::string& path) { return report_of(everything_of({path})); }

}  // namespace wirewatch::testing
