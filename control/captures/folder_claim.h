// SPDX-License-Identifier: BSD-3-Clause
// One daemon a folder of captures: a second one would take the files that the first is writing for those of a daemon
// that was killed, and mend them.
#pragma once

#include <string>

#include "dataplane/base/file_descriptor.h"
#include "dataplane/base/result.h"

namespace wirewatch {

/// Held until it goes away or the process ends, however it ends (flock(2)).
class FolderClaim {
 public:
  /// Nothing to claim while there is no such folder; an Error when another process holds it.
  Result<void> take(const std::string& directory);
  bool held() const noexcept { return static_cast<bool>(folder_); }

 private:
  FileDescriptor folder_;
};

}  // namespace wirewatch
