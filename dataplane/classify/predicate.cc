// SPDX-License-Identifier: BSD-3-Clause
// A term at a time, every read checked: what cannot be read makes the predicate false.
#include "dataplane/classify/predicate.h"

#include "dataplane/base/byte_order.h"

namespace wirewatch {
namespace {

std::optional<int64_t> evaluate(const Term& term, const PredicateInput& input) noexcept {
  const auto first = evaluate(term.first, input);
  if (!first || term.arithmetic == Arithmetic::None) return first;
  const auto second = evaluate(term.second, input);
  if (!second) return std::nullopt;
  int64_t result = 0;
  bool overflow = false;
  switch (term.arithmetic) {
    case Arithmetic::None:
      break;
    case Arithmetic::Add:
      overflow = __builtin_add_overflow(*first, *second, &result);
      break;
    case Arithmetic::Subtract:
      overflow = __builtin_sub_overflow(*first, *second, &result);
      break;
    case Arithmetic::Multiply:
      overflow = __builtin_mul_overflow(*first, *second, &result);
      break;
    case Arithmetic::And:
      result = *first & *second;
      break;
    case Arithmetic::Modulo:
      if (*second <= 0) return std::nullopt;
      result = *first % *second;
      break;
  }
  if (overflow) return std::nullopt;
  return result;
}

bool in_range(const Predicate& predicate, int64_t value, const PredicateInput& input) noexcept {
  const auto low = evaluate(predicate.right.first, input);
  const auto high = evaluate(predicate.right.second, input);
  return low && high && *low <= value && value <= *high;
}

/// Where a field of `width` bytes starts, or nullptr when it is not wholly inside the captured bytes.
const uint8_t* field(int64_t offset, size_t width, const PredicateInput& input) noexcept {
  const int64_t start = offset >= 0 ? offset : input.length + offset;
  const auto captured = static_cast<int64_t>(input.bytes.size());
  if (start < 0 || start + static_cast<int64_t>(width) > captured) return nullptr;
  return input.bytes.data() + start;
}

}  // namespace

std::optional<int64_t> evaluate(const Operand& operand, const PredicateInput& input) noexcept {
  const auto read = [&](size_t width, auto load) noexcept -> std::optional<int64_t> {
    const uint8_t* const at = field(operand.value, width, input);
    if (at == nullptr) return std::nullopt;
    return static_cast<int64_t>(load(at));
  };
  switch (operand.kind) {
    case OperandKind::Absent:
      return std::nullopt;
    case OperandKind::Constant:
      return operand.value;
    case OperandKind::Length:
      return input.length;
    case OperandKind::ServerPort:
      return input.server_port;
    case OperandKind::ClientPort:
      return input.client_port;
    case OperandKind::U8:
      return read(1, [](const uint8_t* at) noexcept { return *at; });
    case OperandKind::Be16:
      return read(2, load_be16);
    case OperandKind::Le16:
      return read(2, load_le16);
    case OperandKind::Be24:
      return read(3, load_be24);
    case OperandKind::Be32:
      return read(4, load_be32);
    case OperandKind::Le32:
      return read(4, load_le32);
  }
  return std::nullopt;
}

bool holds(const Predicate& predicate, const PredicateInput& input) noexcept {
  const auto left = evaluate(predicate.left, input);
  if (!left) return false;
  if (predicate.comparison == Comparison::InRange) return in_range(predicate, *left, input);
  const auto right = evaluate(predicate.right, input);
  if (!right) return false;
  switch (predicate.comparison) {
    case Comparison::Equal:
      return *left == *right;
    case Comparison::NotEqual:
      return *left != *right;
    case Comparison::Less:
      return *left < *right;
    case Comparison::LessEqual:
      return *left <= *right;
    case Comparison::Greater:
      return *left > *right;
    case Comparison::GreaterEqual:
      return *left >= *right;
    case Comparison::InRange:
      break;
  }
  return false;
}

}  // namespace wirewatch
