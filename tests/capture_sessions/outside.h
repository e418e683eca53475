// SPDX-License-Identifier: BSD-3-Clause
// What tests of capture sessions need of the world outside: a folder, other programs, and a look at the sums.
#pragma once

#include <string>

#include "control/captures/capture_view.h"
#include "tests/support/other_programs.h"

namespace wirewatch::testing {

/// A folder of its own, which goes away with this.
struct Folder {
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string path;
};

/// What capinfos counts in a file, or why not.
std::string packets_by_capinfos(const std::string& path);

/// Empty when every packet is counted in one place.
std::string imbalance(const CaptureView& view);

}  // namespace wirewatch::testing
