// SPDX-License-Identifier: BSD-3-Clause
// What a frame still owes when the kernel hands it over unfinished: a checksum that the NIC was to fill in, or segments
// that it was to cut. Kept with frames that are sent on, or they would go out wrong. Lies in the headroom of a frame in a
// packet ring, at a fixed distance before its first byte.
#pragma once

#include <cstdint>

namespace wirewatch {

/// struct virtio_net_hdr of linux/virtio_net.h, which C++ cannot include; in the machine's byte order.
struct FrameOffloads {
  uint8_t flags = 0;
  uint8_t segmentation = 0;  // VIRTIO_NET_HDR_GSO_*
  uint16_t header_length = 0;
  uint16_t segment_size = 0;
  uint16_t checksum_start = 0;
  uint16_t checksum_offset = 0;

  static constexpr uint8_t kNeedsChecksum = 1;
  static constexpr uint32_t kBeforeFrame = 16;  // leaves room for them however the frame is aligned

  /// For a frame that has become longer in front.
  void shift(uint16_t bytes) noexcept {
    if (segmentation != 0) header_length = static_cast<uint16_t>(header_length + bytes);
    if ((flags & kNeedsChecksum) != 0) checksum_start = static_cast<uint16_t>(checksum_start + bytes);
  }
};
static_assert(sizeof(FrameOffloads) == 10);

}  // namespace wirewatch
