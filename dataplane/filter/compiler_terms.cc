// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <charconv>

#include "dataplane/base/nearest_name.h"
#include "dataplane/filter/compiler.h"
#include "dataplane/filter/evaluator.h"

namespace wirewatch::filter {
namespace {

struct FunctionSpec {
  std::string_view name;
  Function function;
  size_t least, most;  // arguments
};
constexpr std::array kFunctions{
    FunctionSpec{"len", Function::Length, 1, 1},   FunctionSpec{"count", Function::Count, 1, 1},
    FunctionSpec{"upper", Function::Upper, 1, 1},  FunctionSpec{"lower", Function::Lower, 1, 1},
    FunctionSpec{"string", Function::String, 1, 1}, FunctionSpec{"max", Function::Max, 1, 32},
    FunctionSpec{"min", Function::Min, 1, 32},     FunctionSpec{"abs", Function::Absolute, 1, 1},
};

bool is_bytes(FieldType type) noexcept {
  return type == FieldType::Ether || type == FieldType::Bytes || type == FieldType::Protocol || type == FieldType::Ipv6;
}

/// One number of a slice or a layer; moves `text` behind it.
std::optional<int32_t> take_number(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const bool hexadecimal = text.starts_with("0x");
  if (hexadecimal) text.remove_prefix(2);
  int32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, hexadecimal ? 16 : 10);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return number;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// `[i]`, `[i:length]`, `[i-j]`, `[:length]`, `[i:]`.
std::optional<SlicePart> slice_part(std::string_view text) {
  text = trimmed(text);
  SlicePart part;
  if (!text.starts_with(':')) {
    const auto start = take_number(text);
    if (!start) return std::nullopt;
    part.start = *start;
    if (text.empty()) {
      part.length = 1;
      return part;
    }
  }
  const char separator = text.front();
  text.remove_prefix(1);
  text = trimmed(text);
  if (separator == ':' && text.empty()) {
    part.to_end = true;
    return part;
  }
  const auto second = take_number(text);
  if (!second || !text.empty()) return std::nullopt;
  if (separator == ':') {
    part.length = *second;
  } else if (separator == '-') {
    if ((*second < 0) != (part.start < 0) || *second < part.start) return std::nullopt;
    part.length = *second - part.start + 1;
  } else {
    return std::nullopt;
  }
  if (part.length <= 0) return std::nullopt;
  return part;
}

std::optional<LayerPart> layer_part(std::string_view text) {
  text = trimmed(text);
  const auto first = take_number(text);
  if (!first) return std::nullopt;
  if (text.empty()) return LayerPart{*first, *first};
  const char separator = text.front();
  if (separator != '-' && separator != ':') return std::nullopt;
  text.remove_prefix(1);
  if (text.empty()) return separator == ':' ? std::optional(LayerPart{*first, -1}) : std::nullopt;
  const auto second = take_number(text);
  if (!second || !text.empty()) return std::nullopt;
  const int64_t last = separator == '-' ? *second : int64_t{*first} + *second - 1;
  if (last > 0x7fff'ffff || last < -0x7fff'ffff) return std::nullopt;
  return LayerPart{*first, static_cast<int32_t>(last)};
}

}  // namespace

std::string described(const Term& term) {
  if (term.kind == Term::Kind::Field) return std::string(spec(term.field).name);
  for (const FunctionSpec& one : kFunctions) {
    if (term.kind == Term::Kind::Call && one.function == term.function) return std::string(one.name) + "()";
  }
  return term.kind == Term::Kind::Slice ? "the slice" : "the value";
}

bool comparable(FieldType a, FieldType b) noexcept {
  if (a == b) return true;
  const auto number = [](FieldType type) { return is_integer(type); };
  if (number(a) && number(b)) return true;
  const auto bytes = [](FieldType type) {
    return type == FieldType::Ether || type == FieldType::Bytes || type == FieldType::Protocol;
  };
  return bytes(a) && bytes(b);
}

bool Compiler::is_name(std::string_view word) const {
  if (word.starts_with('.')) word.remove_prefix(1);
  return find_field(word).has_value() || application_names_.contains(word);
}

/// Written without a field in it: what it means depends on the other side.
bool Compiler::is_literal(const SyntaxNode& node) const {
  switch (node.kind) {
    case SyntaxKind::Word: return !find_field(node.text.starts_with('.') ? node.text.substr(1) : node.text);
    case SyntaxKind::String:
    case SyntaxKind::Character: return true;
    case SyntaxKind::Negative: return is_literal(*node.children.front());
    case SyntaxKind::Arithmetic: return is_literal(*node.children[0]) && is_literal(*node.children[1]);
    default: return false;
  }
}

Error Compiler::unknown(const SyntaxNode& node) const {
  std::string text = node.text;
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    return fault(node.column, "a field or a protocol is expected here, not the value '" + text + "'").value();
  }
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;  // fields are lower case
  std::vector<std::string_view> known(applications_.begin(), applications_.end());
  for (const FieldSpec& row : kFields) known.push_back(row.name);
  return fault(node.column, "'" + node.text + "' is neither a field nor a protocol" + did_you_mean(text, known)).value();
}

Result<Term> Compiler::literal(const SyntaxNode& node, FieldType type, std::optional<FieldId> like) {
  Term made;
  made.kind = Term::Kind::Literal;
  made.type = type;
  if (node.kind == SyntaxKind::Negative) {
    if (!is_integer(type) && type != FieldType::RelativeTime) return fault(node.column, "only a number can have a sign");
    auto inner = literal(*node.children.front(), type, std::nullopt);
    if (!inner) return inner;
    made.literal = Value::of(0 - inner->literal.number);
    return made;
  }
  if (node.kind == SyntaxKind::Arithmetic) {
    if (!is_integer(type)) return fault(node.column, "'" + node.text + "' works on numbers, and what is compared here is " + std::string(type_name(type)));
    auto left = literal(*node.children[0], FieldType::Uint64, std::nullopt);
    if (!left) return left;
    auto right = literal(*node.children[1], FieldType::Uint64, std::nullopt);
    if (!right) return right;
    made.kind = Term::Kind::Arithmetic;
    made.operation = node.operation;
    made.type = FieldType::Uint64;
    made.children.push_back(std::move(*left));
    made.children.push_back(std::move(*right));
    Evaluator evaluator({});
    const auto folded = evaluator.constant(made);
    if (folded.empty()) return fault(node.column, "a number is divided by zero here");
    Term constant;
    constant.type = type;
    constant.literal = folded.front();
    return constant;
  }
  auto value = parse_literal(node, type, like, store_);
  if (!value) return tl::unexpected(value.error());
  made.literal = *value;
  return made;
}

/// The other side of a comparison: a field or a function, or a value of `other`'s type.
Result<Term> Compiler::operand(const SyntaxNode& node, const Term& other) {
  const bool names_value = other.kind == Term::Kind::Field;
  if (is_literal(node)) {
    return literal(node, other.type, names_value ? std::optional(other.field) : std::nullopt);
  }
  auto made = term(node);
  if (!made) return made;
  if (!comparable(other.type, made->type)) {
    return fault(node.column, described(other) + " (" + std::string(type_name(other.type)) + ") and " + described(*made) + " (" +
                                  std::string(type_name(made->type)) + ") cannot be compared with each other");
  }
  return made;
}

Result<Term> Compiler::term(const SyntaxNode& node) {
  switch (node.kind) {
    case SyntaxKind::Word: return field(node);
    case SyntaxKind::Layer: return layer(node);
    case SyntaxKind::Slice: return slice(node);
    case SyntaxKind::Call: return call(node);
    case SyntaxKind::Arithmetic: return arithmetic(node);
    case SyntaxKind::Negative: return negative(node);
    default: return fault(node.column, "a field or a function is expected here, not a value");
  }
}

Result<Term> Compiler::field(const SyntaxNode& node) {
  std::string_view name = node.text;
  if (name.starts_with('.')) name.remove_prefix(1);
  const auto found = find_field(name);
  if (!found) return tl::unexpected(unknown(node));
  auto& wanted = out_.wanted;
  auto place = std::ranges::find(wanted, *found);
  if (place == wanted.end()) place = wanted.insert(wanted.end(), *found);
  Term made;
  made.kind = Term::Kind::Field;
  made.field = *found;
  made.type = spec(*found).type;
  made.slot = static_cast<uint16_t>(place - wanted.begin());
  if (made.type != FieldType::Protocol) made.fast = fast_field(*found);
  return made;
}

Result<Term> Compiler::layer(const SyntaxNode& node) {
  const SyntaxNode& inner = *node.children.front();
  if (inner.kind != SyntaxKind::Word) return fault(node.column, "'#' follows a field, like ip.src#2");
  auto made = field(inner);
  if (!made) return made;
  for (const std::string_view part : split(node.text)) {
    const auto range = layer_part(part);
    if (!range) return fault(node.column, "'" + node.text + "' is no number of a layer; write #1, #[-1] or #[1-2]");
    made->layers.push_back(*range);
  }
  made->fast = FastField::None;
  return made;
}

Result<Term> Compiler::slice(const SyntaxNode& node) {
  auto inner = term(*node.children.front());
  if (!inner) return inner;
  const FieldType type = inner->type;
  const bool text = type == FieldType::String;
  if (!text && !is_bytes(type) && type != FieldType::Ipv4) {
    return fault(node.column, described(*inner) + " has the type " + std::string(type_name(type)) + ", which has no bytes to slice; '&' and '%' take numbers apart");
  }
  Term made;
  made.kind = Term::Kind::Slice;
  made.type = text ? FieldType::String : FieldType::Bytes;
  for (const std::string_view part : split(node.text)) {
    const auto range = slice_part(part);
    if (!range) {
      return fault(node.column, "'[" + node.text + "]' is no slice; write [4], [0:3] for three bytes from 0, [0-2] for 0 to 2, [-4:] for the last four");
    }
    made.parts.push_back(*range);
  }
  made.children.push_back(std::move(*inner));
  return made;
}

Result<Term> Compiler::call(const SyntaxNode& node) {
  const auto found = std::ranges::find(kFunctions, node.text, &FunctionSpec::name);
  if (found == kFunctions.end()) {
    std::vector<std::string_view> known;
    for (const FunctionSpec& one : kFunctions) known.push_back(one.name);
    return fault(node.column, "there is no function '" + node.text + "'; there are len, count, upper, lower, string, max, min and abs" +
                                  did_you_mean(node.text, known));
  }
  const std::string name = node.text + "()";
  if (node.children.size() < found->least || node.children.size() > found->most) {
    return fault(node.column, name + " takes " + (found->most == 1 ? "one argument" : "at least one argument") + ", not " +
                                  std::to_string(node.children.size()));
  }
  Term made;
  made.kind = Term::Kind::Call;
  made.function = found->function;
  for (const SyntaxPointer& child : node.children) {
    auto argument = made.children.empty() ? (is_literal(*child) ? Result<Term>(fault(child->column, name + " takes a field, not a value"))
                                                                 : term(*child))
                                          : operand(*child, made.children.front());
    if (!argument) {
      if (made.children.empty() && child->kind == SyntaxKind::Word) return tl::unexpected(unknown(*child));
      return argument;
    }
    argument->fast = argument->type == FieldType::Protocol ? FastField::None : argument->fast;
    made.children.push_back(std::move(*argument));
  }
  const FieldType type = made.children.front().type;
  const auto refuse = [&](std::string_view wants) {
    return fault(node.column, name + " works on " + std::string(wants) + "; " + described(made.children.front()) + " has the type " + std::string(type_name(type)));
  };
  switch (made.function) {
    case Function::Length:
      if (type == FieldType::None || is_time(type)) return refuse("what has a length");
      made.type = FieldType::Uint32;
      break;
    case Function::Count: made.type = FieldType::Uint32; break;
    case Function::Upper:
    case Function::Lower:
      if (type != FieldType::String) return refuse("character strings");
      made.type = type;
      break;
    case Function::String:
      if (type == FieldType::None || type == FieldType::Boolean) return refuse("numbers, addresses, bytes, strings and times");
      made.type = FieldType::String;
      break;
    case Function::Absolute:
      if (!is_integer(type) && type != FieldType::RelativeTime) return refuse("numbers and time offsets");
      made.type = type;
      break;
    default:
      if (type == FieldType::None) return refuse("what has a value");
      made.type = type;
      break;
  }
  return made;
}

Result<Term> Compiler::arithmetic(const SyntaxNode& node) {
  const bool left_first = !is_literal(*node.children[0]);
  auto known = term(*node.children[left_first ? 0 : 1]);
  if (!known) return known;
  const FieldType type = known->type;
  const bool masks = node.operation == TokenKind::BitAnd;
  const bool sums = node.operation == TokenKind::Plus || node.operation == TokenKind::Minus;
  const bool fits = is_integer(type) || (masks && (is_bytes(type) || type == FieldType::Ipv4)) ||
                    (sums && type == FieldType::RelativeTime);
  if (!fits) return fault(node.column, "'" + node.text + "' does not work on " + described(*known) + ", of the type " + std::string(type_name(type)));
  auto other = operand(*node.children[left_first ? 1 : 0], *known);
  if (!other) return other;
  const bool by_zero = (node.operation == TokenKind::Slash || node.operation == TokenKind::Percent) && left_first &&
                       other->kind == Term::Kind::Literal && other->literal.number == 0;
  if (by_zero) return fault(node.column, "a number is divided by zero here");
  Term made;
  made.kind = Term::Kind::Arithmetic;
  made.operation = node.operation;
  made.type = is_bytes(type) && type != FieldType::Ether ? FieldType::Bytes : type;
  made.children.push_back(std::move(left_first ? *known : *other));
  made.children.push_back(std::move(left_first ? *other : *known));
  return made;
}

Result<Term> Compiler::negative(const SyntaxNode& node) {
  auto inner = term(*node.children.front());
  if (!inner) return inner;
  if (!is_integer(inner->type) && inner->type != FieldType::RelativeTime) {
    return fault(node.column, "'-' works on numbers; " + described(*inner) + " has the type " + std::string(type_name(inner->type)));
  }
  Term made;
  made.kind = Term::Kind::Negative;
  made.type = inner->type;
  made.children.push_back(std::move(*inner));
  return made;
}

}  // namespace wirewatch::filter
