// SPDX-License-Identifier: BSD-3-Clause
#include "control/rules/predicate_text.h"

#include <array>
#include <string_view>

namespace wirewatch {
namespace {

constexpr std::array<std::string_view, 11> kOperandTexts{"",     "",     "len",  "port", "client_port", "u8",
                                                         "be16", "le16", "be24", "be32", "le32"};
static_assert(kOperandTexts.size() == static_cast<size_t>(kLastOperandKind) + 1);
constexpr std::array<std::string_view, 6> kArithmeticTexts{"", " + ", " - ", " * ", " & ", " % "};
static_assert(kArithmeticTexts.size() == static_cast<size_t>(kLastArithmetic) + 1);
constexpr std::array<std::string_view, 7> kComparisonTexts{" == ", " != ", " < ", " <= ", " > ", " >= ", " in "};
static_assert(kComparisonTexts.size() == static_cast<size_t>(kLastComparison) + 1);

std::string text_of(const Operand& operand) {
  if (operand.kind == OperandKind::Constant) return std::to_string(operand.value);
  const std::string word(kOperandTexts[static_cast<size_t>(operand.kind)]);
  return operand.kind < OperandKind::U8 ? word : word + "@" + std::to_string(operand.value);
}

std::string text_of(const Term& term) {
  if (term.arithmetic == Arithmetic::None) return text_of(term.first);
  return text_of(term.first) + std::string(kArithmeticTexts[static_cast<size_t>(term.arithmetic)]) + text_of(term.second);
}

/// The term with numbers in place of its fields; empty with `missing` set when one lies outside the payload.
std::string value_of(const Term& term, const PredicateInput& input, std::string& missing) {
  const auto value = [&](const Operand& operand) -> std::string {
    if (const auto number = evaluate(operand, input)) return std::to_string(*number);
    if (missing.empty()) missing = text_of(operand);
    return {};
  };
  if (term.arithmetic == Arithmetic::None) return value(term.first);
  return value(term.first) + std::string(kArithmeticTexts[static_cast<size_t>(term.arithmetic)]) + value(term.second);
}

}  // namespace

std::string text_of(const Predicate& predicate) {
  const std::string sign(kComparisonTexts[static_cast<size_t>(predicate.comparison)]);
  const std::string right = predicate.comparison == Comparison::InRange
                                ? text_of(predicate.right.first) + ".." + text_of(predicate.right.second)
                                : text_of(predicate.right);
  return text_of(predicate.left) + sign + right;
}

std::string compared(const Predicate& predicate, const PredicateInput& input) {
  std::string missing;
  std::string text = value_of(predicate.left, input, missing);
  text += kComparisonTexts[static_cast<size_t>(predicate.comparison)];
  if (predicate.comparison == Comparison::InRange) {
    text += value_of({predicate.right.first, {}, Arithmetic::None}, input, missing) + ".." +
            value_of({predicate.right.second, {}, Arithmetic::None}, input, missing);
  } else {
    text += value_of(predicate.right, input, missing);
  }
  return missing.empty() ? text : missing + " is beyond the payload";
}

}  // namespace wirewatch
