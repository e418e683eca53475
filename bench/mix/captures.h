// SPDX-License-Identifier: BSD-3-Clause
// Traces out of saved captures, so that the mix is real traffic.
#pragma once

#include <string>
#include <vector>

#include "bench/mix/trace.h"

namespace wirewatch::mix {

/// One trace a capture: of the file named, or of every Ethernet capture in the folder named, by name. What cannot be read
/// or has under four frames is left out. Throws std::runtime_error when nothing is left.
std::vector<Trace> captured_traces(const std::string& file_or_folder);

}  // namespace wirewatch::mix
