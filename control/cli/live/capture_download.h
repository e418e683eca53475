// SPDX-License-Identifier: BSD-3-Clause
// Brings files of a capture session here, each in pieces: however large one is, no more than a piece of it is held.
#pragma once

#include <string>

#include "control/cli/exit_status.h"
#include "control/client/api_client.h"

namespace wirewatch {

struct DownloadRequest {
  std::string session;
  std::string file;    // empty: all of them
  std::string output;  // a file, a folder, "-" for standard output; empty: the file's own name, here
};

ExitStatus download_capture(ApiClient& client, const DownloadRequest& request);

}  // namespace wirewatch
