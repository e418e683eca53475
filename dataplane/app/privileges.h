// SPDX-License-Identifier: BSD-3-Clause
// Opening ports takes privileges, watching them takes none: once all ports are open the process gives up every capability,
// for good, before it reads the first packet of a stranger.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch {

/// At the start, before there is any other thread: no program that is executed from here on gains a privilege.
Result<void> gain_no_privileges();

/// Of the calling thread, and of those it starts from then on. `keep` is a bit for each capability that stays, of those there are.
Result<void> drop_capabilities(uint64_t keep);

/// What stays: nothing; or CAP_BPF where XDP programs are told what to block and the kernel (before 5.19) asks for it each time.
uint64_t capabilities_to_keep(bool xdp);

/// Threads of this process that hold other capabilities than `keep`, by name: there should be none.
std::vector<std::string> privileged_threads(uint64_t keep);

}  // namespace wirewatch
