// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/pcap_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "dataplane/base/byte_order.h"
#include "dataplane/capture/framer.h"
#include "dataplane/capture/link_type.h"

namespace wirewatch {
namespace {

constexpr uint32_t kMicroseconds = 0xa1b2c3d4, kNanoseconds = 0xa1b23c4d;
constexpr size_t kFileHeader = 24, kRecordHeader = 16;

/// The header counts as a block of its own; no record can have its first four bytes, which are seconds of 2055 and
/// later only on files whose header was flushed long before.
BlockFile::Block pcap_block_at(const uint8_t* block) noexcept {
  const uint32_t first = load_le32(block);
  const bool header = (first == kMicroseconds || first == kNanoseconds) && load_le32(block + 4) == (4u << 16 | 2u);
  return {header ? kFileHeader : kRecordHeader + load_le32(block + 8), !header};
}

}  // namespace

Result<std::unique_ptr<CaptureWriter>> PcapWriter::create(const std::string& path, bool nanoseconds) {
  auto file = BlockFile::create(path, pcap_block_at);
  if (!file) return tl::unexpected(file.error());
  return std::unique_ptr<CaptureWriter>(new PcapWriter(std::move(*file), nanoseconds));
}

bool PcapWriter::write_header(uint16_t link_type) noexcept {
  uint8_t* const at = file_.reserve(kFileHeader);
  if (at == nullptr) return false;
  const uint32_t words[]{nanoseconds_ ? kNanoseconds : kMicroseconds, 4u << 16 | 2u, 0, 0, kMaxCapturedLength, link_type};
  static_assert(sizeof words == kFileHeader);
  std::memcpy(at, words, sizeof words);
  file_.commit(sizeof words);
  link_type_ = link_type;
  return true;
}

Result<uint32_t> PcapWriter::add_interface(const CaptureInterface& interface) {
  if (!link_type_ && !write_header(interface.link_type)) return fail(fault());
  if (*link_type_ != interface.link_type) {
    return fail(fmt::format("{}: a pcap file holds one link type, this one {}, and now there are frames of {}: write "
                            "pcapng instead, under a name that ends in .pcapng",
                            file_.path(), link_type_name(*link_type_), link_type_name(interface.link_type)));
  }
  return interfaces_++;
}

bool PcapWriter::write(const Packet& packet, uint32_t, const PacketNote&) noexcept {
  uint8_t* const at = file_.reserve(kRecordHeader + packet.captured_length);
  if (at == nullptr) [[unlikely]] return false;
  constexpr uint64_t kSecond = 1'000'000'000;
  const uint64_t ns = packet.time.ns < 0 ? 0 : static_cast<uint64_t>(packet.time.ns);
  const uint64_t seconds = std::min<uint64_t>(ns / kSecond, std::numeric_limits<uint32_t>::max());
  const uint64_t fraction = nanoseconds_ ? ns % kSecond : ns % kSecond / 1000;
  const uint32_t words[]{static_cast<uint32_t>(seconds), static_cast<uint32_t>(fraction), packet.captured_length,
                         packet.original_length};
  static_assert(sizeof words == kRecordHeader);
  std::memcpy(at, words, sizeof words);
  if (packet.captured_length > 0) std::memcpy(at + kRecordHeader, packet.data, packet.captured_length);
  file_.commit(kRecordHeader + packet.captured_length);
  ++packets_;
  return true;
}

Result<void> PcapWriter::close() {
  if (!link_type_) write_header(1);  // a capture without packets is a header all the same
  return file_.close();
}

}  // namespace wirewatch
