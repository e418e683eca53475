// SPDX-License-Identifier: BSD-3-Clause
// Fields of an HTTP/1 request that say what it is for and who asks (RFC 9110 sections 7.2 and 10.1.5).
#pragma once

#include <cstdint>
#include <span>

namespace wirewatch {

/// Values as they stand; empty when the head has none or is cut before the end of their line.
struct HttpFields {
  std::span<const uint8_t> host;  // port included
  std::span<const uint8_t> user_agent;
};

HttpFields http_fields(std::span<const uint8_t> request) noexcept;

}  // namespace wirewatch
