// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/pcapng_writer.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "dataplane/base/byte_order.h"
#include "dataplane/capture/pcapng_block_type.h"

namespace wirewatch {
namespace {

static_assert(std::endian::native == std::endian::little, "sections are written in the machine's order");

constexpr size_t kFrame = 12;  // type and length before a block's body, the length again behind it

namespace option {
constexpr uint16_t kEnd = 0, kComment = 1;
constexpr uint16_t kSystem = 3, kApplication = 4;                                      // of a section
constexpr uint16_t kName = 2, kDescription = 3, kResolution = 9, kFilter = 11;         // of an interface
constexpr uint16_t kDropped = 4;                                                       // of a packet
constexpr uint16_t kStart = 2, kStop = 3, kReceived = 4, kLost = 5, kAccepted = 6, kLostBySystem = 7, kDelivered = 8;
}  // namespace option

constexpr uint8_t kInNanoseconds = 9;      // if_tsresol: 10^-9
constexpr uint8_t kFilterIsText = 0;       // if_filter: libpcap's syntax follows
constexpr size_t kLongestText = 16 * 1024;  // of an option; the format allows 65,535 bytes

constexpr size_t padded(size_t bytes) noexcept { return (bytes + 3) & ~size_t{3}; }

/// One block from its start on, in memory that holds it.
class BlockBuilder {
 public:
  BlockBuilder(uint8_t* at, uint32_t type) noexcept : begin_(at), at_(at + 8) { std::memcpy(begin_, &type, 4); }

  template <typename Number>
  void put(Number value) noexcept {
    std::memcpy(at_, &value, sizeof value);
    at_ += sizeof value;
  }
  void put_time(uint64_t ns) noexcept {  // the upper half comes first, in either byte order
    put(static_cast<uint32_t>(ns >> 32));
    put(static_cast<uint32_t>(ns));
  }
  void put_padded(const void* bytes, size_t count) noexcept {
    if (count > 0) std::memcpy(at_, bytes, count);  // an empty packet may have no address
    std::memset(at_ + count, 0, padded(count) - count);
    at_ += padded(count);
  }
  void option(uint16_t code, std::string_view text) noexcept {
    if (text.empty()) return;
    text = text.substr(0, kLongestText);
    begin_option(code, text.size());
    put_padded(text.data(), text.size());
  }
  void option(uint16_t code, std::optional<uint64_t> value) noexcept {
    if (!value) return;
    begin_option(code, 8);
    put(*value);
  }
  void time_option(uint16_t code, Timestamp time) noexcept {
    if (time.ns < 0) return;  // kNoTimestamp among them
    begin_option(code, 8);
    put_time(static_cast<uint64_t>(time.ns));
  }
  void begin_option(uint16_t code, size_t length) noexcept {
    put(code);
    put(static_cast<uint16_t>(length));
    has_options_ = true;
  }
  /// The whole block's length.
  size_t finish() noexcept {
    if (has_options_) put(uint32_t{option::kEnd});
    const auto length = static_cast<uint32_t>(at_ - begin_ + 4);
    put(length);
    std::memcpy(begin_ + 4, &length, 4);
    return length;
  }

 private:
  uint8_t* begin_;
  uint8_t* at_;
  bool has_options_ = false;
};

BlockFile::Block pcapng_block_at(const uint8_t* block) noexcept {
  const uint32_t type = load_le32(block);
  return {load_le32(block + 4), type == pcapng_block::kEnhancedPacket || type == pcapng_block::kSimplePacket};
}

}  // namespace

Result<std::unique_ptr<CaptureWriter>> PcapNgWriter::create(const std::string& path, const CaptureOrigin& origin) {
  auto file = BlockFile::create(path, pcapng_block_at);
  if (!file) return tl::unexpected(file.error());
  std::unique_ptr<PcapNgWriter> writer(new PcapNgWriter(std::move(*file)));
  BlockBuilder block(writer->file_.reserve(4 * kLongestText), pcapng_block::kSectionHeader);
  block.put(uint32_t{0x1a2b3c4d});
  block.put(uint16_t{1});
  block.put(uint16_t{0});
  block.put(~uint64_t{0});  // the section's length is not known beforehand
  block.option(option::kSystem, origin.system);
  block.option(option::kApplication, origin.application);
  block.option(option::kComment, origin.comment);
  writer->file_.commit(block.finish());
  return writer;
}

Result<uint32_t> PcapNgWriter::add_interface(const CaptureInterface& interface) {
  uint8_t* const at = file_.reserve(4 * kLongestText);
  if (at == nullptr) return fail(fault());
  BlockBuilder block(at, pcapng_block::kInterfaceDescription);
  block.put(interface.link_type);
  block.put(uint16_t{0});
  block.put(interface.snapshot_length);
  block.option(option::kName, interface.name);
  block.option(option::kDescription, interface.description);
  block.begin_option(option::kResolution, 1);
  block.put_padded(&kInNanoseconds, 1);
  if (!interface.filter.empty()) {
    block.option(option::kFilter, std::string(1, char{kFilterIsText}) + interface.filter);
  }
  file_.commit(block.finish());
  if (interfaces_ == 0) first_takes_whole_packets_ = interface.snapshot_length == 0;
  return interfaces_++;
}

uint64_t PcapNgWriter::block_bytes(const Packet& packet, const PacketNote& note) noexcept {
  const size_t comment = std::min(note.comment.size(), kLongestComment);
  return kFrame + 20 + padded(packet.captured_length) + (note.empty() ? 0 : 4) + (comment != 0 ? 4 + padded(comment) : 0) +
         (note.dropped ? 12 : 0);
}

bool PcapNgWriter::write(const Packet& packet, uint32_t interface, const PacketNote& note) noexcept {
  // A block without a time belongs to interface 0 and has no place for a snapshot; anything else gets the time 0.
  if (packet.time.ns < 0 && interface == 0 && first_takes_whole_packets_ && note.empty() &&
      packet.captured_length == packet.original_length) {
    return write_timeless(packet);
  }
  constexpr size_t kFixed = kFrame + 20, kOptions = 3 * 4 + 8 + kLongestComment;
  uint8_t* const at = file_.reserve(kFixed + padded(packet.captured_length) + kOptions);
  if (at == nullptr) [[unlikely]] return false;
  BlockBuilder block(at, pcapng_block::kEnhancedPacket);
  block.put(interface);
  block.put_time(packet.time.ns < 0 ? 0 : static_cast<uint64_t>(packet.time.ns));
  block.put(packet.captured_length);
  block.put(packet.original_length);
  block.put_padded(packet.data, packet.captured_length);
  if (!note.empty()) {
    block.option(option::kComment, note.comment.substr(0, kLongestComment));
    block.option(option::kDropped, note.dropped);
  }
  file_.commit(block.finish());
  ++packets_;
  return true;
}

bool PcapNgWriter::write_timeless(const Packet& packet) noexcept {
  uint8_t* const at = file_.reserve(kFrame + 4 + padded(packet.captured_length));
  if (at == nullptr) return false;
  BlockBuilder block(at, pcapng_block::kSimplePacket);
  block.put(packet.original_length);
  block.put_padded(packet.data, packet.captured_length);
  file_.commit(block.finish());
  ++packets_;
  return true;
}

bool PcapNgWriter::write_statistics(uint32_t interface, const InterfaceStatistics& statistics, Timestamp now) noexcept {
  uint8_t* const at = file_.reserve(kFrame + 12 + 8 * 12);
  if (at == nullptr) return false;
  BlockBuilder block(at, pcapng_block::kInterfaceStatistics);
  block.put(interface);
  block.put_time(now.ns < 0 ? 0 : static_cast<uint64_t>(now.ns));
  block.time_option(option::kStart, statistics.first);
  block.time_option(option::kStop, statistics.last);
  block.option(option::kReceived, statistics.received);
  block.option(option::kLost, statistics.dropped);
  block.option(option::kAccepted, statistics.accepted);
  block.option(option::kLostBySystem, statistics.dropped_by_system);
  block.option(option::kDelivered, statistics.delivered);
  file_.commit(block.finish());
  return true;
}

}  // namespace wirewatch
