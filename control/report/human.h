// SPDX-License-Identifier: BSD-3-Clause
// Quantities as people read them. Bytes count in KiB, MiB, GiB (1024); durations carry three significant
// digits.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/base/timestamp.h"
#include "dataplane/packet/endpoint.h"

namespace wirewatch {

/// "1,234,567"
std::string human_count(uint64_t count);
/// "512 B", "14.6 MiB"
std::string human_bytes(uint64_t bytes);
/// "850 ns", "12.3 ms", "1.02 s"; microseconds as "us" without `utf8`
std::string human_duration(int64_t ns, bool utf8);
/// "12.3 s", "4 min 12 s", "3 h 05 min", "2 d 03 h"
std::string human_span(int64_t ns, bool utf8);
/// "12.3 %", "<0.1 %", "100 %"; empty when the whole is 0
std::string human_percent(uint64_t part, uint64_t whole);
/// "1.53 Mbit/s": three significant digits, k, M, G of 1000
std::string human_bit_rate(double bits_per_second);
/// "206", "1,488,095"; three digits below 100
std::string human_rate(double per_second);
/// The step of a clock: "1 µs", "10 ms"
std::string human_resolution(int64_t ns, bool utf8);
/// "2026-03-01 10:22:03.123456", with as many digits of the second as the clock resolves
std::string utc_time(Timestamp time, int64_t resolution_ns);
/// The same without the date
std::string utc_time_of_day(Timestamp time, int64_t resolution_ns);
/// "10.0.0.1:80", "[2001:db8::1]:443"
std::string human_endpoint(const Endpoint& endpoint);
/// "1 flow", "2 flows"
std::string counted(uint64_t count, const char* one, const char* many);

}  // namespace wirewatch
