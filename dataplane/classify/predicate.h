// SPDX-License-Identifier: BSD-3-Clause
// The small tests that verify a candidate the regular expressions found: `be16@2 == len`, `u8@4 in 1..5`.
// Compiled at the edge (control/rules), evaluated here on the packet path; 1 to 6 ns each.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace wirewatch {

enum class OperandKind : uint8_t {
  Absent,
  Constant,
  Length,  // payload bytes on the wire, also when the snapshot length cut them
  ServerPort,
  ClientPort,
  U8,
  Be16,
  Le16,
  Be24,
  Be32,
  Le32,
};
inline constexpr OperandKind kLastOperandKind = OperandKind::Le32;

/// `value` is the constant, or the offset of a field: negative ones count from the end of the payload.
struct Operand {
  int64_t value = 0;
  OperandKind kind = OperandKind::Absent;

  friend bool operator==(const Operand&, const Operand&) noexcept = default;
};

/// Constants and offsets stay inside this, so that sums and products of two operands cannot surprise.
inline constexpr int64_t kLargestConstant = 0xffff'ffff;

enum class Arithmetic : uint8_t { None, Add, Subtract, Multiply, And, Modulo };
inline constexpr Arithmetic kLastArithmetic = Arithmetic::Modulo;

enum class Comparison : uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual, InRange };
inline constexpr Comparison kLastComparison = Comparison::InRange;

/// `first [arithmetic second]`; for InRange the right-hand term holds the inclusive bounds in first and
/// second.
struct Term {
  Operand first;
  Operand second;
  Arithmetic arithmetic = Arithmetic::None;

  friend bool operator==(const Term&, const Term&) noexcept = default;
};

struct Predicate {
  Term left;
  Term right;
  Comparison comparison = Comparison::Equal;

  friend bool operator==(const Predicate&, const Predicate&) noexcept = default;
};

/// What predicates may look at. `length` is at least bytes.size().
struct PredicateInput {
  std::span<const uint8_t> bytes;
  int64_t length = 0;
  uint16_t server_port = 0;
  uint16_t client_port = 0;
};

/// nullopt when the field lies outside the captured bytes.
std::optional<int64_t> evaluate(const Operand&, const PredicateInput&) noexcept;

/// False as well when a field is out of bounds, a sum overflows or a modulus is zero.
bool holds(const Predicate&, const PredicateInput&) noexcept;

}  // namespace wirewatch
