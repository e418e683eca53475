// SPDX-License-Identifier: BSD-3-Clause
// Display filters in Wireshark 4.0's syntax and meaning: compiled once at the edge, evaluated for every frame without
// allocation. `tshark -Y` is the oracle; README.md of this folder lists what differs.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/filter/frame.h"

namespace wirewatch {

/// Names a filter may use besides the fields: the applications of the rule set in force. A bare application name holds
/// for the frames with payload of a flow with that application.
struct FilterNames {
  std::vector<std::string> applications;
};

class Filter {
 public:
  /// Errors say what was expected in a sentence that ends with the column, counted from 1, and name the nearest field
  /// where one was mistyped. An empty filter holds for every frame.
  static Result<Filter> compile(std::string_view text, const FilterNames& names = {});
  ~Filter();
  Filter(Filter&&) noexcept;
  Filter& operator=(Filter&&) noexcept;

  /// Not const, since it works in memory of its own: one Filter a thread.
  bool matches(const Frame& frame) noexcept;

  const Needs& needs() const noexcept;
  const std::string& text() const noexcept;

 private:
  struct Program;
  explicit Filter(std::unique_ptr<Program> program) noexcept;
  std::unique_ptr<Program> program_;
};

}  // namespace wirewatch
