// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/capture_opener.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace wirewatch {

Result<FileDescriptor> open_capture(const std::string& path, const std::string& folder, bool any_path) {
  const std::string shown = "'" + path.substr(0, 256) + "'";
  // Without O_NONBLOCK a named pipe would hold us up for ever.
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  const bool is_name = path.find('/') == std::string::npos;
  FileDescriptor file;
  if (is_name) {
    if (folder.empty()) return fail("no folder is configured to take " + shown + " from; set captures in [control], or give an absolute path over the Unix socket");
    if (path.starts_with('.')) return fail(shown + " is not the name of a capture");
    const FileDescriptor directory(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return fail("cannot open the folder '" + folder + "': " + std::strerror(errno));
    file = FileDescriptor(::openat(directory.get(), path.c_str(), kFlags | O_NOFOLLOW));
  } else {
    if (!any_path) return fail("over TCP only names of captures in the configured folder are taken, not the path " + shown);
    if (!path.starts_with('/')) return fail(shown + " is a relative path; give an absolute one");
    file = FileDescriptor(::open(path.c_str(), kFlags));
  }
  if (!file) return fail("cannot open the capture " + shown + ": " + std::strerror(errno));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return fail(shown + " is no regular file");
  return file;
}

}  // namespace wirewatch
