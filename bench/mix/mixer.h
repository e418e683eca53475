// SPDX-License-Identifier: BSD-3-Clause
// Lays copies of traces on one timeline, each with its own addresses.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "bench/mix/trace.h"

namespace wirewatch::mix {

struct MixOptions {
  uint64_t packets = 1'100'000;
  uint32_t concurrency = 4096;      // conversations that overlap at any time
  uint64_t seed = 1;
};

struct MixSummary {
  uint64_t packets = 0;
  uint64_t bytes = 0;               // on the wire
  uint64_t conversations = 0;
};

/// `time_ns` is since the first frame; frames come in time order and are valid during the call.
using FrameSink = std::function<void(uint64_t time_ns, std::span<const uint8_t> frame, uint32_t original_length)>;

/// Deterministic for the traces and options. Frames keep their bytes but for addresses, a synthetic client's port and
/// the checksums.
MixSummary mix(const std::vector<Trace>& traces, const MixOptions& options, const FrameSink& sink);

}  // namespace wirewatch::mix
