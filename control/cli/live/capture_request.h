// SPDX-License-Identifier: BSD-3-Clause
// A capture session as options describe it, and as the API takes it: units and triggers are worded for people here, and
// for programs there. What a session may be is for the daemon to know.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control/cli/options/options.h"
#include "control/client/json_access.h"
#include "dataplane/base/result.h"

namespace wirewatch {

struct CaptureRequest {
  std::string name, port, filter, bpf, directory;
  std::optional<uint64_t> snap_length, max_packets, ring_files, keep;
  std::optional<uint16_t> rtt_port;
  // Sizes and times as they were written.
  std::string max_bytes, duration, ring_size, ring_time, before, before_size, every, at_most_every;
  std::string calendar, rtt, window;
  std::optional<std::string> unwanted;  // given, perhaps without names
  bool on_loss = false;
};

void declare_capture_options(Options options, CaptureRequest& request);

/// The body of POST /api/v1/captures.
Result<Json> capture_body(const CaptureRequest& request);

}  // namespace wirewatch
