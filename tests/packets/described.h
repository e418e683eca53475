// SPDX-License-Identifier: BSD-3-Clause
// A frame as its line in the packet list, for tests.
#pragma once

#include <string>

#include "control/packets/packet_line.h"
#include "dataplane/packet/parse.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {

struct Described {
  std::string source, destination, protocol, info;
};

/// Describes frames one after the other, as flows of the application given.
class Describing {
 public:
  Described operator()(const Packet& packet, std::string_view application = {}) {
    Layers layers;
    parse(packet, {}, layers);
    FlowContext flow;
    flow.application = application;
    flow.evidence = Evidence::Payload;
    const Frame frame{.packet = packet, .layers = layers, .flow = application.empty() ? nullptr : &flow};
    describer_.describe(frame, line_);
    return {std::string(line_.source.view()), std::string(line_.destination.view()), std::string(line_.protocol),
            std::string(line_.info.view())};
  }
  Described operator()(const FrameBuilder& frame, std::string_view application = {}) {
    const Bytes bytes = frame.bytes();
    return (*this)(packet_over(bytes, frame.link_type(), {}, ++number_), application);
  }

 private:
  PacketDescriber describer_;
  PacketLine line_;
  uint64_t number_ = 0;
};

}  // namespace wirewatch::testing
