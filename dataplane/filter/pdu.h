// SPDX-License-Identifier: BSD-3-Clause
// Where the messages of an application begin and end in its stream of bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/filter/stream_tracker.h"

namespace wirewatch::filter {

/// Is the byte the type of a TLS record?
bool is_tls_content(uint8_t type) noexcept;
/// A record of a version there is; a first record of a handshake or of data, on any port; SSL 2's hello and its other messages.
bool looks_like_tls(std::span<const uint8_t> bytes) noexcept;
bool begins_tls(std::span<const uint8_t> bytes) noexcept;
bool is_ssl2_hello(std::span<const uint8_t> bytes) noexcept;
bool looks_like_ssl2(std::span<const uint8_t> bytes) noexcept;
/// Is the record one that tells the version of its conversation, as a client's hello does not?
bool settles_version(std::span<const uint8_t> record) noexcept;
/// Do the records begin with a hello of a server that chooses TLS 1.3?
bool chooses_tls13(std::span<const uint8_t> records) noexcept;

/// Is the record at the start the last one of its direction in the clear?
bool changes_to_encryption(std::span<const uint8_t> record) noexcept;

/// Length of the message at the start of `bytes`, which may be more than is there; nullopt while that cannot be told.
/// `no_body`: a response to HEAD.
std::optional<size_t> pdu_length(Application which, std::span<const uint8_t> bytes, bool no_body = false) noexcept;

}  // namespace wirewatch::filter
