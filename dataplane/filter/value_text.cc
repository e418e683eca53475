// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/value_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "dataplane/base/timestamp.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch::filter {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr size_t kLongestNumber = 48;  // any number, address or time

class Writer {
 public:
  explicit Writer(std::span<uint8_t> room) noexcept : room_(room) {}
  void put(char c) noexcept {
    if (length_ < room_.size()) room_[length_++] = static_cast<uint8_t>(c);
  }
  void put(std::string_view text) noexcept {
    for (const char c : text) put(c);
  }
  void decimal(uint64_t number) noexcept {
    std::array<char, 24> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    put(std::string_view(digits.data(), static_cast<size_t>(end - digits.data())));
  }
  void hexadecimal(uint64_t number, unsigned width) noexcept {
    for (unsigned i = width; i-- > 0;) put(kDigits[number >> (4 * i) & 0x0f]);
  }
  void bytes(std::span<const uint8_t> all, bool colons) noexcept {
    for (size_t i = 0; i < all.size(); ++i) {
      if (colons && i > 0) put(':');
      hexadecimal(all[i], 2);
    }
  }
  /// Nanoseconds as seconds with nine digits.
  void seconds(int64_t ns) noexcept {
    if (ns < 0) put('-');
    const uint64_t magnitude = ns < 0 ? 0 - static_cast<uint64_t>(ns) : static_cast<uint64_t>(ns);
    decimal(magnitude / 1'000'000'000);
    put('.');
    for (uint64_t unit = 100'000'000; unit > 0; unit /= 10) put(static_cast<char>('0' + magnitude / unit % 10));
  }
  void address(const IpAddress& one) noexcept {
    std::array<char, 48> text;
    put(std::string_view(text.data(), one.format(text.data())));
  }
  size_t length() const noexcept { return length_; }

 private:
  std::span<uint8_t> room_;
  size_t length_ = 0;
};

unsigned hexadecimal_width(FieldType type) noexcept {
  switch (type) {
    case FieldType::Uint8: return 2;
    case FieldType::Uint16: return 4;
    case FieldType::Uint24: return 6;
    case FieldType::Uint64: return 16;
    default: return 8;
  }
}

IpAddress v4(uint64_t number) noexcept {
  const std::array<uint8_t, 4> bytes{static_cast<uint8_t>(number >> 24), static_cast<uint8_t>(number >> 16),
                                     static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  return IpAddress::v4(bytes.data());
}

}  // namespace

size_t text_length(FieldType type, const Value& value) noexcept {
  switch (type) {
    case FieldType::String: return value.length;
    case FieldType::Bytes:
    case FieldType::Protocol: return size_t{value.length} * 2;
    default: return kLongestNumber;
  }
}

size_t write_text(FieldType type, Base base, const Value& value, std::span<uint8_t> room) noexcept {
  Writer out(room);
  switch (type) {
    case FieldType::None: break;
    case FieldType::String: out.put({reinterpret_cast<const char*>(value.data), value.length}); break;
    case FieldType::Bytes:
    case FieldType::Protocol: out.bytes(value.bytes(), false); break;
    case FieldType::Ether: out.bytes(value.bytes(), true); break;
    case FieldType::Ipv4: out.address(v4(value.number)); break;
    case FieldType::Ipv6:
      if (value.length >= 16) out.address(IpAddress::v6(value.data));
      break;
    case FieldType::AbsoluteTime:
    case FieldType::RelativeTime: out.seconds(value.signed_number()); break;
    default:
      if (base == Base::Hex) {
        out.put("0x");
        out.hexadecimal(value.number, hexadecimal_width(type));
        break;
      }
      if (value.signed_number() < 0) out.put('-');
      out.decimal(value.signed_number() < 0 ? 0 - value.number : value.number);
      break;
  }
  return out.length();
}

std::string absolute_time_text(int64_t ns) {
  int64_t seconds = ns / kSecond_ns, rest = ns % kSecond_ns;
  if (rest < 0) {
    rest += kSecond_ns;
    --seconds;
  }
  const std::time_t time = seconds;
  std::tm broken{};
  if (localtime_r(&time, &broken) == nullptr) return {};
  std::array<char, 64> date{}, zone{};
  std::strftime(date.data(), date.size(), "%b %e, %Y %H:%M:%S", &broken);
  std::strftime(zone.data(), zone.size(), "%Z", &broken);
  std::string fraction = std::to_string(rest);
  fraction.insert(0, 9 - fraction.size(), '0');
  return std::string(date.data()) + "." + fraction + " " + zone.data();
}

}  // namespace wirewatch::filter
