// SPDX-License-Identifier: BSD-3-Clause
// pcapng (draft-ietf-opsawg-pcapng): sections of blocks, each section with its own byte order and interfaces. Packets
// come from Enhanced, Simple and the obsolete Packet Blocks, secrets of TLS from Decryption Secrets Blocks; everything else
// is stepped over.
#pragma once

#include <bit>

#include "dataplane/capture/framer.h"
#include "dataplane/capture/pcapng_interface.h"

namespace wirewatch {

/// Whether the file starts with a Section Header Block, which is the magic of pcapng.
bool starts_as_pcapng(std::span<const uint8_t> head) noexcept;

/// Says why the first Section Header Block cannot be read, if so. `name` is for the error message.
Result<void> check_pcapng_header(std::span<const uint8_t> head, const std::string& name);

class PcapNgFramer final : public Framer {
 public:
  explicit PcapNgFramer(CaptureSummary& summary);

  size_t frame(std::span<const uint8_t> bytes, bool last, std::vector<Packet>& packets, size_t limit) override;

 private:
  /// What a packet block says, in host order.
  struct PacketFields {
    uint32_t interface = 0;
    uint64_t time = 0;
    uint32_t captured = 0;
    uint32_t original = 0;
    uint32_t header = 0;  // bytes of the block before the packet's
    bool timed = true;
  };

  /// The fast way: well-formed Enhanced Packet Blocks in a row. Stops in front of anything else; returns bytes done.
  template <std::endian kOrder>
  size_t frame_enhanced(std::span<const uint8_t> bytes, std::vector<Packet>& packets, size_t limit);

  /// Any single block, with all the checks and their words; returns bytes done, 0 when more are needed or on damage.
  size_t frame_block(std::span<const uint8_t> bytes, bool last, std::vector<Packet>& packets);
  /// What is left of a block too long to be looked at whole.
  size_t skip(std::span<const uint8_t> bytes, bool last);

  void begin_section(std::span<const uint8_t> block);
  void describe_interface(std::span<const uint8_t> block, bool whole);
  void read_packet_block(uint32_t type, std::span<const uint8_t> block, uint32_t total, std::vector<Packet>& packets);
  void append(const PacketFields& fields, const uint8_t* block, std::vector<Packet>& packets);
  void keep_secrets(std::span<const uint8_t> block, bool whole);
  void note_interface(PcapNgInterface& interface);
  void damage(std::string sentence) { stop(Unread::DamagedRecord, std::move(sentence)); }
  void cut_short(size_t left);

  uint16_t load16(const uint8_t* at) const noexcept;
  uint32_t load32(const uint8_t* at) const noexcept;

  std::endian order_ = std::endian::little;
  std::vector<PcapNgInterface> interfaces_;  // of this section
  uint64_t interfaces_before_ = 0;           // in earlier sections
  uint64_t skip_ = 0;                        // bytes of the current block still to step over, its trailer included
  uint32_t skipped_total_ = 0;               // the length the trailer has to repeat
  bool resolution_known_ = false;            // an interface with packets has set the summary's resolution
};

}  // namespace wirewatch
