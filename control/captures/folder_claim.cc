// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/folder_claim.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <cstring>

namespace wirewatch {

Result<void> FolderClaim::take(const std::string& directory) {
  if (held()) return {};
  FileDescriptor folder(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) {
    if (errno == ENOENT) return {};
    return fail(directory + ": the folder of captures cannot be opened: " + std::strerror(errno));
  }
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail(directory + ": another wirewatch run keeps its captures there; give one of them another capture_directory");
    return fail(directory + ": the folder of captures cannot be locked: " + std::strerror(errno));
  }
  folder_ = std::move(folder);
  return {};
}

}  // namespace wirewatch
