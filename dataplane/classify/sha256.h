// SPDX-License-Identifier: BSD-3-Clause
// SHA-256 for the edge: what proves which rules are live and that a rule blob arrived whole.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace wirewatch {

using Sha256Digest = std::array<uint8_t, 32>;

/// The digest of the pieces one after the other.
Sha256Digest sha256(std::span<const std::span<const uint8_t>> pieces);
Sha256Digest sha256(std::span<const uint8_t> bytes);

/// Lower-case hexadecimal.
std::string to_hex(std::span<const uint8_t> bytes);

}  // namespace wirewatch
