// SPDX-License-Identifier: BSD-3-Clause
// Messages made of lines of text, taken apart on the packet path: what the standard library offers for it would throw.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/base/ascii.h"

namespace wirewatch::filter {

using Text = std::string_view;

inline Text as_text(std::span<const uint8_t> bytes) noexcept { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// `name` is in lower case.
constexpr bool same_name(Text text, Text name) noexcept {
  return std::ranges::equal(text, name, [](char left, char right) { return lower(left) == right; });
}

/// What follows the first `count` letters, nothing where there are fewer.
constexpr Text after(Text text, size_t count) noexcept {
  text.remove_prefix(std::min(count, text.size()));
  return text;
}

}  // namespace wirewatch::filter
