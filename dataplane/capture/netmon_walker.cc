// SPDX-License-Identifier: BSD-3-Clause
// The layout is the one of Network Monitor 3.4's help; what its words leave open follows tshark 4.0.
#include "dataplane/capture/netmon_walker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "dataplane/base/byte_order.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/capture/framer.h"
#include "dataplane/capture/link_type.h"

namespace wirewatch {
namespace {

constexpr uint32_t kMagic2 = 0x55424d47;  // "GMBU"
constexpr uint32_t kMagic1 = 0x53535452;  // "RTSS"
constexpr size_t kHeaderFields = 32;      // as far as the frame table's place
constexpr size_t kFirstRecord = 128;      // where records start when nothing says otherwise

// Media types of Network Monitor, by their number.
constexpr uint16_t kEthernet = 1;
constexpr uint16_t kTokenRing = 6;
constexpr uint16_t kFddi = 10;
constexpr uint16_t kAtmRfc1483 = 100;
constexpr uint16_t kRaw = 101;
constexpr uint16_t kIeee80211 = 105;
constexpr uint16_t kMediaAtm = 4;
constexpr uint16_t kMediaWifi = 6;
constexpr std::array<uint16_t, 10> kMediaTypes{kEthernet,   kEthernet,        kTokenRing, kFddi, kAtmRfc1483,
                                               kLinkTypeUnknown, kIeee80211, kRaw,       kRaw,  kRaw};
// 0xe000 and a LINKTYPE_ value, but for a range that Message Analyzer used otherwise.
constexpr uint16_t kLinkTypeBase = 0xe000;
constexpr uint16_t kLinkTypeMask = 0x0fff;
constexpr uint16_t kMessageAnalyzerWifi = 0xe080;
constexpr uint16_t kMessageAnalyzerLast = 0xe08a;
// Records about the capture: reassembly, adapters, resolved names. Events and filters (0xffe0, 0xfffb, 0xffff) do
// count as frames, as in tshark.
constexpr uint16_t kFirstMetadata = 0xfffc;
constexpr uint16_t kLastMetadata = 0xfffe;

constexpr uint32_t kAtmHeader = 16;  // two addresses and VPI, VCI in front of each ATM frame

uint16_t to_link_type(uint16_t network) noexcept {
  if (network < kMediaTypes.size()) return kMediaTypes[network];
  if (network == kMessageAnalyzerWifi) return kIeee80211;
  if (network > kMessageAnalyzerWifi && network <= kMessageAnalyzerLast) return kLinkTypeUnknown;
  if ((network & ~kLinkTypeMask) == kLinkTypeBase) return canonical_link_type(network & kLinkTypeMask);
  return kLinkTypeUnknown;
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar; months beyond 12 run on into the next years.
int64_t days_since_epoch(int64_t year, int64_t month, int64_t day) noexcept {
  const int64_t months = year * 12 + month - 1 - 2;  // years that start in March put the leap day last
  const int64_t y = months >= 0 ? months / 12 : (months - 11) / 12;
  const int64_t m = months - y * 12;
  const int64_t leap_days = (y >= 0 ? y / 4 - y / 100 + y / 400 : (y - 3) / 4 - (y - 99) / 100 + (y - 399) / 400);
  constexpr int64_t kMarch1OfYear0 = -719468;
  return kMarch1OfYear0 + y * 365 + leap_days + (m * 153 + 2) / 5 + day - 1;
}

/// The header's SYSTEMTIME, which is local time without a zone and taken as UTC.
std::optional<int64_t> read_start(const uint8_t* at) noexcept {
  const auto field = [at](size_t index) { return int64_t{load_le16(at + 2 * index)}; };  // 2 is the day of the week
  const int64_t seconds = days_since_epoch(field(0), field(1), field(3)) * 86400 + field(4) * 3600 + field(5) * 60 + field(6);
  int64_t ns = 0;
  if (__builtin_mul_overflow(seconds, kSecond_ns, &ns)) return std::nullopt;
  if (__builtin_add_overflow(ns, field(7) * 1'000'000, &ns)) return std::nullopt;
  return ns;
}

}  // namespace

struct NetMonWalker::Record {
  const uint8_t* data = nullptr;
  uint64_t delta = 0;  // microseconds, in 1.x milliseconds
  uint64_t utc = 0;    // 2.3: 100 ns since 1601
  uint32_t original = 0;
  uint32_t captured = 0;
  uint16_t network = 0;
  size_t length = 0;  // of the whole record
};

bool starts_as_netmon(std::span<const uint8_t> head) noexcept {
  return head.size() >= 4 && (load_le32(head.data()) == kMagic2 || load_le32(head.data()) == kMagic1);
}

Result<std::unique_ptr<NetMonWalker>> NetMonWalker::open(std::span<const uint8_t> file, const std::string& name,
                                                         CaptureSummary& summary) {
  if (!starts_as_netmon(file)) return fail(fmt::format("{}: expected the magic number of a NetMon file at byte 0", name));
  if (file.size() < kHeaderFields) {
    return fail(fmt::format("{}: the NetMon file header is cut short: expected {} bytes, the file has {}", name,
                            kFirstRecord, file.size()));
  }
  std::unique_ptr<NetMonWalker> walker(new NetMonWalker(file, summary));
  walker->minor_ = file[4];
  walker->major_ = file[5];
  if (walker->major_ != 1 && walker->major_ != 2) {
    return fail(fmt::format("{}: expected NetMon version 1 or 2 at byte 5, found {}", name, walker->major_));
  }
  walker->network_ = load_le16(file.data() + 6);
  walker->start_ns_ = read_start(file.data() + 8);
  walker->find_records();
  summary.format = CaptureFormat::NetMon;
  summary.timestamp_resolution_ns = walker->major_ == 1 ? 1'000'000 : walker->minor_ >= 3 ? 100 : 1000;
  return walker;
}

void NetMonWalker::find_records() {
  const size_t offset = load_le32(file_.data() + 24);
  const size_t length = load_le32(file_.data() + 28);
  const size_t there = offset < file_.size() ? std::min(length, file_.size() - offset) : 0;
  if (there < 4) {
    summary_.truncated = true;
    summary_.note_damage(fmt::format("the header at byte 24 places {} bytes of frame table at byte {} of {}: records are"
                                     " read one behind the other", length, offset, file_.size()));
    next_in_row_ = kFirstRecord;
    row_end_ = offset > kFirstRecord && offset < file_.size() ? offset : file_.size();
    return;
  }
  frame_table_ = file_.subspan(offset, there / 4 * 4);
  table_cut_ = frame_table_.size() != length;
  if (!table_cut_) return;
  summary_.truncated = true;
  summary_.note_damage(fmt::format("the frame table at byte {} is cut short: expected {} bytes, {} whole entries are there",
                                   offset, length, there / 4));
}

void NetMonWalker::stop(Unread reason, std::string sentence) {
  stopped_ = true;
  summary_.truncated = true;
  summary_.count(reason);
  summary_.note_damage(std::move(sentence));
}

std::optional<size_t> NetMonWalker::next_offset() {
  if (!frame_table_.empty()) {
    if (next_entry_ == frame_table_.size()) return std::nullopt;
    const size_t offset = load_le32(frame_table_.data() + next_entry_);
    next_entry_ += 4;
    return offset;
  }
  if (next_in_row_ >= row_end_) return std::nullopt;
  return next_in_row_;
}

bool NetMonWalker::read_record(size_t offset, Record& record) {
  const size_t header = major_ == 1 ? 8 : 16;
  constexpr std::array<size_t, 4> kTrailers{0, 2, 6, 15};  // by minor version: network, process, UTC time and zone
  const size_t trailer = major_ == 1 ? 0 : kTrailers[std::min<size_t>(minor_, 3)];
  if (offset > file_.size() || file_.size() - offset < header) {
    stop(Unread::TruncatedRecord, fmt::format("frame {} is said to be at byte {}, but the file ends at byte {}",
                                              number_ + 1, offset, file_.size()));
    return false;
  }
  const uint8_t* const at = file_.data() + offset;
  record.delta = major_ == 1 ? load_le32(at) : load_le64(at);
  record.original = major_ == 1 ? load_le16(at + 4) : load_le32(at + 8);
  record.captured = major_ == 1 ? load_le16(at + 6) : load_le32(at + 12);
  record.data = at + header;
  if (record.captured > kMaxCapturedLength) {
    stop(Unread::DamagedRecord, fmt::format("the record at byte {} claims {} captured bytes, expected at most {}", offset,
                                            record.captured, kMaxCapturedLength));
    return false;
  }
  record.length = header + record.captured + trailer;
  if (file_.size() - offset < record.length) {
    stop(Unread::TruncatedRecord, fmt::format("the file ends {} bytes into the record at byte {}, expected {}",
                                              file_.size() - offset, offset, record.length));
    return false;
  }
  const uint8_t* const behind = record.data + record.captured;
  record.network = trailer >= 2 ? load_le16(behind) : network_;
  if (trailer >= 15) record.utc = load_le64(behind + 6);
  return true;
}

Timestamp NetMonWalker::to_time(const Record& record) const noexcept {
  int64_t ns = 0;
  if (major_ == 2 && minor_ >= 3) {
    constexpr int64_t kEpochInFileTime = 116'444'736'000'000'000;  // 1970 in 100 ns since 1601
    int64_t ticks = 0;
    if (__builtin_sub_overflow(record.utc, kEpochInFileTime, &ticks)) return kNoTimestamp;
    return __builtin_mul_overflow(ticks, 100, &ns) ? kNoTimestamp : Timestamp{ns};
  }
  if (!start_ns_) return kNoTimestamp;
  if (major_ == 1) {
    ns = static_cast<int64_t>(record.delta) * 1'000'000;
  } else {
    // Frames can be earlier than the nominal start: Microsoft multiplies by ten first and calls the result signed.
    const auto ticks = std::bit_cast<int64_t>(record.delta * 10);
    if (__builtin_mul_overflow(ticks, 100, &ns)) return kNoTimestamp;
  }
  return __builtin_add_overflow(*start_ns_, ns, &ns) ? kNoTimestamp : Timestamp{ns};
}

void NetMonWalker::append(const Record& record, std::vector<Packet>& packets) {
  Packet packet{.data = record.data,
                .captured_length = record.captured,
                .original_length = believable_original_length(record.original),
                .time = to_time(record),
                .number = ++number_,
                .link_type = to_link_type(record.network),
                .interface = 0};
  if (packet.time == kNoTimestamp) summary_.count(Unread::TimestampOutOfRange);
  // In front of an 802.11 frame stand a version and the length of Network Monitor's own radio information.
  uint32_t prefix = 0;
  if (record.network == kMediaWifi && record.captured >= 3) prefix = load_le16(record.data + 1);
  if (record.network == kMediaAtm) prefix = kAtmHeader;
  prefix = std::min(prefix, packet.captured_length);
  packet.data += prefix;
  packet.captured_length -= prefix;
  summary_.add_link_type(packet.link_type);
  packets.push_back(packet);
}

NetMonWalker::Touched NetMonWalker::walk(std::vector<Packet>& packets, size_t limit) {
  Touched touched{file_.size(), 0};
  while (!stopped_ && packets.size() < limit) {
    const auto offset = next_offset();
    if (!offset) {
      if (table_cut_) stop(Unread::TruncatedRecord, {});
      break;
    }
    Record record;
    if (!read_record(*offset, record)) break;
    next_in_row_ = *offset + record.length;
    touched.begin = std::min(touched.begin, *offset);
    touched.end = std::max(touched.end, *offset + record.length);
    if (major_ == 2 && minor_ >= 1 && record.network >= kFirstMetadata && record.network <= kLastMetadata) {
      summary_.count(Unread::MetadataRecord);
    } else {
      append(record, packets);
    }
  }
  summary_.packets = number_;
  return touched;
}

}  // namespace wirewatch
