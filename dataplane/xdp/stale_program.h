// SPDX-License-Identifier: BSD-3-Clause
// What already sits on an interface: ours and left behind, ours and alive, or somebody else's.
#pragma once

#include <string>

#include "dataplane/base/result.h"

namespace wirewatch::xdp {

/// Takes a program of ours off the interface that no link holds: attached the old way, it has outlived its process. An
/// Error when the program there is not ours.
Result<void> remove_stale(int interface_index);

/// Names the program that is on the interface, and what to do about it.
std::string who_holds(int interface_index);

}  // namespace wirewatch::xdp
