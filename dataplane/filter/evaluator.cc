// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/evaluator.h"

#include "dataplane/base/ascii.h"
#include "dataplane/filter/compare.h"
#include "dataplane/filter/value_text.h"

namespace wirewatch::filter {
namespace {


/// IPv4 addresses are numbers; a slice of one is of its four bytes.
std::span<const uint8_t> bytes_of(FieldType type, const Value& value, std::array<uint8_t, 4>& room) noexcept {
  if (type != FieldType::Ipv4) return value.bytes();
  for (size_t i = 0; i < 4; ++i) room[i] = static_cast<uint8_t>(value.number >> (24 - 8 * i));
  return room;
}

uint64_t length_of(FieldType type, const Value& value) noexcept {
  switch (type) {
    case FieldType::Uint8: return 1;
    case FieldType::Uint16: return 2;
    case FieldType::Uint24: return 3;
    case FieldType::Uint32:
    case FieldType::Int32:
    case FieldType::FrameNumber:
    case FieldType::Ipv4: return 4;
    case FieldType::Uint64:
    case FieldType::Boolean: return 8;
    case FieldType::Protocol: return value.number;
    default: return value.length;
  }
}

/// Wraps like the hardware does; nothing when divided by zero.
bool calculate(TokenKind operation, int64_t a, int64_t b, int64_t& out) noexcept {
  const auto left = static_cast<uint64_t>(a), right = static_cast<uint64_t>(b);
  switch (operation) {
    case TokenKind::Plus: out = static_cast<int64_t>(left + right); return true;
    case TokenKind::Minus: out = static_cast<int64_t>(left - right); return true;
    case TokenKind::Star: out = static_cast<int64_t>(left * right); return true;
    case TokenKind::BitAnd: out = static_cast<int64_t>(left & right); return true;
    default: break;
  }
  if (b == 0) return false;
  const bool overflow = b == -1;  // the smallest number has no positive twin
  if (operation == TokenKind::Slash) out = overflow ? static_cast<int64_t>(0 - left) : a / b;
  if (operation == TokenKind::Percent) out = overflow ? 0 : a % b;
  return true;
}

bool in_layers(const std::vector<LayerPart>& parts, int32_t layer, int32_t last) noexcept {
  if (parts.empty()) return true;
  for (const LayerPart& part : parts) {
    const int32_t low = part.first < 0 ? last + 1 + part.first : part.first;
    const int32_t high = part.last < 0 ? last + 1 + part.last : part.last;
    if (layer >= low && layer <= high) return true;
  }
  return false;
}

bool is_zero(FieldType type, const Value& value) noexcept {
  if (value.data == nullptr || type == FieldType::Ipv4) return value.number == 0;
  for (const uint8_t byte : value.bytes()) {
    if (byte != 0) return false;
  }
  return true;
}

}  // namespace

std::span<const Occurrence> Evaluator::occurrences() noexcept {
  if (!walked_) {
    walk_.run(*frame_);
    walked_ = true;
  }
  return walk_.occurrences();
}

bool Evaluator::holds_test(const Test& test) noexcept {
  const size_t values_before = values_used_, text_before = text_used_;
  bool answer = false;
  switch (test.kind) {
    case Test::Kind::Always: return true;
    case Test::Kind::Application: return is_application(test);
    case Test::Kind::And:
      for (const Test& one : test.tests) {
        if (!holds_test(one)) return false;
      }
      return true;
    case Test::Kind::Or:
      for (const Test& one : test.tests) {
        if (holds_test(one)) return true;
      }
      return false;
    case Test::Kind::Xor:
      for (const Test& one : test.tests) answer ^= holds_test(one);
      return answer;
    case Test::Kind::Not: return !holds_test(test.tests.front());
    case Test::Kind::Present: {
      const Term& term = test.terms.front();
      if (plain_ && term.fast != FastField::None) {
        std::array<Value, 2> found;
        return read_fast(term.fast, spec(term.field), *frame_, found) > 0;
      }
      answer = !evaluate(term).empty();
      break;
    }
    case Test::Kind::NotZero:
      for (const Value& value : evaluate(test.terms.front())) answer |= !is_zero(test.terms.front().type, value);
      break;
    case Test::Kind::Compare: {
      if (plain_ && test.terms[0].fast != FastField::None && test.terms[1].kind == Term::Kind::Literal) {
        std::array<Value, 2> found;  // the way nearly every test of nearly every frame goes
        const unsigned count = read_fast(test.terms[0].fast, spec(test.terms[0].field), *frame_, found);
        return holds(test.relation, test.terms[0].type, test.all, Values(found).first(count), {&test.terms[1].literal, 1});
      }
      const Values left = evaluate(test.terms[0]);
      if (!left.empty()) answer = holds(test.relation, test.terms[0].type, test.all, left, evaluate(test.terms[1]));
      break;
    }
    case Test::Kind::Matches: {
      const Values values = evaluate(test.terms.front());
      answer = test.all && !values.empty();
      for (const Value& value : values) {
        if (test.pattern->found_in(value.bytes()) != test.all) {
          answer = !test.all;
          break;
        }
      }
      break;
    }
    case Test::Kind::In: answer = member(test); break;
  }
  values_used_ = values_before;
  text_used_ = text_before;
  return answer;
}

/// Is a value, or with `all` every value, within one of the pairs of bounds?
bool Evaluator::member(const Test& test) noexcept {
  const Term& what = test.terms.front();
  const FieldType type = what.type;
  std::array<Value, 2> found;
  const Values values = plain_ && what.fast != FastField::None
                            ? Values(found).first(read_fast(what.fast, spec(what.field), *frame_, found))
                            : evaluate(what);
  if (values.empty()) return false;
  for (const Value& value : values) {
    bool inside = false;
    for (size_t i = 1; i + 1 < test.terms.size() && !inside; i += 2) {
      const Term &low = test.terms[i], &high = test.terms[i + 1];
      const std::span<const Value> one(&value, 1);
      const bool single = low.kind == Term::Kind::Literal && high.kind == Term::Kind::Literal;
      if (single) {
        inside = order(type, value, low.literal) >= 0 && order(type, value, high.literal) <= 0;
      } else {
        const size_t before = values_used_;
        inside = holds(Relation::GreaterEqual, type, false, one, evaluate(low)) &&
                 holds(Relation::LessEqual, type, false, one, evaluate(high));
        values_used_ = before;
      }
    }
    if (inside != test.all) return !test.all;
  }
  return test.all;
}

/// Of the frames of a flow, those with payload hold its application.
bool Evaluator::is_application(const Test& test) const noexcept {
  return frame_->flow != nullptr && frame_->layers.payload_length > 0 && frame_->flow->application == test.application;
}

Evaluator::Values Evaluator::evaluate(const Term& term) noexcept {
  switch (term.kind) {
    case Term::Kind::Field: return field_values(term);
    case Term::Kind::Literal: return {&term.literal, 1};
    case Term::Kind::Slice: return slices(term);
    case Term::Kind::Call: return call(term);
    case Term::Kind::Arithmetic: return arithmetic(term);
    case Term::Kind::Negative: {
      const Values inner = evaluate(term.children.front());
      const size_t start = values_used_;
      for (const Value& value : inner) push(Value::of(0 - value.number));
      return since(start);
    }
  }
  return {};
}

Evaluator::Values Evaluator::field_values(const Term& term) noexcept {
  const size_t start = values_used_;
  if (plain_ && term.fast != FastField::None) {
    std::array<Value, 2> found;
    const unsigned count = read_fast(term.fast, spec(term.field), *frame_, found);
    for (unsigned i = 0; i < count; ++i) push(found[i]);
    return since(start);
  }
  const auto all = occurrences();
  int32_t last = 0;
  if (!term.layers.empty()) {
    for (const Occurrence& one : all) {
      if (one.slot == term.slot) last = std::max<int32_t>(last, one.layer);
    }
  }
  for (const Occurrence& one : all) {
    if (one.slot == term.slot && in_layers(term.layers, one.layer, last)) push(one.value);
  }
  return since(start);
}

/// Every part has to lie within the value; several parts are joined.
Evaluator::Values Evaluator::slices(const Term& term) noexcept {
  const Term& inner = term.children.front();
  const Values values = evaluate(inner);
  const size_t start = values_used_;
  for (const Value& value : values) {
    std::array<uint8_t, 4> room;
    const auto whole = bytes_of(inner.type, value, room);
    const auto size = static_cast<int64_t>(whole.size());
    const auto range = [&](const SlicePart& part, int64_t& from, int64_t& length) {
      from = part.start < 0 ? size + part.start : part.start;
      length = part.to_end ? size - from : part.length;
      return from >= 0 && length > 0 && from + length <= size;
    };
    int64_t total = 0, from = 0, length = 0;
    bool fits = true;
    for (const SlicePart& part : term.parts) {
      fits = fits && range(part, from, length);
      total += length;
    }
    if (!fits) continue;
    if (term.parts.size() == 1 && inner.type != FieldType::Ipv4) {
      push(Value::of(whole.subspan(static_cast<size_t>(from), static_cast<size_t>(length))));
      continue;
    }
    const auto joined = text(static_cast<size_t>(total));
    if (joined.empty()) continue;
    size_t at = 0;
    for (const SlicePart& part : term.parts) {
      range(part, from, length);
      std::memcpy(joined.data() + at, whole.data() + from, static_cast<size_t>(length));
      at += static_cast<size_t>(length);
    }
    push(Value::of(joined));
  }
  return since(start);
}

Evaluator::Values Evaluator::call(const Term& term) noexcept {
  if (term.function == Function::Max || term.function == Function::Min) return extreme(term, term.function == Function::Max);
  const Term& argument = term.children.front();
  const Values values = evaluate(argument);
  const size_t start = values_used_;
  if (term.function == Function::Count) {
    if (!values.empty()) push(Value::of(values.size()));
    return since(start);
  }
  for (const Value& value : values) {
    switch (term.function) {
      case Function::Length: push(Value::of(length_of(argument.type, value))); break;
      case Function::Absolute: {
        const int64_t number = value.signed_number();
        push(Value::of(number < 0 ? 0 - value.number : value.number));
        break;
      }
      case Function::String: {
        const size_t most = text_length(argument.type, value);
        const auto room = text(most);
        if (room.size() == most) push(Value::of(room.first(write_text(argument.type, Base::Dec, value, room))));
        break;
      }
      default: {
        const auto room = text(value.length);
        if (room.size() != value.length) break;
        const bool up = term.function == Function::Upper;
        for (size_t i = 0; i < room.size(); ++i) room[i] = up ? upper(value.data[i]) : lower(value.data[i]);
        push(Value::of(room));
        break;
      }
    }
  }
  return since(start);
}

Evaluator::Values Evaluator::extreme(const Term& term, bool largest) noexcept {
  const size_t start = values_used_;
  bool found = false;
  Value best;
  for (const Term& argument : term.children) {
    for (const Value& value : evaluate(argument)) {
      const int compared = found ? order(term.type, value, best) : 0;
      if (!found || (largest ? compared > 0 : compared < 0)) best = value;
      found = true;
    }
  }
  values_used_ = start;
  if (found) push(best);
  return since(start);
}

/// Every value of the left with every value of the right, as in Wireshark.
Evaluator::Values Evaluator::arithmetic(const Term& term) noexcept {
  const Values left = evaluate(term.children[0]);
  const Values right = evaluate(term.children[1]);
  const size_t start = values_used_;
  const bool on_bytes = term.type == FieldType::Bytes || term.type == FieldType::Ether || term.type == FieldType::Protocol ||
                        term.type == FieldType::Ipv6;
  for (const Value& a : left) {
    for (const Value& b : right) {
      if (!on_bytes) {
        int64_t number = 0;
        if (calculate(term.operation, a.signed_number(), b.signed_number(), number)) push(Value::of_signed(number));
        continue;
      }
      const size_t length = std::min(a.length, b.length);
      const auto room = text(length);
      if (room.size() != length) continue;
      for (size_t i = 0; i < length; ++i) room[i] = a.data[i] & b.data[i];
      push(Value::of(room));
    }
  }
  return since(start);
}

}  // namespace wirewatch::filter
