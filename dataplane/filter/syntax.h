// SPDX-License-Identifier: BSD-3-Clause
// A filter as it is written, before types are known: what the parser hands to the compiler.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/filter/token.h"

namespace wirewatch::filter {

struct SyntaxNode;
using SyntaxPointer = std::unique_ptr<SyntaxNode>;

enum class SyntaxKind : uint8_t {
  // What has a value.
  Word,
  String,
  Character,
  Slice,       // children: what is sliced; text: the ranges
  Layer,       // children: a word; text: the layers
  Call,        // text: the function; children: its arguments
  Arithmetic,  // operation; children: two
  Negative,    // children: one
  // What is true or false.
  Present,  // children: one value
  Compare,  // operation, quantifier; children: two
  In,       // quantifier; children: a value, then Single and Range members
  Single,   // children: one
  Range,    // children: two
  And,
  Or,
  Xor,
  Not,
};

enum class Quantifier : uint8_t { Default, Any, All };

struct SyntaxNode {
  SyntaxKind kind = SyntaxKind::Word;
  TokenKind operation = TokenKind::End;
  Quantifier quantifier = Quantifier::Default;
  size_t column = 1;
  std::string text;
  std::vector<SyntaxPointer> children;
};

/// Precedence as in Wireshark, loosest first: or, xor, and, not; comparisons; &, + and -, * and / and %.
Result<SyntaxPointer> parse_syntax(const std::vector<Token>& tokens);

}  // namespace wirewatch::filter
