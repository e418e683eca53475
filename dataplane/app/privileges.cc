// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace wirewatch {
namespace {

constexpr unsigned kCapBpf = 39;  // not in headers older than the kernel that has it

/// The kernel takes 64 bits as two times 32.
using Sets = std::array<__user_cap_data_struct, 2>;

bool own_sets(Sets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  return ::syscall(SYS_capget, &header, sets.data()) == 0;
}

}  // namespace

Result<void> gain_no_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) == 0) return {};
  return fail("cannot renounce new privileges (PR_SET_NO_NEW_PRIVS): " + std::string(std::strerror(errno)));
}

Result<void> drop_capabilities(uint64_t keep) {
  Sets sets{};
  if (!own_sets(sets)) return fail("cannot read the capabilities of the process: " + std::string(std::strerror(errno)));
  for (size_t half = 0; half < sets.size(); ++half) {
    sets[half].permitted &= static_cast<uint32_t>(keep >> (32 * half));
    sets[half].effective = sets[half].permitted;
    sets[half].inheritable = 0;
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  if (::syscall(SYS_capset, &header, sets.data()) != 0) {
    return fail("cannot give up the capabilities of the process: " + std::string(std::strerror(errno)));
  }
  return {};
}

uint64_t capabilities_to_keep(bool xdp) {
  utsname kernel{};
  unsigned major = 0, minor = 0;
  if (!xdp || ::uname(&kernel) != 0 || std::sscanf(kernel.release, "%u.%u", &major, &minor) != 2) return 0;
  const bool asks_by_file = major > 5 || (major == 5 && minor >= 19);
  return asks_by_file ? 0 : uint64_t{1} << kCapBpf;
}

std::vector<std::string> privileged_threads(uint64_t keep) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream status(thread.path() / "status");
    std::string name, line;
    while (std::getline(status, line)) {
      if (line.starts_with("Name:\t")) name = line.substr(6);
      if (line.starts_with("CapPrm:\t") && (std::strtoull(line.c_str() + 8, nullptr, 16) & ~keep) != 0) names.push_back(name);
    }
  }
  return names;
}

}  // namespace wirewatch
