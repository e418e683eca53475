// SPDX-License-Identifier: BSD-3-Clause
// A term at a time, every read checked: what cannot be read makes the predicate false.
#include "dataplane/classify/predicate.h"

#include "dataplane/base/byte_order.h"

namespace wirewatch {
namespace {

/// Reads the operand into `value`; false when it is a field outside the captured bytes. In line, since a scan
/// may try dozens of tests.
[[gnu::always_inline]] inline bool read(const Operand& operand, const PredicateInput& input,
                                        int64_t& value) noexcept {
  switch (operand.kind) {
    case OperandKind::Absent:
      return false;
    case OperandKind::Constant:
      value = operand.value;
      return true;
    case OperandKind::Length:
      value = input.length;
      return true;
    case OperandKind::ServerPort:
      value = input.server_port;
      return true;
    case OperandKind::ClientPort:
      value = input.client_port;
      return true;
    default:
      break;
  }
  constexpr std::array<uint8_t, 6> kWidth{1, 2, 2, 3, 4, 4};  // U8 to Le32
  const auto which = static_cast<size_t>(operand.kind) - static_cast<size_t>(OperandKind::U8);
  const int64_t start = operand.value >= 0 ? operand.value : input.length + operand.value;
  if (start < 0 || start + kWidth[which] > static_cast<int64_t>(input.bytes.size())) return false;
  const uint8_t* const at = input.bytes.data() + start;
  switch (operand.kind) {
    case OperandKind::U8:
      value = *at;
      return true;
    case OperandKind::Be16:
      value = load_be16(at);
      return true;
    case OperandKind::Le16:
      value = load_le16(at);
      return true;
    case OperandKind::Be24:
      value = load_be24(at);
      return true;
    case OperandKind::Be32:
      value = load_be32(at);
      return true;
    case OperandKind::Le32:
      value = load_le32(at);
      return true;
    default:
      return false;
  }
}

bool combine(Arithmetic arithmetic, int64_t second, int64_t& value) noexcept {
  switch (arithmetic) {
    case Arithmetic::None:
      return true;
    case Arithmetic::Add:
      return !__builtin_add_overflow(value, second, &value);
    case Arithmetic::Subtract:
      return !__builtin_sub_overflow(value, second, &value);
    case Arithmetic::Multiply:
      return !__builtin_mul_overflow(value, second, &value);
    case Arithmetic::And:
      value &= second;
      return true;
    case Arithmetic::Modulo:
      if (second <= 0) return false;
      value %= second;
      return true;
  }
  return false;
}

[[gnu::always_inline]] inline bool read(const Term& term, const PredicateInput& input,
                                        int64_t& value) noexcept {
  if (!read(term.first, input, value)) return false;
  if (term.arithmetic == Arithmetic::None) [[likely]]
    return true;
  int64_t second = 0;
  return read(term.second, input, second) && combine(term.arithmetic, second, value);
}

}  // namespace

std::optional<int64_t> evaluate(const Operand& operand, const PredicateInput& input) noexcept {
  int64_t value = 0;
  if (!read(operand, input, value)) return std::nullopt;
  return value;
}

bool holds(const Predicate& predicate, const PredicateInput& input) noexcept {
  int64_t left = 0;
  int64_t right = 0;
  if (!read(predicate.left, input, left)) return false;
  if (predicate.comparison == Comparison::InRange) {
    int64_t high = 0;
    return read(predicate.right.first, input, right) && read(predicate.right.second, input, high) &&
           right <= left && left <= high;
  }
  if (!read(predicate.right, input, right)) return false;
  switch (predicate.comparison) {
    case Comparison::Equal:
      return left == right;
    case Comparison::NotEqual:
      return left != right;
    case Comparison::Less:
      return left < right;
    case Comparison::LessEqual:
      return left <= right;
    case Comparison::Greater:
      return left > right;
    case Comparison::GreaterEqual:
      return left >= right;
    case Comparison::InRange:
      break;
  }
  return false;
}

}  // namespace wirewatch
