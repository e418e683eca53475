// SPDX-License-Identifier: BSD-3-Clause
// DHCP over IPv4 (RFC 2131, 2132) and NTP (RFC 5905).
#include "dataplane/base/byte_order.h"
#include "dataplane/filter/dissect.h"

namespace wirewatch::filter {
namespace {

void option(uint8_t type, std::span<const uint8_t> value, FieldSink& sink) noexcept {
  const auto addresses = [&](FieldId field) {
    for (size_t at = 0; value.size() >= at + 4; at += 4) sink.add(field, load_be32(value.data() + at));
  };
  switch (type) {
    case 1: addresses("dhcp.option.subnet_mask"_f); break;
    case 3: addresses("dhcp.option.router"_f); break;
    case 6: addresses("dhcp.option.domain_name_server"_f); break;
    case 12: sink.add("dhcp.option.hostname"_f, value); break;
    case 15: sink.add("dhcp.option.domain_name"_f, value); break;
    case 50: addresses("dhcp.option.requested_ip_address"_f); break;
    case 51:
      if (value.size() == 4) sink.add("dhcp.option.ip_address_lease_time"_f, load_be32(value.data()));
      break;
    case 53:
      if (value.size() == 1) sink.add("dhcp.option.dhcp"_f, value[0]);
      break;
    case 54: addresses("dhcp.option.dhcp_server_id"_f); break;
    default: break;
  }
}

}  // namespace

void dissect_dhcp(std::span<const uint8_t> message, FieldSink& sink) noexcept {
  sink.add_protocol("dhcp"_f, message);
  constexpr size_t kFixed = 236, kCookie = 4;
  if (message.size() < 44) return;
  const uint8_t* at = message.data();
  sink.add("dhcp.type"_f, at[0]);
  sink.add("dhcp.hw.type"_f, at[1]);
  sink.add("dhcp.hw.len"_f, at[2]);
  sink.add("dhcp.hops"_f, at[3]);
  sink.add("dhcp.id"_f, load_be32(at + 4));
  sink.add("dhcp.secs"_f, load_be16(at + 8));
  sink.add("dhcp.flags"_f, load_be16(at + 10));
  sink.add("dhcp.ip.client"_f, load_be32(at + 12));
  sink.add("dhcp.ip.your"_f, load_be32(at + 16));
  sink.add("dhcp.ip.server"_f, load_be32(at + 20));
  sink.add("dhcp.ip.relay"_f, load_be32(at + 24));
  if (at[1] == 1 && at[2] == 6) sink.add("dhcp.hw.mac_addr"_f, message.subspan(28, 6));
  constexpr uint32_t kMagic = 0x63825363;
  if (message.size() < kFixed + kCookie || load_be32(at + kFixed) != kMagic) return;
  constexpr uint8_t kPad = 0, kEnd = 255;
  for (size_t next = kFixed + kCookie; next < message.size();) {
    const uint8_t type = at[next];
    if (type == kPad) {
      ++next;
      continue;
    }
    sink.add("dhcp.option.type"_f, type == kEnd ? kPad : type);  // tshark calls the end 0 as well
    if (type == kEnd || next + 1 >= message.size()) return;
    const size_t length = at[next + 1];
    sink.add("dhcp.option.length"_f, length);
    if (length > message.size() - next - 2) return;
    option(type, message.subspan(next + 2, length), sink);
    next += 2 + length;
  }
}

void dissect_ntp(std::span<const uint8_t> message, FieldSink& sink) noexcept {
  sink.add_protocol("ntp"_f, message);
  if (message.empty()) return;
  const uint8_t* at = message.data();
  sink.add("ntp.flags"_f, at[0]);
  sink.add("ntp.flags.li"_f, at[0] >> 6);
  sink.add("ntp.flags.vn"_f, at[0] >> 3 & 7);
  sink.add("ntp.flags.mode"_f, at[0] & 7u);
  constexpr uint8_t kControl = 6, kPrivate = 7;
  constexpr size_t kHeader = 48;
  if ((at[0] & 7) == kControl || (at[0] & 7) == kPrivate || message.size() < kHeader) return;
  sink.add("ntp.stratum"_f, at[1]);
  sink.add("ntp.ppoll"_f, at[2]);
  sink.add("ntp.precision"_f, at[3]);
  sink.add("ntp.rootdelay"_f, load_be32(at + 4));
  sink.add("ntp.rootdispersion"_f, load_be32(at + 8));
  sink.add("ntp.refid"_f, message.subspan(12, 4));
  constexpr int64_t kEra = 2'208'988'800;  // seconds from 1900 to 1970
  const uint32_t seconds = load_be32(at + 40), fraction = load_be32(at + 44);
  constexpr uint32_t kFirstEra = 0x8000'0000;  // smaller ones belong to the era that begins in 2036
  const int64_t era = seconds >= kFirstEra ? 0 : int64_t{1} << 32;
  const int64_t ns = static_cast<int64_t>(uint64_t{fraction} * 1'000'000'000u >> 32);
  const bool given = seconds != 0 || fraction != 0;
  sink.add("ntp.xmt"_f, Value::of_signed(given ? (int64_t{seconds} + era - kEra) * 1'000'000'000 + ns : 0));
}

}  // namespace wirewatch::filter
