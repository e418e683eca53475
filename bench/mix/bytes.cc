// SPDX-License-Identifier: BSD-3-Clause
#include "bench/mix/bytes.h"

namespace wirewatch::mix {

Bytes& Bytes::add(std::span<const uint8_t> value) {
  data_.insert(data_.end(), value.begin(), value.end());
  return *this;
}

Bytes& Bytes::zeros(size_t count) {
  data_.insert(data_.end(), count, 0);
  return *this;
}

Bytes& Bytes::push(uint32_t value) {
  data_.push_back(static_cast<uint8_t>(value));
  return *this;
}

}  // namespace wirewatch::mix
