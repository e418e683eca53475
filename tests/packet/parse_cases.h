// SPDX-License-Identifier: BSD-3-Clause
// One frame for every header the parser reads, with what it must find in it. The same frames are cut byte by byte,
// and given to tshark.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/packet/layers.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {

struct ParseCase {
  std::string_view description;
  FrameBuilder frame;
  std::string_view path;                             // outermost first
  ParseStatus status = ParseStatus::Understood;
  bool has_flow = true;
  uint16_t source_port = 1234;                       // of the flow, when there is one
  uint16_t destination_port = 443;
};

/// Frames that are well-formed.
std::vector<ParseCase> good_frames();
/// Frames that contradict themselves or hold what is not dissected.
std::vector<ParseCase> bad_frames();

/// "eth/ip/tcp".
std::string path_of(const Layers& layers);

}  // namespace wirewatch::testing
