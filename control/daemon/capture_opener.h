// SPDX-License-Identifier: BSD-3-Clause
// Opens a capture for the data plane to replay, which has no business with our files itself.
#pragma once

#include <string>

#include "dataplane/base/file_descriptor.h"
#include "dataplane/base/result.h"

namespace wirewatch {

/// A name without a slash is looked for in `folder`. `any_path` allows absolute paths as well; without it nothing outside
/// of the folder can be opened, not even by a symbolic link.
Result<FileDescriptor> open_capture(const std::string& path, const std::string& folder, bool any_path);

}  // namespace wirewatch
