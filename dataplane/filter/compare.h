// SPDX-License-Identifier: BSD-3-Clause
// Comparison of two values of one type, and their arithmetic.
#pragma once

#include <algorithm>
#include <cstring>

#include "dataplane/base/byte_order.h"
#include "dataplane/filter/program.h"

namespace wirewatch::filter {

template <typename T>
int order_of(T a, T b) noexcept {
  return a < b ? -1 : b < a ? 1 : 0;
}

inline int order_bytes(const Value& a, const Value& b) noexcept {
  const size_t common = std::min(a.length, b.length);
  const int order = common == 0 ? 0 : std::memcmp(a.data, b.data, common);
  return order != 0 ? order : order_of(a.length, b.length);
}

/// IPv6 addresses up to the bits that do not count.
inline int order_ipv6(const Value& a, const Value& b) noexcept {
  const unsigned bits = 128u - std::max(a.free_bits, b.free_bits);
  const size_t whole = bits / 8, rest = bits % 8;
  if (a.length < 16 || b.length < 16) return order_bytes(a, b);
  const int order = std::memcmp(a.data, b.data, whole);
  if (order != 0 || rest == 0) return order;
  const unsigned shift = 8 - static_cast<unsigned>(rest);
  return order_of(a.data[whole] >> shift, b.data[whole] >> shift);
}

/// Negative, zero or positive, as memcmp.
inline int order(FieldType type, const Value& a, const Value& b) noexcept {
  switch (type) {
    case FieldType::Ipv4: {
      const unsigned free = std::max(a.free_bits, b.free_bits);
      return order_of(a.number >> free, b.number >> free);
    }
    case FieldType::Ipv6: return order_ipv6(a, b);
    case FieldType::Ether:
    case FieldType::Bytes:
    case FieldType::Protocol:
    case FieldType::String: return order_bytes(a, b);
    default: return order_of(a.signed_number(), b.signed_number());
  }
}

inline bool contains(const Value& whole, const Value& part) noexcept {
  if (part.length == 0 || whole.length < part.length) return false;
  return memmem(whole.data, whole.length, part.data, part.length) != nullptr;
}

inline bool related(Relation relation, FieldType type, const Value& a, const Value& b) noexcept {
  switch (relation) {
    case Relation::Equal: return order(type, a, b) == 0;
    case Relation::NotEqual: return order(type, a, b) != 0;
    case Relation::Greater: return order(type, a, b) > 0;
    case Relation::GreaterEqual: return order(type, a, b) >= 0;
    case Relation::Less: return order(type, a, b) < 0;
    case Relation::LessEqual: return order(type, a, b) <= 0;
    case Relation::Contains: return contains(a, b);
  }
  return false;
}

/// False when a side has no value: what is not there compares with nothing.
inline bool holds(Relation relation, FieldType type, bool all, std::span<const Value> left,
                  std::span<const Value> right) noexcept {
  if (left.empty() || right.empty()) return false;
  for (const Value& a : left) {
    for (const Value& b : right) {
      if (related(relation, type, a, b) != all) return !all;
    }
  }
  return all;
}

}  // namespace wirewatch::filter
