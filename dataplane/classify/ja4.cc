// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/ja4.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "dataplane/base/byte_reader.h"
#include "dataplane/quic/hmac_sha256.h"

namespace wirewatch {
namespace {

constexpr size_t kMostNumbers = 400;  // cipher suites, extensions, algorithms: real clients have under 100
constexpr uint16_t kServerName = 0;
constexpr uint16_t kAlpn = 16;

/// RFC 8701: 0x0a0a, 0x1a1a, ... 0xfafa are there to be ignored.
constexpr bool is_grease(uint16_t value) noexcept { return (value & 0x0f0f) == 0x0a0a && (value >> 8) == (value & 0xff); }

constexpr char kHex[] = "0123456789abcdef";

struct Numbers {
  std::array<uint16_t, kMostNumbers> values;  // the first `count` of them
  size_t count = 0;
  bool fits = true;

  void add(uint16_t value) noexcept {
    if (is_grease(value)) return;
    if (count == values.size()) {
      fits = false;
      return;
    }
    values[count++] = value;
  }
  std::span<uint16_t> all() noexcept { return std::span(values).first(count); }
};

void add_pairs(std::span<const uint8_t> list, Numbers& numbers) noexcept {
  ByteReader reader(list);
  while (const auto value = reader.be16()) numbers.add(*value);
}

std::string_view version_text(const ClientHelloFields& hello) noexcept {
  uint16_t version = hello.version;
  if (!hello.supported_versions.empty()) {
    Numbers offered;
    add_pairs(hello.supported_versions, offered);
    version = offered.count == 0 ? uint16_t{0} : std::ranges::max(offered.all());
  }
  switch (version) {
    case 0x0304:
      return "13";
    case 0x0303:
      return "12";
    case 0x0302:
      return "11";
    case 0x0301:
      return "10";
    case 0x0300:
      return "s3";
    case 0x0002:
      return "s2";
    case 0xfeff:
      return "d1";
    case 0xfefd:
      return "d2";
    case 0xfefc:
      return "d3";
    default:
      return "00";
  }
}

constexpr bool is_alphanumeric(uint8_t c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// First and last character of the first protocol offered, of its hexadecimal form when they are not letters or digits.
std::array<char, 2> alpn_text(std::span<const uint8_t> alpn) noexcept {
  ByteReader reader(alpn);
  const auto length = reader.u8();
  const auto name = length ? reader.take(*length) : std::nullopt;
  if (!name || name->empty()) return {'0', '0'};
  const uint8_t first = name->front(), last = name->back();
  if (is_alphanumeric(first) && is_alphanumeric(last)) return {static_cast<char>(first), static_cast<char>(last)};
  return {kHex[first >> 4], kHex[last & 15]};
}

std::array<char, 2> two_digits(size_t number) noexcept {
  number = std::min<size_t>(number, 99);
  return {static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10)};
}

/// "1301,1302" as it is hashed.
class ListText {
 public:
  void add(std::span<const uint16_t> values) noexcept {
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) put(',');
      for (const int shift : {12, 8, 4, 0}) put(kHex[values[i] >> shift & 15]);
    }
  }
  void put(char c) noexcept { text_[size_++] = c; }
  std::string_view view() const noexcept { return {text_.data(), size_}; }

 private:
  std::array<char, 2 * kMostNumbers * 5 + 2> text_;
  size_t size_ = 0;
};

void put_digits(std::string_view list, char* out, size_t count) noexcept {
  std::array<uint8_t, 32> digest;
  sha256_in_place({reinterpret_cast<const uint8_t*>(list.data()), list.size()}, digest);
  for (size_t i = 0; i < count / 2; ++i) {
    out[2 * i] = kHex[digest[i] >> 4];
    out[2 * i + 1] = kHex[digest[i] & 15];
  }
}

uint64_t hash_of(std::span<const uint16_t> list, uint64_t seed) noexcept {
  uint64_t state = seed ^ list.size();
  for (const uint16_t value : list) state = (state ^ value) * 0x9e3779b97f4a7c15u;
  return state ^ state >> 32;
}

}  // namespace

bool Ja4::Hashed::is(List one, List other) const noexcept {
  return first == one.size() && second == other.size() && std::ranges::equal(one, List(values).first(first)) &&
         std::ranges::equal(other, List(values).subspan(first, second));
}

/// The first twelve hexadecimal digits of the digest of both lists, "1301,1302_0403,0804"; zeros when the first is empty.
void Ja4::put_hash(List first, List second, char* out) noexcept {
  if (first.empty()) {
    std::memset(out, '0', kDigits);
    return;
  }
  Hashed* const hashed = first.size() + second.size() <= Hashed::kMost
                             ? &hashed_[hash_of(second, hash_of(first, 0)) % hashed_.size()]
                             : nullptr;
  if (hashed != nullptr && hashed->is(first, second)) {
    std::memcpy(out, hashed->digits.data(), kDigits);
    return;
  }
  ListText list;
  list.add(first);
  if (!second.empty()) {
    list.put('_');
    list.add(second);
  }
  put_digits(list.view(), out, kDigits);
  if (hashed == nullptr) return;
  hashed->first = static_cast<uint32_t>(first.size());
  hashed->second = static_cast<uint32_t>(second.size());
  std::ranges::copy(second, std::ranges::copy(first, hashed->values.begin()).out);
  std::memcpy(hashed->digits.data(), out, kDigits);
}

std::string_view Ja4::of(const ClientHelloFields& hello, HelloTransport transport) noexcept {
  if (!hello.complete) return {};
  Numbers suites, extensions, algorithms;
  add_pairs(hello.cipher_suites, suites);
  add_pairs(hello.signature_algorithms, algorithms);
  size_t extension_count = 0;
  ByteReader reader(hello.extensions);
  while (const auto type = reader.be16()) {
    const auto length = reader.be16();
    if (!length || !reader.skip(*length)) return {};
    if (!is_grease(*type)) ++extension_count;
    if (*type != kServerName && *type != kAlpn) extensions.add(*type);
  }
  if (!suites.fits || !extensions.fits || !algorithms.fits) return {};
  std::ranges::sort(suites.all());
  std::ranges::sort(extensions.all());

  char* at = text_.data();
  const auto put = [&](std::string_view text) noexcept {
    std::memcpy(at, text.data(), text.size());
    at += text.size();
  };
  const auto put_two = [&](std::array<char, 2> two) noexcept { put({two.data(), two.size()}); };
  *at++ = static_cast<char>(transport);
  put(version_text(hello));
  *at++ = hello.has_server_name ? 'd' : 'i';
  put_two(two_digits(suites.count));
  put_two(two_digits(extension_count));
  put_two(alpn_text(hello.alpn));
  *at++ = '_';
  put_hash(suites.all(), {}, at);
  at += kDigits;
  *at++ = '_';
  put_hash(extensions.all(), algorithms.all(), at);
  return {text_.data(), kLength};
}

}  // namespace wirewatch
