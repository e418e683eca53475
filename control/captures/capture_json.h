// SPDX-License-Identifier: BSD-3-Clause
// Capture sessions as JSON: for the API, and for the file that outlives the process.
#pragma once

#include <nlohmann/json.hpp>

#include "control/captures/capture_spec.h"
#include "control/captures/capture_view.h"
#include "dataplane/base/result.h"

namespace wirewatch {

/// In the form that read_capture_spec() takes; what is as it would be anyway is left out.
nlohmann::ordered_json to_json(const CaptureSpec& spec);

/// Times are strings of seconds with nine digits, as everywhere in the API; what is not known is left out.
nlohmann::ordered_json to_json(const CaptureView& view);

/// Reads what to_json() wrote. The text comes from a disk and may be anything; names that lead out of the session's
/// folder are refused.
Result<CaptureView> read_capture_view(std::string_view json);

}  // namespace wirewatch
