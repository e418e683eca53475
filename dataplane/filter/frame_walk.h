// SPDX-License-Identifier: BSD-3-Clause
// Collects the values of the wanted fields of a frame: every header the parser found, and those of the packet that an
// ICMP error quotes. Where a filter's common fields can be read straight from the layers, it is not needed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/filter/carried.h"
#include "dataplane/filter/defragmenter.h"
#include "dataplane/filter/field_sink.h"
#include "dataplane/filter/frame.h"
#include "dataplane/filter/stream_tracker.h"

namespace wirewatch::filter {

/// One header of a frame: its bytes up to the end of what it carries, as far as they were captured.
struct Header {
  std::span<const uint8_t> bytes;
  size_t wire_length = 0;     // the same in bytes on the wire
  uint32_t frame_offset = 0;  // of the header
  bool quoted = false;        // inside an ICMP error
  bool carried = false;       // inside another packet in a way the parser does not open
  bool overlong = false;      // the IP header claims more than the frame had on the wire
};

class FrameWalk {
 public:
  explicit FrameWalk(std::span<const FieldId> wanted);

  /// To be called for every frame in order, whether it is run over or not: IP fragments are put together.
  void observe(const Frame& frame) noexcept;
  /// The same for a frame that is known to be no fragment.
  void observe_plain() noexcept { fragment_ = Defragmenter::Outcome::Whole; }
  /// Values stay valid until the next observe, as long as the frame's bytes do.
  void run(const Frame& frame) noexcept;
  std::span<const Occurrence> occurrences() const noexcept { return sink_.occurrences(); }
  const Needs& needs() const noexcept { return needs_; }

 private:
  struct Fixed {
    Place place;
    FieldType type;
    uint16_t slot;
  };

  /// Which of a packet's layers to walk, where the packet begins in the frame, and how many others it is inside.
  struct Part {
    uint8_t first = 0, behind = 0;
    uint32_t base = 0;
    unsigned quotes = 0;
    bool carried = false;  // the last of those is no ICMP error
    bool sampled = false;  // its lengths are those of a packet that is mostly elsewhere
  };
  void walk_layers(const Frame& frame, const Packet& packet, const Layers& layers, const Part& part) noexcept;
  void fixed_fields(Protocol protocol, std::span<const uint8_t> bytes) noexcept;
  void header_fields(const Frame& frame, Protocol protocol, const Header& header, unsigned quotes) noexcept;
  void quoted_packet(const Frame& frame, const Header& header, bool ipv6, unsigned quotes) noexcept;
  void stateless_application(const Header& header) noexcept;
  void carried_packets(const Frame& frame, Protocol protocol, const Header& header, unsigned quotes) noexcept;
  void gtp_message(uint16_t source, uint16_t destination, std::span<const uint8_t> payload) noexcept;
  void application_fields(Protocol transport, const Header& header, const TransportFacts* facts) noexcept;
  void frame_fields(const Frame& frame) noexcept;
  void flow_fields(const Frame& frame) noexcept;
  void protocol_names(const Frame& frame) noexcept;
  Application application_in(const Frame& frame) const noexcept;

  static constexpr size_t kProtocols = static_cast<size_t>(Protocol::Count);
  FieldSink sink_;
  std::optional<Defragmenter> defragmenter_;
  Needs needs_;
  std::array<std::vector<Fixed>, kProtocols> fixed_;
  std::array<FieldId, kProtocols> protocol_fields_;  // the field that is the protocol itself; kFieldCount for none
  std::array<bool, kProtocols> by_code_{};           // some wanted field of the protocol has no fixed place
  std::array<uint16_t, kProtocols> seen_{};
  Defragmenter::Outcome fragment_ = Defragmenter::Outcome::Whole;
  bool wants_frame_ = false, wants_flow_ = false, wants_application_ = false, wants_headers_ = false;
};

/// A field of the application protocols dns, http, tls, dhcp, ntp and their kin.
bool is_application_field(FieldId field) noexcept;

}  // namespace wirewatch::filter
