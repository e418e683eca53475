// SPDX-License-Identifier: BSD-3-Clause
// Where HTTP/1's messages begin and end (RFC 9112), and what Wireshark's reader of HTTP takes for one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace wirewatch::filter {

/// Is the first line whole? It ends with either of its two marks; a last carriage return may be half of one.
bool has_line(std::span<const uint8_t> bytes) noexcept;
/// Does a payload on any port begin with a line that names the version, as a request or a status line does?
bool looks_like_http(std::span<const uint8_t> bytes) noexcept;
/// Is the first line a request or a status line to whoever expects HTTP: a method that there is, or the protocol's name?
bool begins_http_message(std::span<const uint8_t> bytes) noexcept;
bool is_http_response(std::span<const uint8_t> bytes) noexcept;
/// A method and something to apply it to.
bool is_http_request(std::span<const uint8_t> bytes) noexcept;
/// Could the first line be one of a header: has it a colon, or nothing?
bool may_be_http_header(std::span<const uint8_t> bytes) noexcept;

/// A message that ends with the connection.
inline constexpr size_t kUntilTheEnd = ~size_t{0};

/// Length of the message at the start of `bytes`, which may be more than is there; nullopt while that cannot be told.
/// `no_body`: a response to HEAD.
std::optional<size_t> http_length(std::span<const uint8_t> bytes, bool no_body) noexcept;

}  // namespace wirewatch::filter
