// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/hello_bytes.h"

#include <algorithm>
#include <cstring>

namespace wirewatch {

void HelloBytes::put(size_t offset, std::span<const uint8_t> bytes) noexcept {
  if (offset >= kLongestHello || bytes.empty()) return;
  bytes = bytes.first(std::min(bytes.size(), kLongestHello - offset));
  auto begin = static_cast<uint16_t>(offset);
  auto end = static_cast<uint16_t>(offset + bytes.size());
  // The first piece that ends at or behind the new one's beginning, and the first that begins behind its end.
  const auto all = std::span(of_).first(pieces_);
  const auto first = std::ranges::lower_bound(all, begin, {}, &Piece::end) - all.begin();
  const auto last = std::ranges::upper_bound(all, end, {}, &Piece::begin) - all.begin();
  if (first == last && pieces_ == of_.size()) return;
  std::memcpy(bytes_.data() + offset, bytes.data(), bytes.size());
  if (first < last) {  // melts them into one
    begin = std::min(begin, of_[static_cast<size_t>(first)].begin);
    end = std::max(end, of_[static_cast<size_t>(last) - 1].end);
    std::copy(of_.begin() + last, of_.begin() + static_cast<std::ptrdiff_t>(pieces_), of_.begin() + first + 1);
    pieces_ -= static_cast<size_t>(last - first) - 1;
  } else {
    std::copy_backward(of_.begin() + first, of_.begin() + static_cast<std::ptrdiff_t>(pieces_),
                       of_.begin() + static_cast<std::ptrdiff_t>(pieces_) + 1);
    ++pieces_;
  }
  of_[static_cast<size_t>(first)] = {begin, end};
}

std::span<const uint8_t> HelloBytes::beginning() const noexcept {
  if (pieces_ == 0 || of_[0].begin != 0) return {};
  return std::span(bytes_).first(of_[0].end);
}

}  // namespace wirewatch
