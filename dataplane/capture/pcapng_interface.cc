// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/pcapng_interface.h"

#include <algorithm>
#include <array>
#include <limits>

#include "dataplane/base/byte_order.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

// ISO C++ has no 128-bit integer, gcc and clang do.
__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

constexpr uint8_t kPowerOfTwo = 0x80;
constexpr std::array<uint64_t, 10> kPowersOfTen{1,         10,         100,         1'000,         10'000,
                                                100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

constexpr uint16_t kOptionEnd = 0;
constexpr uint16_t kOptionResolution = 9;
constexpr uint16_t kOptionOffset = 14;

}  // namespace

void PcapNgInterface::set_resolution(uint8_t if_tsresol) noexcept {
  resolution = if_tsresol;
  const uint8_t exponent = if_tsresol & 0x7f;
  if ((if_tsresol & kPowerOfTwo) == 0) {
    multiplier = exponent <= 9 ? kPowersOfTen[9u - exponent] : 0;
  } else {
    multiplier = exponent <= 9 ? uint64_t{kSecond_ns} >> exponent : 0;  // 10^9 is divisible by 2^9 and no more
  }
}

void PcapNgInterface::set_offset(int64_t seconds) noexcept {
  offset_s = seconds;
  offset_fits = !__builtin_mul_overflow(seconds, kSecond_ns, &offset_ns);
}

int64_t PcapNgInterface::resolution_ns() const noexcept {
  if (multiplier != 0) return static_cast<int64_t>(multiplier);
  const uint8_t exponent = resolution & 0x7f;
  if ((resolution & kPowerOfTwo) == 0 || exponent >= 30) return 1;
  const int64_t units = int64_t{1} << exponent;
  return (kSecond_ns + units - 1) / units;
}

PcapNgInterface::Wide PcapNgInterface::to_wide_ns(uint64_t units) const noexcept {
  const uint8_t exponent = resolution & 0x7f;
  Uint128 ns = units;
  if (multiplier != 0) {
    ns *= multiplier;
  } else if ((resolution & kPowerOfTwo) != 0) {
    // units * 10^9 has at most 94 bits, so a larger shift leaves nothing.
    ns = exponent < 94 ? (ns * uint64_t{kSecond_ns}) >> exponent : 0;
  } else {
    for (uint8_t digits = exponent; digits > 9 && ns != 0; --digits) ns /= 10;
  }
  return static_cast<Wide>(ns) + static_cast<Wide>(offset_s) * kSecond_ns;
}

WideTime PcapNgInterface::to_wide_time(uint64_t units) const noexcept {
  const Wide time = to_wide_ns(units);
  const Wide rest = (time % kSecond_ns + kSecond_ns) % kSecond_ns;
  return {static_cast<int64_t>((time - rest) / kSecond_ns), static_cast<uint32_t>(rest)};
}

Timestamp PcapNgInterface::to_time_slowly(uint64_t units) const noexcept {
  const Wide time = to_wide_ns(units);
  if (time > std::numeric_limits<int64_t>::max() || time <= std::numeric_limits<int64_t>::min()) return kNoTimestamp;
  return {static_cast<int64_t>(time)};
}

bool read_interface_options(std::span<const uint8_t> options, std::endian order, PcapNgInterface& interface) noexcept {
  while (options.size() >= 4) {
    const uint16_t code = detail::load_as<uint16_t>(options.data(), order);
    const uint16_t length = detail::load_as<uint16_t>(options.data() + 2, order);
    if (code == kOptionEnd) return true;
    options = options.subspan(4);
    if (options.size() < length) return false;
    if (code == kOptionResolution && length >= 1) interface.set_resolution(options[0]);
    if (code == kOptionOffset && length >= 8) {
      interface.set_offset(std::bit_cast<int64_t>(detail::load_as<uint64_t>(options.data(), order)));
    }
    const size_t padded = (size_t{length} + 3) & ~size_t{3};
    options = options.subspan(std::min(padded, options.size()));
  }
  return options.empty();
}

}  // namespace wirewatch
