// SPDX-License-Identifier: BSD-3-Clause
// One packet as a line for people: who to whom, which protocol, and what it says. `tshark -r` is the model for every
// column; names of applications come from the flow's verdict where the frame does not say them itself.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "control/packets/info_text.h"
#include "dataplane/filter/frame.h"
#include "dataplane/filter/stream_tracker.h"

namespace wirewatch {

struct PacketLine {
  InfoText source;       // the innermost IP address, else the link-layer one, else empty
  InfoText destination;
  std::string_view protocol;
  InfoText info;
  InfoText made_protocol;  // behind `protocol` where the packet names its own

  void clear() noexcept {
    source.clear();
    destination.clear();
    protocol = {};
    info.clear();
  }
};

struct DescribeMemory;

/// What a frame carries for the application, and around it what helps to read it.
struct ApplicationData {
  std::span<const uint8_t> bytes;  // captured
  size_t length = 0;               // on the wire
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  bool udp = false;
  const TransportFacts* stream = nullptr;
  DescribeMemory& memory;
  uint64_t frame_number = 0;
  uint64_t flow = 0;               // the same for both directions
};

/// Given every frame in order: remembers what the lines of later ones refer to.
class PacketDescriber {
 public:
  PacketDescriber();
  ~PacketDescriber();
  PacketDescriber(PacketDescriber&&) noexcept;
  PacketDescriber& operator=(PacketDescriber&&) noexcept;

  /// Fills `line`; what is not known around the frame (streams, applications) is left out or read from the frame alone.
  void describe(const Frame& frame, PacketLine& line) noexcept;
  /// A frame without a line.
  void remember(const Frame& frame) noexcept;

 private:
  std::unique_ptr<DescribeMemory> memory_;
  std::unique_ptr<PacketLine> unseen_;
};

}  // namespace wirewatch
