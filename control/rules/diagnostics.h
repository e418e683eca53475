// SPDX-License-Identifier: BSD-3-Clause
// Collects what is wrong with the rules, so that an author sees all of it at once instead of one fault a run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch {

/// Where something stands in a rule file; lines and columns count from 1.
struct RulePosition {
  std::string file;
  uint32_t line = 0;
  uint32_t column = 0;

  std::string to_string() const;
  RulePosition right_by(size_t columns) const;
};

/// A fault at a byte offset of a short text (a regular expression, a test).
struct TextFault {
  size_t offset = 0;
  std::string message;
};

class Diagnostics {
 public:
  void add(const RulePosition& at, std::string message);
  bool empty() const { return faults_.empty(); }
  /// One "FILE:LINE:COLUMN: what" a line, in the order of the files; a flood is cut short and says so.
  Error to_error() const;

 private:
  struct Fault {
    RulePosition at;
    std::string message;
  };
  std::vector<Fault> faults_;
};

}  // namespace wirewatch
