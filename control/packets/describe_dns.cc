// SPDX-License-Identifier: BSD-3-Clause
// DNS and its relatives mDNS and LLMNR (RFC 1035, 3596, 6762), and NetBIOS names (RFC 1002): question and answers on a line.
#include <array>

#include "control/packets/describe.h"
#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

constexpr size_t kHeader = 12;
constexpr unsigned kMostRecords = 64;  // on a line

struct TypeName {
  uint16_t type;
  std::string_view name;
};
constexpr std::array kTypeNames{
    TypeName{1, "A"},        TypeName{2, "NS"},      TypeName{5, "CNAME"},  TypeName{6, "SOA"},     TypeName{12, "PTR"},
    TypeName{13, "HINFO"},   TypeName{15, "MX"},     TypeName{16, "TXT"},   TypeName{28, "AAAA"},   TypeName{32, "NB"},
    TypeName{33, "SRV"},     TypeName{35, "NAPTR"},  TypeName{39, "DNAME"}, TypeName{41, "OPT"},    TypeName{43, "DS"},
    TypeName{46, "RRSIG"},   TypeName{47, "NSEC"},   TypeName{48, "DNSKEY"}, TypeName{50, "NSEC3"}, TypeName{52, "TLSA"},
    TypeName{64, "SVCB"},    TypeName{65, "HTTPS"},  TypeName{99, "SPF"},   TypeName{249, "TKEY"},  TypeName{250, "TSIG"},
    TypeName{251, "IXFR"},   TypeName{252, "AXFR"},  TypeName{255, "ANY"},  TypeName{257, "CAA"}};
constexpr std::array<std::string_view, 11> kReplyCodes{
    "No error", "Format error", "Server failure", "No such name", "Not implemented", "Refused",
    "Name exists", "RRset exists", "RRset does not exist", "Not authoritative", "Name out of zone"};
constexpr std::array<std::string_view, 7> kOperations{
    "Standard query", "Inverse query", "Server status request", "Unknown operation (3)", "Zone change notification",
    "Dynamic update", "DNS Stateful Operations"};

enum : uint16_t { kA = 1, kNs = 2, kCname = 5, kSoa = 6, kPtr = 12, kMx = 15, kAaaa = 28, kSrv = 33, kDname = 39 };

void put_type(uint16_t type, InfoText& info) noexcept {
  for (const TypeName& each : kTypeNames) {
    if (each.type == type) {
      info.put(each.name);
      return;
    }
  }
  info.put("Unknown (", type, ")");
}

/// Writes the name at `at` and returns where the bytes behind it start; 0 when it is damaged. Jumps only backwards, so it
/// ends.
size_t put_name(std::span<const uint8_t> message, size_t at, InfoText& info) noexcept {
  size_t behind = 0, earliest = at;
  bool first = true;
  while (at < message.size()) {
    const uint8_t length = message[at];
    if (length == 0) {
      if (first) info.put("<Root>");
      return behind != 0 ? behind : at + 1;
    }
    if ((length & 0xc0) == 0xc0) {
      if (at + 2 > message.size()) return 0;
      const size_t target = load_be16(message.data() + at) & 0x3fffu;
      if (behind == 0) behind = at + 2;
      if (target >= earliest) return 0;
      earliest = at = target;
      continue;
    }
    if (length > 63 || at + 1 + length > message.size()) return 0;
    if (!first) info.put(".");
    info.put(Escaped{message.subspan(at + 1, length)});
    first = false;
    at += 1u + length;
  }
  return 0;
}

/// The name's end without writing it.
size_t skip_name(std::span<const uint8_t> message, size_t at) noexcept {
  while (at < message.size()) {
    const uint8_t length = message[at];
    if (length == 0) return at + 1;
    if ((length & 0xc0) == 0xc0) return at + 2 <= message.size() ? at + 2 : 0;
    at += 1u + length;
  }
  return 0;
}

void put_record_data(std::span<const uint8_t> message, size_t at, size_t length, uint16_t type, InfoText& info) noexcept {
  const uint8_t* const data = message.data() + at;
  if (type == kA && length == 4) {
    info.put(" ", IpAddress::v4(data));
  } else if (type == kAaaa && length == 16) {
    info.put(" ", IpAddress::v6(data));
  } else if (type == kNs || type == kCname || type == kPtr || type == kDname || type == kSoa) {
    info.put(" ");
    put_name(message, at, info);
  } else if (type == kMx && length > 2) {
    info.put(" ", load_be16(data), " ");
    put_name(message, at + 2, info);
  } else if (type == kSrv && length > 6) {
    info.put(" ", load_be16(data), " ", load_be16(data + 2), " ", load_be16(data + 4), " ");
    put_name(message, at + 6, info);
  }
}

/// One resource record; its end, or 0 when it breaks off.
size_t put_record(std::span<const uint8_t> message, size_t at, bool with_flush, InfoText& info) noexcept {
  at = skip_name(message, at);
  if (at == 0 || at + 10 > message.size()) return 0;
  const uint16_t type = load_be16(message.data() + at);
  const bool flush = (load_be16(message.data() + at + 2) & 0x8000) != 0;
  const size_t length = load_be16(message.data() + at + 8);
  at += 10;
  if (at + length > message.size()) return 0;
  info.put(" ");
  put_type(type, info);
  if (with_flush && flush && type != 41) info.put(", cache flush");
  put_record_data(message, at, length, type, info);
  return at + length;
}

size_t put_question(std::span<const uint8_t> message, size_t at, bool multicast, InfoText& info) noexcept {
  const size_t name = at;
  at = skip_name(message, at);
  if (at == 0 || at + 4 > message.size()) return 0;
  info.put(" ");
  put_type(load_be16(message.data() + at), info);
  info.put(" ");
  put_name(message, name, info);
  if (multicast) info.put((message[at + 2] & 0x80) != 0 ? ", \"QU\" question" : ", \"QM\" question");
  return at + 4;
}

/// The message itself: behind its length over TCP, where it has to be whole.
std::span<const uint8_t> message_of(const ApplicationData& data) noexcept {
  if (data.udp) return data.bytes;
  if (data.bytes.size() < 2) return {};
  const size_t length = load_be16(data.bytes.data());
  if (length + 2 > data.length) return {};
  return data.bytes.subspan(2, std::min(length, data.bytes.size() - 2));
}

/// The first-level encoding of a NetBIOS name: two letters a byte, the last byte being its kind.
void put_netbios_name(std::span<const uint8_t> message, size_t at, InfoText& info) noexcept {
  if (at + 33 > message.size() || message[at] != 32) return;
  std::array<uint8_t, 16> name{};
  for (size_t i = 0; i < name.size(); ++i) {
    name[i] = static_cast<uint8_t>((message[at + 1 + 2 * i] - 'A') << 4 | ((message[at + 2 + 2 * i] - 'A') & 15));
  }
  size_t length = 15;
  while (length > 0 && name[length - 1] == ' ') --length;
  info.put(Escaped{std::span(name).first(length)}, "<", Hex{name[15], 2}, ">");
}

}  // namespace

bool describe_dns(const ApplicationData& data, PacketLine& line) noexcept {
  const auto message = message_of(data);
  if (message.size() < kHeader) return false;
  const uint8_t* const header = message.data();
  const uint16_t flags = load_be16(header + 2);
  const unsigned operation = flags >> 11 & 15, reply = flags & 15;
  const bool response = (flags & 0x8000) != 0;
  const bool multicast = data.udp && (data.source_port == 5353 || data.destination_port == 5353);
  line.info.clear();
  line.info.put(operation < kOperations.size() ? kOperations[operation] : "Unknown operation", response ? " response" : "",
                " 0x", Hex{load_be16(header), 4});
  if (response && reply != 0) line.info.put(" ", reply < kReplyCodes.size() ? kReplyCodes[reply] : "Unknown reply code");
  size_t at = kHeader;
  for (unsigned i = 0; i < load_be16(header + 4) && i < kMostRecords; ++i) {
    if ((at = put_question(message, at, multicast, line.info)) == 0) return true;
  }
  const unsigned records = unsigned{load_be16(header + 6)} + load_be16(header + 8) + load_be16(header + 10);
  for (unsigned i = 0; i < records && i < kMostRecords; ++i) {
    if ((at = put_record(message, at, multicast, line.info)) == 0) return true;
  }
  return true;
}

bool describe_netbios_name(const ApplicationData& data, PacketLine& line) noexcept {
  const auto message = data.bytes;
  if (!data.udp || message.size() < kHeader + 34) return false;
  constexpr std::array<std::string_view, 10> kNames{"Name query",   "",        "",             "",       "",
                                                    "Registration", "Release", "Wait for acknowledgment", "Refresh", "Refresh"};
  const uint16_t flags = load_be16(message.data() + 2);
  const unsigned operation = flags >> 11 & 15;
  if (operation >= kNames.size() || kNames[operation].empty()) return false;
  const bool response = (flags & 0x8000) != 0;
  line.info.clear();
  line.info.put(kNames[operation], response ? " response" : "");
  const size_t behind = skip_name(message, kHeader);
  if (behind == 0 || behind + 4 > message.size()) return true;
  const uint16_t type = load_be16(message.data() + behind);
  line.info.put(" ", type == 0x20 ? "NB" : type == 0x21 ? "NBSTAT" : "type", " ");
  constexpr size_t kRecord = 10, kAddress = 2;  // fields of a record before its data; flags before an address
  if (response && type == 0x20 && behind + kRecord + kAddress + 4 <= message.size()) {
    line.info.put(IpAddress::v4(message.data() + behind + kRecord + kAddress));
  } else {
    put_netbios_name(message, kHeader, line.info);
  }
  return true;
}

}  // namespace wirewatch
