// SPDX-License-Identifier: BSD-3-Clause
// Names of link types. Values are LINKTYPE_ of the tcpdump.org registry, names are libpcap's DLT_ names without the
// prefix ("EN10MB", "LINUX_SLL"), since these are what tcpdump and the report's schema use.
#pragma once

#include <cstdint>
#include <string_view>

namespace wirewatch {

/// For frames of a format that the registry has no value for (some NetMon media types). The registry will not give
/// this value away: pcapng's field is 16 bits and the registry stays far below.
inline constexpr uint16_t kLinkTypeUnknown = 0xffff;

/// "EN10MB" for 1, "LINKTYPE_9999" for a value without a name, "UNKNOWN" for kLinkTypeUnknown. The text lives forever.
std::string_view link_type_name(uint16_t link_type);

/// The value to use for one read from a file: 14, which is raw IP on OpenBSD only, becomes 12, as Wireshark reads it.
constexpr uint16_t canonical_link_type(uint16_t from_file) noexcept { return from_file == 14 ? uint16_t{12} : from_file; }

}  // namespace wirewatch
