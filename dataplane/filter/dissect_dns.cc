// SPDX-License-Identifier: BSD-3-Clause
// DNS and its multicast kin (RFC 1035, 3596, 2782, 6762).
#include <algorithm>

#include "dataplane/base/byte_order.h"
#include "dataplane/base/byte_reader.h"
#include "dataplane/filter/dissect.h"

namespace wirewatch::filter {
namespace {

constexpr size_t kLongestName = 1024;  // 255 octets, and room for names that break the rule

struct Name {
  std::span<const uint8_t> text;
  uint64_t labels = 0;
  size_t next = 0;  // offset behind the name where it stands
};

/// Follows compression pointers backwards only, so that no chain can loop.
std::optional<Name> read_name(std::span<const uint8_t> message, size_t at, FieldSink& sink) noexcept {
  const auto room = sink.text(kLongestName);
  if (room.empty()) return std::nullopt;
  Name name;
  size_t length = 0, earliest = at;
  bool jumped = false;
  for (;;) {
    if (at >= message.size()) return std::nullopt;
    const size_t label = message[at];
    if ((label & 0xc0) == 0xc0) {
      if (message.size() - at < 2) return std::nullopt;
      const size_t target = load_be16(message.data() + at) & 0x3fff;
      if (!jumped) name.next = at + 2;
      if (target >= earliest) return std::nullopt;
      earliest = at = target;
      jumped = true;
      continue;
    }
    if ((label & 0xc0) != 0) return std::nullopt;
    ++at;
    if (label == 0) break;
    if (message.size() - at < label || room.size() - length < label + 1) return std::nullopt;
    if (name.labels > 0) room[length++] = '.';
    std::memcpy(room.data() + length, message.data() + at, label);
    length += label;
    at += label;
    ++name.labels;
  }
  if (!jumped) name.next = at;
  if (name.labels == 0) {
    constexpr std::string_view kRoot = "<Root>";
    std::memcpy(room.data(), kRoot.data(), kRoot.size());
    length = kRoot.size();
  }
  name.text = room.first(length);
  return name;
}

std::optional<Name> keep_name(std::span<const uint8_t> message, size_t at, FieldSink& sink) noexcept {
  const auto name = read_name(message, at, sink);
  if (name) sink.keep(name->text.size());
  return name;
}

void record_data(std::span<const uint8_t> message, size_t at, size_t length, uint16_t type, FieldSink& sink) noexcept {
  constexpr uint16_t kA = 1, kNs = 2, kCname = 5, kPtr = 12, kMx = 15, kTxt = 16, kAaaa = 28, kSrv = 33;
  const auto name_at = [&](size_t offset, FieldId field) {
    if (!sink.wants(field)) return;
    if (const auto name = keep_name(message, offset, sink)) sink.add(field, name->text);
  };
  switch (type) {
    case kA:
      if (length == 4) sink.add("dns.a"_f, load_be32(message.data() + at));
      break;
    case kAaaa:
      if (length == 16) sink.add("dns.aaaa"_f, message.subspan(at, 16));
      break;
    case kNs: name_at(at, "dns.ns"_f); break;
    case kCname: name_at(at, "dns.cname"_f); break;
    case kPtr: name_at(at, "dns.ptr.domain_name"_f); break;
    case kMx:
      if (length > 2) name_at(at + 2, "dns.mx.mail_exchange"_f);
      break;
    case kSrv:
      if (length < 7) break;
      sink.add("dns.srv.port"_f, load_be16(message.data() + at + 4));
      name_at(at + 6, "dns.srv.target"_f);
      break;
    case kTxt:
      for (size_t text = at; text < at + length;) {
        const size_t size = message[text];
        if (size > at + length - text - 1) break;
        sink.add("dns.txt"_f, message.subspan(text + 1, size));
        text += 1 + size;
      }
      break;
    default: break;
  }
}

/// One resource record; where the next one starts.
std::optional<size_t> record(std::span<const uint8_t> message, size_t at, uint16_t class_mask, FieldSink& sink) noexcept {
  const auto name = keep_name(message, at, sink);
  if (!name || message.size() - name->next < 10) return std::nullopt;
  const uint8_t* fixed = message.data() + name->next;
  const uint16_t type = load_be16(fixed);
  const size_t length = load_be16(fixed + 8), data = name->next + 10;
  constexpr uint16_t kOpt = 41;
  constexpr uint16_t kService = 33;  // whose name tshark takes apart into service, protocol and name
  if (type != kService) sink.add("dns.resp.name"_f, name->text);
  sink.add("dns.resp.type"_f, type);
  if (type != kOpt) {  // RFC 6891: class and TTL of EDNS are something else
    sink.add("dns.resp.class"_f, load_be16(fixed + 2) & class_mask);
    sink.add("dns.resp.ttl"_f, load_be32(fixed + 4));
  }
  sink.add("dns.resp.len"_f, length);
  if (message.size() - data < length) return std::nullopt;
  record_data(message, data, length, type, sink);
  return data + length;
}

void flags(uint16_t value, Application which, FieldSink& sink) noexcept {
  const bool response = (value & 0x8000) != 0;
  const auto bit = [&](FieldId field, uint16_t mask) { sink.add(field, (value & mask) != 0); };
  sink.add("dns.flags"_f, value);
  bit("dns.flags.response"_f, 0x8000);
  sink.add("dns.flags.opcode"_f, value >> 11 & 0x0f);
  if (response && which != Application::Llmnr) bit("dns.flags.authoritative"_f, 0x0400);
  bit("dns.flags.truncated"_f, 0x0200);
  if (which == Application::Llmnr) return;
  bit("dns.flags.recdesired"_f, 0x0100);
  if (response) bit("dns.flags.recavail"_f, 0x0080);
  bit("dns.flags.z"_f, 0x0040);
  if (response || (value & 0x0020) != 0) bit("dns.flags.authenticated"_f, 0x0020);
  bit("dns.flags.checkdisable"_f, 0x0010);
  if (response) sink.add("dns.flags.rcode"_f, value & 0x0f);
}

}  // namespace

void dissect_dns(std::span<const uint8_t> message, Application which, bool over_tcp, FieldSink& sink) noexcept {
  const size_t kFlagsEnd = over_tcp ? 6 : 4;  // tshark looks at the flags first of all
  if (message.size() < kFlagsEnd) return;
  sink.add_protocol(which == Application::Mdns ? "mdns"_f : which == Application::Llmnr ? "llmnr"_f : "dns"_f, message);
  if (over_tcp) {
    sink.add("dns.length"_f, load_be16(message.data()));
    message = message.subspan(2);
  }
  constexpr size_t kHeader = 12;
  sink.add("dns.id"_f, load_be16(message.data()));
  flags(load_be16(message.data() + 2), which, sink);
  if (message.size() < kHeader) return;
  constexpr std::array kCounts{"dns.count.queries"_f, "dns.count.answers"_f, "dns.count.auth_rr"_f, "dns.count.add_rr"_f};
  std::array<size_t, kCounts.size()> counts{};
  for (size_t i = 0; i < kCounts.size(); ++i) {
    counts[i] = load_be16(message.data() + 4 + i * 2);
    sink.add(kCounts[i], counts[i]);
  }
  const uint16_t class_mask = which == Application::Mdns ? 0x7fff : 0xffff;
  size_t at = kHeader;
  for (size_t i = 0; i < counts[0]; ++i) {
    const auto name = keep_name(message, at, sink);
    if (!name || message.size() - name->next < 4) return;
    sink.add("dns.qry.name"_f, name->text);
    sink.add("dns.qry.name.len"_f, name->text.size());
    sink.add("dns.count.labels"_f, std::max<uint64_t>(name->labels, 1));
    sink.add("dns.qry.type"_f, load_be16(message.data() + name->next));
    sink.add("dns.qry.class"_f, load_be16(message.data() + name->next + 2) & class_mask);
    at = name->next + 4;
  }
  for (size_t left = counts[1] + counts[2] + counts[3]; left > 0; --left) {
    const auto next = record(message, at, class_mask, sink);
    if (!next) return;
    at = *next;
  }
}

}  // namespace wirewatch::filter
