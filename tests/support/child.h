// SPDX-License-Identifier: BSD-3-Clause
// What a test does in a process of its own, since it would change this one.
#pragma once

#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace wirewatch::testing {

/// A file system of 2 MiB at `folder`, in a mount namespace of this process alone.
inline bool mount_small_disk(const std::string& folder) {
  const uid_t user = ::getuid();
  const gid_t group = ::getgid();
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << fmt::format("0 {} 1", user);
    std::ofstream("/proc/self/gid_map") << fmt::format("0 {} 1", group);
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && ::mkdir(folder.c_str(), 0700) == 0 &&
         ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=2m,mode=0700") == 0;
}

/// Exit status of a child that does this; its words go to stderr.
template <typename Work>
int in_child(Work work) {
  const pid_t child = ::fork();
  if (child == 0) _exit(work());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

inline constexpr int kCannot = 77;  // a status of such work: this machine does not let it

}  // namespace wirewatch::testing
