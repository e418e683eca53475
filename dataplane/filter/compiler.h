// SPDX-License-Identifier: BSD-3-Clause
// From what is written to typed terms and tests: names become fields, values what they mean for the field they are
// compared with, and what cannot be true of a field's type is refused with a reason.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/filter/program.h"
#include "dataplane/filter/syntax.h"

namespace wirewatch::filter {

struct CompiledTest {
  Test test;
  std::vector<FieldId> wanted;  // the slot of a field is its place here
  bool asks_application = false;
};

class Compiler {
 public:
  Compiler(const std::vector<std::string>& applications, LiteralStore& store);

  Result<CompiledTest> compile(const SyntaxNode& whole);
  bool is_name(std::string_view word) const;

 private:
  // Tests, compiler.cc
  Result<Test> test(const SyntaxNode& node);
  Result<Test> present(const SyntaxNode& node);
  Result<Test> comparison(const SyntaxNode& node);
  Result<Test> pattern(const SyntaxNode& node, Term left);
  Result<Test> membership(const SyntaxNode& node);
  Result<Test> joined(const SyntaxNode& node, Test::Kind kind);

  // Terms, compiler_terms.cc
  Result<Term> term(const SyntaxNode& node);
  Result<Term> operand(const SyntaxNode& node, const Term& other);
  Result<Term> field(const SyntaxNode& node);
  Result<Term> layer(const SyntaxNode& node);
  Result<Term> slice(const SyntaxNode& node);
  Result<Term> call(const SyntaxNode& node);
  Result<Term> arithmetic(const SyntaxNode& node);
  Result<Term> negative(const SyntaxNode& node);
  Result<Term> literal(const SyntaxNode& node, FieldType type, std::optional<FieldId> like);
  Error unknown(const SyntaxNode& node) const;
  bool is_literal(const SyntaxNode& node) const;

  const std::vector<std::string>& applications_;
  std::unordered_set<std::string_view> application_names_;
  LiteralStore& store_;
  CompiledTest out_;
};

/// May values of the two types be compared with each other?
bool comparable(FieldType a, FieldType b) noexcept;
/// A term as an error names it: its field, or what it is made of.
std::string described(const Term& term);

}  // namespace wirewatch::filter
