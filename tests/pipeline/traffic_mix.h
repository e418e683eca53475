// SPDX-License-Identifier: BSD-3-Clause
// A random but repeatable mix of everything: connections with payload, datagrams, tunnels, fragments, ARP, link types
// nobody dissects, snapshot lengths, frames out of order and copies. Not realistic: adversarial for sums.
#pragma once

#include <vector>

#include "tests/pipeline/worker_run.h"

namespace wirewatch::testing {

std::vector<SentFrame> traffic_mix(unsigned seed, size_t frames);

}  // namespace wirewatch::testing
