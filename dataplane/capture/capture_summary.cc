// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/capture_summary.h"

#include <algorithm>
#include <array>

namespace wirewatch {
namespace {

struct UnreadName {
  Unread reason;
  std::string_view name;
};

constexpr std::array<UnreadName, size_t(Unread::Count)> kUnreadNames{{
    {Unread::TruncatedRecord, "truncated_record"},
    {Unread::DamagedRecord, "damaged_record"},
    {Unread::DamagedCompression, "damaged_compression"},
    {Unread::ReadError, "read_error"},
    {Unread::UnknownBlock, "unknown_block"},
    {Unread::CustomBlock, "custom_block"},
    {Unread::UnknownInterface, "unknown_interface"},
    {Unread::DamagedOptions, "damaged_options"},
    {Unread::MetadataRecord, "metadata_record"},
    {Unread::TimestampOutOfRange, "timestamp_out_of_range"},
}};

constexpr bool in_enum_order() {
  for (size_t i = 0; i < kUnreadNames.size(); ++i) {
    if (size_t(kUnreadNames[i].reason) != i) return false;
  }
  return true;
}
static_assert(in_enum_order());

}  // namespace

std::string_view to_string(CaptureFormat format) noexcept {
  switch (format) {
    case CaptureFormat::Pcap: return "pcap";
    case CaptureFormat::PcapNg: return "pcapng";
    case CaptureFormat::NetMon: return "netmon";
  }
  return "unknown";
}

std::string_view to_string(Unread reason) noexcept {
  return reason < Unread::Count ? kUnreadNames[size_t(reason)].name : "unknown";
}

void CaptureSummary::count(Unread reason) {
  const std::string_view name = to_string(reason);
  const auto row = std::ranges::find(unread, name, [](const auto& entry) { return std::string_view(entry.first); });
  if (row != unread.end()) {
    ++row->second;
  } else {
    unread.emplace_back(name, 1);
  }
}

void CaptureSummary::add_link_type(uint16_t value) {
  const auto at = std::ranges::lower_bound(link_types, value);
  if (at != link_types.end() && *at == value) return;
  link_types.insert(at, value);
  link_type = link_types.size() == 1 ? std::optional<uint16_t>(value) : std::nullopt;
}

void CaptureSummary::note_damage(std::string sentence) {
  if (damage.empty()) damage = std::move(sentence);
}

}  // namespace wirewatch
