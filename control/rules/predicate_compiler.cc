// SPDX-License-Identifier: BSD-3-Clause
// A hand-written parser of one line; the first fault ends it and carries its offset.
#include "control/rules/predicate_compiler.h"

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "dataplane/base/ascii.h"
#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

constexpr std::array<std::pair<std::string_view, OperandKind>, 6> kFields{{{"u8", OperandKind::U8},
                                                                           {"be16", OperandKind::Be16},
                                                                           {"le16", OperandKind::Le16},
                                                                           {"be24", OperandKind::Be24},
                                                                           {"be32", OperandKind::Be32},
                                                                           {"le32", OperandKind::Le32}}};
constexpr std::array<std::pair<std::string_view, OperandKind>, 3> kWords{
    {{"len", OperandKind::Length},
     {"port", OperandKind::ServerPort},
     {"client_port", OperandKind::ClientPort}}};
constexpr std::array<std::pair<char, Arithmetic>, 5> kArithmetic{{{'+', Arithmetic::Add},
                                                                  {'-', Arithmetic::Subtract},
                                                                  {'*', Arithmetic::Multiply},
                                                                  {'&', Arithmetic::And},
                                                                  {'%', Arithmetic::Modulo}}};
// Longer signs first, so that "<=" is not read as "<".
constexpr std::array<std::pair<std::string_view, Comparison>, 7> kComparisons{
    {{"==", Comparison::Equal},
     {"!=", Comparison::NotEqual},
     {"<=", Comparison::LessEqual},
     {">=", Comparison::GreaterEqual},
     {"<", Comparison::Less},
     {">", Comparison::Greater},
     {"in ", Comparison::InRange}}};
constexpr int64_t kLargestOffset = 65535;  // no payload is longer

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c); }

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Predicate predicate() {
    Predicate predicate;
    predicate.left = term();
    predicate.comparison = comparison();
    if (predicate.comparison == Comparison::InRange) {
      predicate.right.first = operand();
      if (!accept("..")) expected("'..' between the two ends of the range");
      predicate.right.second = operand();
    } else {
      predicate.right = term();
    }
    end();
    return predicate;
  }

  Operand lone_operand() {
    const Operand operand = this->operand();
    end();
    return operand;
  }

  const std::optional<TextFault>& fault() const { return fault_; }

 private:
  Term term() {
    Term term;
    term.first = operand();
    skip_blanks();
    for (const auto& [sign, arithmetic] : kArithmetic) {
      if (fault_ || !accept(std::string_view(&sign, 1))) continue;
      term.arithmetic = arithmetic;
      const size_t at = offset_;
      term.second = operand();
      const bool zero = term.second.kind == OperandKind::Constant && term.second.value <= 0;
      if (arithmetic == Arithmetic::Modulo && zero) fail_at(at, "a remainder needs a divisor above zero");
      break;
    }
    return term;
  }

  Comparison comparison() {
    skip_blanks();
    for (const auto& [sign, comparison] : kComparisons) {
      if (accept(sign)) return comparison;
    }
    expected("one of == != < <= > >= or 'in LOW..HIGH'");
    return Comparison::Equal;
  }

  Operand operand() {
    skip_blanks();
    if (offset_ < text_.size() && (is_digit(text_[offset_]) || text_[offset_] == '-')) {
      return {integer(kLargestConstant), OperandKind::Constant};
    }
    const size_t start = offset_;
    const std::string_view word = take_word();
    for (const auto& [name, kind] : kWords) {
      if (word == name) return {0, kind};
    }
    for (const auto& [name, kind] : kFields) {
      if (word != name) continue;
      if (!accept("@")) expected("'@' and an offset after '" + std::string(name) + "'");
      return {integer(kLargestOffset), kind};
    }
    if (word.empty()) {
      expected("a number, len, port, client_port or a field such as be16@2");
    } else {
      std::vector<std::string_view> known;
      for (const auto& [name, kind] : kWords) known.push_back(name);
      for (const auto& [name, kind] : kFields) known.push_back(name);
      fail_at(start, "unknown operand '" + std::string(word) + "'" + did_you_mean(word, known));
    }
    return {};
  }

  /// Decimal or 0x hexadecimal, a minus sign in front allowed.
  int64_t integer(int64_t largest) {
    const size_t start = offset_;
    const bool negative = accept("-");
    const int base = accept("0x") ? 16 : 10;
    int64_t value = 0;
    const auto [stop, status] =
        std::from_chars(text_.data() + offset_, text_.data() + text_.size(), value, base);
    if (status == std::errc::invalid_argument || value < 0) {
      expected("a number");
      return 0;
    }
    offset_ = static_cast<size_t>(stop - text_.data());
    if (status != std::errc{} || value > largest) {
      fail_at(start, "this number is larger than " + std::to_string(largest));
      return 0;
    }
    return negative ? -value : value;
  }

  void end() {
    skip_blanks();
    if (offset_ < text_.size()) expected("the end of the test");
  }
  void skip_blanks() {
    while (offset_ < text_.size() && text_[offset_] == ' ') ++offset_;
  }
  std::string_view take_word() {
    const size_t start = offset_;
    while (offset_ < text_.size() && is_word(text_[offset_])) ++offset_;
    return text_.substr(start, offset_ - start);
  }
  bool accept(std::string_view sign) {
    if (!text_.substr(offset_).starts_with(sign)) return false;
    offset_ += sign.size();
    return true;
  }
  void expected(const std::string& what) {
    const std::string found =
        offset_ < text_.size() ? "'" + std::string(text_.substr(offset_, 16)) + "'" : "the end";
    fail_at(offset_, "expected " + what + ", found " + found);
  }
  void fail_at(size_t offset, std::string message) {
    if (!fault_) fault_ = TextFault{offset, std::move(message)};
  }

  std::string_view text_;
  size_t offset_ = 0;
  std::optional<TextFault> fault_;
};

}  // namespace

tl::expected<Predicate, TextFault> compile_predicate(std::string_view text) {
  Parser parser(text);
  const Predicate predicate = parser.predicate();
  if (parser.fault()) return tl::unexpected(*parser.fault());
  return predicate;
}

tl::expected<Operand, TextFault> compile_field(std::string_view text) {
  Parser parser(text);
  const Operand operand = parser.lone_operand();
  if (parser.fault()) return tl::unexpected(*parser.fault());
  if (operand.kind < OperandKind::U8) {
    return tl::unexpected(TextFault{0, "expected a field of the payload such as be32@12"});
  }
  return operand;
}

}  // namespace wirewatch
