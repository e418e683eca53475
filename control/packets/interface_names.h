// SPDX-License-Identifier: BSD-3-Clause
// What a pcapng file says of its interfaces before its first packet, so that a file saved from it says it again.
#pragma once

#include <string>
#include <vector>

#include "dataplane/capture/capture_writer.h"

namespace wirewatch {

/// By number; empty for other formats, compressed files and pipes.
std::vector<CaptureInterface> described_interfaces(const std::string& path);

}  // namespace wirewatch
