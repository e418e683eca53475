// SPDX-License-Identifier: BSD-3-Clause
// Classic pcap: a file header, then records of a fixed header and the captured bytes.
#pragma once

#include "dataplane/capture/framer.h"
#include "dataplane/capture/pcap_variant.h"

namespace wirewatch {

class PcapFramer final : public Framer {
 public:
  PcapFramer(const PcapLayout& layout, CaptureSummary& summary);

  size_t frame(std::span<const uint8_t> bytes, bool last, std::vector<Packet>& packets, size_t limit) override;

 private:
  template <std::endian kOrder>
  size_t frame_records(std::span<const uint8_t> bytes, bool last, std::vector<Packet>& packets, size_t limit);

  PcapLayout layout_;
  bool header_done_ = false;
  bool layout_settled_ = false;
};

}  // namespace wirewatch
