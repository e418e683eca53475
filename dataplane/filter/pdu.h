// SPDX-License-Identifier: BSD-3-Clause
// Where the messages of an application begin and end in its stream of bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/filter/stream_tracker.h"

namespace wirewatch::filter {

/// Does a stream's first payload read as TLS records, as HTTP?
bool looks_like_tls(std::span<const uint8_t> bytes) noexcept;
bool looks_like_http(std::span<const uint8_t> bytes) noexcept;

/// Length of the message at the start of `bytes`, which may be more than is there; nullopt while that cannot be told.
std::optional<size_t> pdu_length(Application which, std::span<const uint8_t> bytes) noexcept;

}  // namespace wirewatch::filter
