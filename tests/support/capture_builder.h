// SPDX-License-Identifier: BSD-3-Clause
// Builds capture files in memory for tests: pcap in its dialects, pcapng and NetMon, well-formed unless a test says
// otherwise, in the order in which things are added.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wirewatch::testing {

using Bytes = std::vector<uint8_t>;

/// Appends integers in one byte order.
class ByteWriter {
 public:
  explicit ByteWriter(std::endian order = std::endian::little) : order_(order) {}

  ByteWriter& u8(uint8_t value) { return integer(value, 1); }
  ByteWriter& u16(uint16_t value) { return integer(value, 2); }
  ByteWriter& u32(uint32_t value) { return integer(value, 4); }
  ByteWriter& u64(uint64_t value) { return integer(value, 8); }
  ByteWriter& zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  ByteWriter& raw(std::span<const uint8_t> data) {
    for (const uint8_t byte : data) bytes_.push_back(byte);  // gcc 12 warns of an overflow in insert() that is none
    return *this;
  }
  ByteWriter& pad_to_4() { return zeros((4 - bytes_.size() % 4) % 4); }
  /// Overwrites what was appended at `offset`.
  void set_u32(size_t offset, uint32_t value) {
    for (size_t i = 0; i < 4; ++i) bytes_.at(offset + i) = byte_of(value, i, 4);
  }
  size_t size() const { return bytes_.size(); }
  const Bytes& bytes() const { return bytes_; }
  std::endian order() const { return order_; }

 private:
  ByteWriter& integer(uint64_t value, size_t width) {
    for (size_t i = 0; i < width; ++i) bytes_.push_back(byte_of(value, i, width));
    return *this;
  }
  uint8_t byte_of(uint64_t value, size_t index, size_t width) const {
    return static_cast<uint8_t>(value >> 8 * (order_ == std::endian::little ? index : width - 1 - index));
  }

  std::endian order_;
  Bytes bytes_;
};

/// `length` bytes that differ from their neighbours, so that a shifted packet is noticed.
inline Bytes pattern(size_t length, uint8_t start = 1) {
  Bytes bytes(length);
  for (size_t i = 0; i < length; ++i) bytes[i] = static_cast<uint8_t>(start + i);
  return bytes;
}

inline Bytes operator+(Bytes left, const Bytes& right) {
  for (const uint8_t byte : right) left.push_back(byte);
  return left;
}

inline constexpr uint32_t kMicrosecondMagic = 0xa1b2c3d4;
inline constexpr uint32_t kNanosecondMagic = 0xa1b23c4d;
inline constexpr uint32_t kModifiedMagic = 0xa1b2cd34;
inline constexpr uint32_t kIxiaNanosecondMagic = 0x1c0001ac;

struct PcapOptions {
  std::endian order = std::endian::little;
  uint32_t magic = kMicrosecondMagic;
  uint16_t major = 2;
  uint16_t minor = 4;
  uint32_t link_type = 1;
  uint32_t snapshot_length = 65535;
  size_t extra_header = 0;  // zeros behind each record header, as the patched dialects have
};

class PcapBuilder {
 public:
  explicit PcapBuilder(PcapOptions options = {}) : options_(options), out_(options.order) {
    out_.u32(options_.magic).u16(options_.major).u16(options_.minor).u32(0).u32(0);
    out_.u32(options_.snapshot_length).u32(options_.link_type);
    if (options_.magic == kIxiaNanosecondMagic) out_.u32(0);
  }
  PcapBuilder& record(uint32_t seconds, uint32_t subseconds, const Bytes& data,
                      std::optional<uint32_t> original = std::nullopt) {
    const auto captured = static_cast<uint32_t>(data.size());
    return record_claiming(seconds, subseconds, captured, original.value_or(captured), data);
  }
  /// A record whose third and fourth field say what they are told.
  PcapBuilder& record_claiming(uint32_t seconds, uint32_t subseconds, uint32_t third, uint32_t fourth, const Bytes& data) {
    out_.u32(seconds).u32(subseconds).u32(third).u32(fourth).zeros(options_.extra_header).raw(data);
    return *this;
  }
  const Bytes& bytes() const { return out_.bytes(); }

 private:
  PcapOptions options_;
  ByteWriter out_;
};

inline constexpr uint32_t kSectionHeaderBlock = 0x0a0d0d0a;
inline constexpr uint32_t kInterfaceDescriptionBlock = 1;
inline constexpr uint32_t kObsoletePacketBlock = 2;
inline constexpr uint32_t kSimplePacketBlock = 3;
inline constexpr uint32_t kNameResolutionBlock = 4;
inline constexpr uint32_t kInterfaceStatisticsBlock = 5;
inline constexpr uint32_t kEnhancedPacketBlock = 6;
inline constexpr uint32_t kDecryptionSecretsBlock = 10;
inline constexpr uint32_t kCustomBlock = 0x00000bad;

struct InterfaceOptions {
  uint16_t link_type = 1;
  uint32_t snapshot_length = 0;
  std::optional<uint8_t> resolution = std::nullopt;     // if_tsresol
  std::optional<int64_t> offset_seconds = std::nullopt;  // if_tsoffset
};

class PcapNgBuilder {
 public:
  PcapNgBuilder& section(std::endian order = std::endian::little, uint16_t major = 1) {
    order_ = order;
    constexpr uint32_t kByteOrderMagic = 0x1a2b3c4d;
    constexpr uint64_t kUnknownLength = ~uint64_t{0};
    return block(kSectionHeaderBlock, body().u32(kByteOrderMagic).u16(major).u16(0).u64(kUnknownLength));
  }
  PcapNgBuilder& interface(InterfaceOptions options = {}) {
    ByteWriter out = body().u16(options.link_type).u16(0).u32(options.snapshot_length);
    constexpr uint16_t kResolution = 9;
    constexpr uint16_t kOffset = 14;
    if (options.resolution) out.u16(kResolution).u16(1).u8(*options.resolution).pad_to_4();
    if (options.offset_seconds) out.u16(kOffset).u16(8).u64(std::bit_cast<uint64_t>(*options.offset_seconds));
    if (options.resolution || options.offset_seconds) out.u32(0);
    return block(kInterfaceDescriptionBlock, out);
  }
  PcapNgBuilder& enhanced(uint32_t interface_id, uint64_t time, const Bytes& data,
                          std::optional<uint32_t> original = std::nullopt, const Bytes& options = {}) {
    ByteWriter out = body().u32(interface_id);
    packet_fields(out, time, data, original).raw(options);
    return block(kEnhancedPacketBlock, out);
  }
  PcapNgBuilder& obsolete(uint16_t interface_id, uint64_t time, const Bytes& data) {
    ByteWriter out = body().u16(interface_id).u16(0);
    return block(kObsoletePacketBlock, packet_fields(out, time, data, std::nullopt));
  }
  PcapNgBuilder& simple(const Bytes& data, uint32_t original) {
    return block(kSimplePacketBlock, body().u32(original).raw(data).pad_to_4());
  }
  PcapNgBuilder& block(uint32_t type, const ByteWriter& content) {
    const auto total = static_cast<uint32_t>(content.size() + 12);
    return block_claiming(type, content, total, total);
  }
  /// A block whose two lengths say what they are told.
  PcapNgBuilder& block_claiming(uint32_t type, const ByteWriter& content, uint32_t first, uint32_t second) {
    bytes_ = std::move(bytes_) + body().u32(type).u32(first).raw(content.bytes()).u32(second).bytes();
    return *this;
  }
  /// An empty writer in the section's byte order.
  ByteWriter body() const { return ByteWriter(order_); }
  const Bytes& bytes() const { return bytes_; }

 private:
  static ByteWriter& packet_fields(ByteWriter& out, uint64_t time, const Bytes& data, std::optional<uint32_t> original) {
    const auto captured = static_cast<uint32_t>(data.size());
    out.u32(static_cast<uint32_t>(time >> 32)).u32(static_cast<uint32_t>(time)).u32(captured);
    return out.u32(original.value_or(captured)).raw(data).pad_to_4();
  }

  std::endian order_ = std::endian::little;
  Bytes bytes_;
};

struct NetMonStart {
  uint16_t year = 2012, month = 3, day = 29, hour = 16, minute = 37, second = 33, millisecond = 377;
};

struct NetMonOptions {
  uint8_t major = 2;
  uint8_t minor = 0;
  uint16_t network = 1;  // the header's
  NetMonStart start{};
  size_t hole = 0;            // unused bytes between records
  bool table_reversed = false;  // the frame table names the records from last to first
};

class NetMonBuilder {
 public:
  explicit NetMonBuilder(NetMonOptions options = {}) : options_(options) {
    constexpr size_t kHeader = 128;
    const char* const magic = options_.major == 1 ? "RTSS" : "GMBU";
    for (size_t i = 0; i < 4; ++i) out_.u8(static_cast<uint8_t>(magic[i]));
    out_.u8(options_.minor).u8(options_.major).u16(options_.network);
    const NetMonStart& start = options_.start;
    constexpr uint16_t kDayOfWeek = 0;
    out_.u16(start.year).u16(start.month).u16(kDayOfWeek).u16(start.day).u16(start.hour).u16(start.minute);
    out_.u16(start.second).u16(start.millisecond).zeros(kHeader - out_.size());
  }
  /// `delta` in the version's units since the start; `utc` in 100 ns since 1601, for 2.3.
  NetMonBuilder& record(uint64_t delta, const Bytes& data, uint16_t network = 1, uint64_t utc = 0,
                        std::optional<uint32_t> captured = std::nullopt) {
    offsets_.push_back(static_cast<uint32_t>(out_.size()));
    const auto length = static_cast<uint32_t>(data.size());
    if (options_.major == 1) {
      out_.u32(static_cast<uint32_t>(delta)).u16(static_cast<uint16_t>(length)).u16(static_cast<uint16_t>(length));
    } else {
      out_.u64(delta).u32(length).u32(captured.value_or(length));
    }
    out_.raw(data);
    if (options_.major == 2 && options_.minor >= 1) out_.u16(network);
    if (options_.major == 2 && options_.minor >= 2) out_.u32(0);
    if (options_.major == 2 && options_.minor >= 3) out_.u64(utc).u8(0);
    out_.zeros(options_.hole);
    return *this;
  }
  /// One more entry of the frame table, for a record that may not be there.
  NetMonBuilder& table_entry(uint32_t offset) {
    offsets_.push_back(offset);
    return *this;
  }
  /// The file, with the frame table at its end. The header may claim another place or length of it.
  Bytes bytes(std::optional<uint32_t> table_offset = std::nullopt, std::optional<uint32_t> table_length = std::nullopt) const {
    ByteWriter file = out_;
    constexpr size_t kTableOffsetField = 24;
    constexpr size_t kTableLengthField = 28;
    file.set_u32(kTableOffsetField, table_offset.value_or(static_cast<uint32_t>(out_.size())));
    file.set_u32(kTableLengthField, table_length.value_or(static_cast<uint32_t>(offsets_.size() * 4)));
    std::vector<uint32_t> offsets = offsets_;
    if (options_.table_reversed) std::reverse(offsets.begin(), offsets.end());
    for (const uint32_t offset : offsets) file.u32(offset);
    return file.bytes();
  }
  const std::vector<uint32_t>& offsets() const { return offsets_; }

 private:
  NetMonOptions options_;
  ByteWriter out_;
  std::vector<uint32_t> offsets_;
};

/// A file with these bytes, gone at the end of the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::span<const uint8_t> content) {
    const char* const folder = std::getenv("TMPDIR");
    path_ = std::string(folder != nullptr ? folder : "/tmp") + "/wirewatch-test-XXXXXX";
    const int file = mkstemp(path_.data());
    if (file < 0) throw std::runtime_error("no temporary file at " + path_);
    const bool written = write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    close(file);
    if (!written) throw std::runtime_error("cannot write " + path_);
  }
  ~TemporaryFile() { unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace wirewatch::testing
