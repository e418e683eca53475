// SPDX-License-Identifier: BSD-3-Clause
// The Host field of an HTTP/1 request (RFC 9110 section 7.2).
#pragma once

#include <cstdint>
#include <span>

namespace wirewatch {

/// The value as it stands, port included; empty when the head has none or is cut before the end of its line.
std::span<const uint8_t> http_host(std::span<const uint8_t> request) noexcept;

}  // namespace wirewatch
