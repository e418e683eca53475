// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/compiler.h"

#include <algorithm>

#include "dataplane/base/nearest_name.h"

namespace wirewatch::filter {
namespace {

// What a test costs, roughly in nanoseconds: the order in which those joined by 'and' or 'or' are asked.
constexpr unsigned kFastCost = 2, kWalkCost = 50, kPatternCost = 200;

unsigned cost_of(const Term& term) {
  unsigned cost = term.kind == Term::Kind::Field ? (term.fast != FastField::None ? kFastCost : kWalkCost) : 0;
  for (const Term& child : term.children) cost += cost_of(child) + 1;
  return cost;
}

Relation relation_of(TokenKind token) {
  switch (token) {
    case TokenKind::NotEqual:
    case TokenKind::AnyNotEqual: return Relation::NotEqual;
    case TokenKind::Greater: return Relation::Greater;
    case TokenKind::GreaterEqual: return Relation::GreaterEqual;
    case TokenKind::Less: return Relation::Less;
    case TokenKind::LessEqual: return Relation::LessEqual;
    case TokenKind::Contains: return Relation::Contains;
    default: return Relation::Equal;
  }
}

/// In 4.0 `==` and the rest hold when any pair does, `!=` and `===` when all do.
bool asks_all(const SyntaxNode& node) {
  if (node.quantifier != Quantifier::Default) return node.quantifier == Quantifier::All;
  return node.operation == TokenKind::NotEqual || node.operation == TokenKind::AllEqual;
}

bool has_order(FieldType type) noexcept { return type != FieldType::None; }

}  // namespace

Compiler::Compiler(const std::vector<std::string>& applications, LiteralStore& store)
    : applications_(applications), application_names_(applications.begin(), applications.end()), store_(store) {}

Result<CompiledTest> Compiler::compile(const SyntaxNode& whole) {
  auto made = test(whole);
  if (!made) return tl::unexpected(made.error());
  out_.test = std::move(*made);
  return std::move(out_);
}

Result<Test> Compiler::test(const SyntaxNode& node) {
  switch (node.kind) {
    case SyntaxKind::And: return joined(node, Test::Kind::And);
    case SyntaxKind::Or: return joined(node, Test::Kind::Or);
    case SyntaxKind::Xor: return joined(node, Test::Kind::Xor);
    case SyntaxKind::Not: return joined(node, Test::Kind::Not);
    case SyntaxKind::Present: return present(*node.children.front());
    case SyntaxKind::Compare: return comparison(node);
    case SyntaxKind::In: return membership(node);
    default: return fault(node.column, "a condition is expected here");
  }
}

Result<Test> Compiler::joined(const SyntaxNode& node, Test::Kind kind) {
  Test made;
  made.kind = kind;
  for (const SyntaxPointer& child : node.children) {
    auto one = test(*child);
    if (!one) return one;
    made.cost += one->cost;
    made.tests.push_back(std::move(*one));
  }
  std::ranges::stable_sort(made.tests, {}, &Test::cost);  // no test changes anything: the order is free
  return made;
}

/// A name alone: the field is in the frame, or the flow has that application. Of arithmetic: the result is not zero.
Result<Test> Compiler::present(const SyntaxNode& node) {
  Test made;
  if (node.kind == SyntaxKind::Word && is_literal(node) && application_names_.contains(node.text)) {
    made.kind = Test::Kind::Application;
    made.application = node.text;
    made.cost = kFastCost * 2;
    out_.asks_application = true;
    return made;
  }
  if (node.kind == SyntaxKind::Word && is_literal(node)) return tl::unexpected(unknown(node));
  if (is_literal(node)) return fault(node.column, "a value alone says nothing about a frame; compare a field with it");
  auto value = term(node);
  if (!value) return tl::unexpected(value.error());
  if (value->kind == Term::Kind::Call) return fault(node.column, described(*value) + " alone says nothing about a frame; compare it with a value");
  const bool calculated = value->kind == Term::Kind::Arithmetic || value->kind == Term::Kind::Negative;
  made.kind = calculated ? Test::Kind::NotZero : Test::Kind::Present;
  if (value->kind == Term::Kind::Field && value->layers.empty()) value->fast = fast_field(value->field);
  made.cost = cost_of(*value);
  made.terms.push_back(std::move(*value));
  return made;
}

Result<Test> Compiler::comparison(const SyntaxNode& node) {
  const SyntaxNode &left_node = *node.children[0], &right_node = *node.children[1];
  if (is_literal(left_node)) {
    if (left_node.kind == SyntaxKind::Word) {
      const std::string_view text = left_node.text;
      const bool name_like = !text.empty() && ((text.front() >= 'a' && text.front() <= 'z') || (text.front() >= 'A' && text.front() <= 'Z'));
      if (application_names_.contains(text)) {
        return fault(left_node.column, "'" + left_node.text + "' is an application; write its name alone, or flow.application == \"" + left_node.text + "\"");
      }
      if (name_like) return tl::unexpected(unknown(left_node));
    }
    return fault(left_node.column, "the left side of '" + node.text + "' must be a field or a function, not a value");
  }
  auto left = term(left_node);
  if (!left) return tl::unexpected(left.error());
  const FieldType type = left->type;
  if (!has_order(type)) {
    return fault(left_node.column, described(*left) + " has no value to compare; write its name alone to ask whether it is there");
  }
  if (node.operation == TokenKind::Matches) return pattern(node, std::move(*left));
  const bool text_like = type == FieldType::String || type == FieldType::Bytes || type == FieldType::Ether || type == FieldType::Protocol;
  if (node.operation == TokenKind::Contains && !text_like) {
    return fault(node.column, "'contains' looks into strings, bytes and protocols; " + described(*left) + " has the type " + std::string(type_name(type)));
  }
  Term part;  // what a MAC address contains is bytes, not another MAC address
  part.type = FieldType::Bytes;
  const bool in_bytes = node.operation == TokenKind::Contains && type != FieldType::String;
  auto right = operand(right_node, in_bytes ? part : *left);
  if (!right) return tl::unexpected(right.error());
  Test made;
  made.kind = Test::Kind::Compare;
  made.relation = relation_of(node.operation);
  made.all = asks_all(node);
  made.cost = cost_of(*left) + cost_of(*right);
  made.terms.push_back(std::move(*left));
  made.terms.push_back(std::move(*right));
  return made;
}

Result<Test> Compiler::pattern(const SyntaxNode& node, Term left) {
  const FieldType type = left.type;
  if (type != FieldType::String && type != FieldType::Bytes && type != FieldType::Protocol) {
    return fault(node.column, "'matches' looks into strings, bytes and protocols; " + described(left) + " has the type " +
                                  std::string(type_name(type)) + ", so write string(" + described(left) + ") matches ...");
  }
  const SyntaxNode& expression = *node.children[1];
  if (expression.kind != SyntaxKind::String) {
    return fault(expression.column, "'matches' is followed by a regular expression in double quotes, like \"^GET\"");
  }
  auto compiled = Pattern::compile(expression.text);
  if (!compiled) return fault(expression.column, "the regular expression is not valid: " + compiled.error().message);
  Test made;
  made.kind = Test::Kind::Matches;
  made.all = asks_all(node);
  made.cost = cost_of(left) + kPatternCost;
  made.pattern = std::move(*compiled);
  made.terms.push_back(std::move(left));
  return made;
}

Result<Test> Compiler::membership(const SyntaxNode& node) {
  const SyntaxNode& left_node = *node.children.front();
  if (is_literal(left_node)) {
    if (left_node.kind == SyntaxKind::Word) return tl::unexpected(unknown(left_node));
    return fault(left_node.column, "the left side of 'in' must be a field or a function, not a value");
  }
  auto left = term(left_node);
  if (!left) return tl::unexpected(left.error());
  if (!has_order(left->type)) return fault(left_node.column, described(*left) + " has no value to look for in a set");
  Test made;
  made.kind = Test::Kind::In;
  made.all = node.quantifier == Quantifier::All;
  made.cost = cost_of(*left);
  made.terms.push_back(std::move(*left));
  for (size_t i = 1; i < node.children.size(); ++i) {
    const SyntaxNode& member = *node.children[i];
    const bool range = member.kind == SyntaxKind::Range;
    for (const size_t side : {size_t{0}, size_t{range ? 1u : 0u}}) {
      auto bound = operand(*member.children[side], made.terms.front());
      if (!bound) return tl::unexpected(bound.error());
      made.cost += cost_of(*bound);
      made.terms.push_back(std::move(*bound));
    }
  }
  return made;
}

}  // namespace wirewatch::filter
