// SPDX-License-Identifier: BSD-3-Clause
// The words of a filter, each with the column it starts in.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch::filter {

enum class TokenKind : uint8_t {
  End,
  Word,    // a field, a function, a number, an address: whatever is written without quotes
  String,  // "..." or r"...": `text` is what it stands for
  Char,    // 'x'
  Range,   // what stands between [ and ], as written
  Equal,
  AllEqual,
  NotEqual,     // != : all differ
  AnyNotEqual,  // ~= or !==
  Greater,
  GreaterEqual,
  Less,
  LessEqual,
  Contains,
  Matches,
  In,
  Any,
  All,
  And,
  Or,
  Xor,
  Not,
  Plus,
  Minus,
  Star,
  Slash,
  Percent,
  BitAnd,
  Hash,
  Comma,
  DotDot,
  OpenParenthesis,
  CloseParenthesis,
  OpenBrace,
  CloseBrace,
};

struct Token {
  TokenKind kind = TokenKind::End;
  std::string text;
  size_t column = 1;  // counted from 1
};

/// `is_name` says whether a word with a hyphen in it is a name as a whole.
Result<std::vector<Token>> tokenize(std::string_view text, const std::function<bool(std::string_view)>& is_name);

/// "SENTENCE (column N)".
tl::unexpected<Error> fault(size_t column, std::string sentence);

}  // namespace wirewatch::filter
