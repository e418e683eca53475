// SPDX-License-Identifier: BSD-3-Clause
#include <utility>

#include "dataplane/filter/syntax.h"

namespace wirewatch::filter {
namespace {

constexpr unsigned kDeepest = 200;  // nesting a person could mean; the evaluation recurses as deep

bool is_comparison(TokenKind kind) { return kind >= TokenKind::Equal && kind <= TokenKind::Matches; }

std::string described(const Token& token) {
  if (token.kind == TokenKind::End) return "the end of the filter";
  if (token.kind == TokenKind::String) return "the string \"" + token.text + "\"";
  if (token.kind == TokenKind::Range) return "'[" + token.text + "]'";
  return "'" + token.text + "'";
}

class SyntaxParser {
 public:
  explicit SyntaxParser(const std::vector<Token>& tokens) : tokens_(tokens) {}

  Result<SyntaxPointer> run() {
    auto whole = alternatives();
    if (!whole) return whole;
    if (now().kind == TokenKind::End) return whole;
    if (now().kind == TokenKind::CloseParenthesis) return fault(now().column, "')' without '(' before it");
    if (now().kind == TokenKind::CloseBrace) return fault(now().column, "'}' without '{' before it");
    if (is_comparison(now().kind) && previous().kind == TokenKind::CloseParenthesis) {
      return fault(now().column, "a comparison needs a value on its left; write { } instead of ( ) around arithmetic");
    }
    return fault(now().column, described(now()) + " is not expected here; 'and' or 'or' joins two conditions");
  }

 private:
  const Token& now() const { return tokens_[at_]; }
  const Token& previous() const { return tokens_[at_ > 0 ? at_ - 1 : 0]; }
  bool take(TokenKind kind) {
    if (now().kind != kind) return false;
    ++at_;
    return true;
  }

  static SyntaxPointer node(SyntaxKind kind, size_t column, std::string text = {}) {
    auto made = std::make_unique<SyntaxNode>();
    made->kind = kind;
    made->column = column;
    made->text = std::move(text);
    return made;
  }

  /// One level of operators of equal precedence, from the left.
  template <typename Next>
  Result<SyntaxPointer> chain(SyntaxKind kind, std::initializer_list<TokenKind> operators, Next next) {
    auto left = next();
    while (left) {
      const Token& token = now();
      bool joins = false;
      for (const TokenKind one : operators) joins |= token.kind == one;
      if (!joins) return left;
      if (++length_ > kLongest) return fault(token.column, "the filter has more parts than can be meant");
      ++at_;
      auto right = next();
      if (!right) return right;
      auto both = node(kind, token.column, token.text);
      both->operation = token.kind;
      both->children.push_back(std::move(*left));
      both->children.push_back(std::move(*right));
      left = std::move(both);
    }
    return left;
  }

  /// A chain of one logical operator becomes one node with many children, so that long lists do not nest.
  template <typename Next>
  Result<SyntaxPointer> joined(SyntaxKind kind, TokenKind token, Next next) {
    auto first = next();
    if (!first || now().kind != token) return first;
    auto all = node(kind, now().column);
    all->children.push_back(std::move(*first));
    while (take(token)) {
      auto another = next();
      if (!another) return another;
      all->children.push_back(std::move(*another));
    }
    return all;
  }

  Result<SyntaxPointer> alternatives() {
    return joined(SyntaxKind::Or, TokenKind::Or, [this] {
      return joined(SyntaxKind::Xor, TokenKind::Xor, [this] {
        return joined(SyntaxKind::And, TokenKind::And, [this] { return negation(); });
      });
    });
  }

  Result<SyntaxPointer> negation() {
    const size_t column = now().column;
    bool negative = false;
    while (take(TokenKind::Not)) negative = !negative;
    auto inner = primary();
    if (!inner || !negative) return inner;
    auto made = node(SyntaxKind::Not, column);
    made->children.push_back(std::move(*inner));
    return made;
  }

  Result<SyntaxPointer> primary() {
    if (now().kind != TokenKind::OpenParenthesis) return relation();
    const size_t column = now().column;
    if (++depth_ > kDeepest) return fault(column, "parentheses are nested deeper than can be meant");
    ++at_;
    auto inner = alternatives();
    if (!inner) return inner;
    if (!take(TokenKind::CloseParenthesis)) {
      if (now().kind == TokenKind::End) return fault(column, "the '(' here has no ')' to go with it");
      return fault(now().column, "expected ')' or 'and' or 'or', found " + described(now()));
    }
    --depth_;
    return inner;
  }

  Result<SyntaxPointer> relation() {
    Quantifier quantifier = Quantifier::Default;
    if (take(TokenKind::Any)) quantifier = Quantifier::Any;
    else if (take(TokenKind::All)) quantifier = Quantifier::All;
    auto left = value();
    if (!left) return left;
    const bool negated = now().kind == TokenKind::Not && tokens_[at_ + 1].kind == TokenKind::In;
    if (negated) ++at_;
    if (now().kind == TokenKind::In) {
      auto set = membership(std::move(*left), quantifier);
      if (!set || !negated) return set;
      auto made = node(SyntaxKind::Not, (*set)->column);
      made->children.push_back(std::move(*set));
      return made;
    }
    if (!is_comparison(now().kind)) {
      if (quantifier != Quantifier::Default) return fault(now().column, "'any' and 'all' stand before a comparison");
      auto made = node(SyntaxKind::Present, (*left)->column);
      made->children.push_back(std::move(*left));
      return made;
    }
    return comparisons(std::move(*left), quantifier);
  }

  /// `a < b < c` is `a < b and b < c`.
  Result<SyntaxPointer> comparisons(SyntaxPointer left, Quantifier quantifier) {
    SyntaxPointer all;
    while (is_comparison(now().kind)) {
      const Token& token = now();
      ++at_;
      const size_t right_at = at_;
      auto right = value();
      if (!right) return right;
      auto made = node(SyntaxKind::Compare, token.column, token.text);
      made->operation = token.kind;
      made->quantifier = quantifier;
      made->children.push_back(std::move(left));
      made->children.push_back(std::move(*right));
      if (is_comparison(now().kind)) {  // the right side is the next one's left side: read it once more
        if (++length_ > kLongest) return fault(token.column, "the filter has more parts than can be meant");
        const size_t behind = std::exchange(at_, right_at);
        auto again = value();
        if (!again) return again;
        at_ = behind;
        left = std::move(*again);
      }
      if (all == nullptr) {
        all = std::move(made);
        continue;
      }
      if (all->kind != SyntaxKind::And) {
        auto both = node(SyntaxKind::And, all->column);
        both->children.push_back(std::move(all));
        all = std::move(both);
      }
      all->children.push_back(std::move(made));
    }
    return all;
  }

  Result<SyntaxPointer> membership(SyntaxPointer left, Quantifier quantifier) {
    auto set = node(SyntaxKind::In, now().column);
    set->quantifier = quantifier;
    set->children.push_back(std::move(left));
    ++at_;
    const size_t column = now().column;
    if (!take(TokenKind::OpenBrace)) return fault(column, "'in' is followed by a set, like {80, 443, 8000..8100}, not by " + described(now()));
    do {
      if (now().kind == TokenKind::CloseBrace) return fault(now().column, "a set needs a value here, like {80, 443, 8000..8100}");
      auto low = value();
      if (!low) return low;
      const bool range = take(TokenKind::DotDot);
      auto member = node(range ? SyntaxKind::Range : SyntaxKind::Single, (*low)->column);
      member->children.push_back(std::move(*low));
      if (range) {
        if (now().kind == TokenKind::CloseBrace) return fault(now().column, "the range has no upper end; write LOW..HIGH");
        auto high = value();
        if (!high) return high;
        member->children.push_back(std::move(*high));
      }
      set->children.push_back(std::move(member));
    } while (take(TokenKind::Comma));
    if (take(TokenKind::CloseBrace)) return set;
    if (now().kind == TokenKind::End) return fault(column, "the '{' here has no '}' to go with it");
    return fault(now().column, "the values of a set are separated by commas; found " + described(now()));
  }

  Result<SyntaxPointer> value() {
    return chain(SyntaxKind::Arithmetic, {TokenKind::BitAnd}, [this] {
      return chain(SyntaxKind::Arithmetic, {TokenKind::Plus, TokenKind::Minus}, [this] {
        return chain(SyntaxKind::Arithmetic, {TokenKind::Star, TokenKind::Slash, TokenKind::Percent}, [this] { return sign(); });
      });
    });
  }

  Result<SyntaxPointer> sign() {
    const size_t column = now().column;
    bool negative = false;
    for (;;) {
      if (take(TokenKind::Minus)) negative = !negative;
      else if (!take(TokenKind::Plus)) break;
    }
    auto inner = postfix();
    if (!inner || !negative) return inner;
    auto made = node(SyntaxKind::Negative, column);
    made->children.push_back(std::move(*inner));
    return made;
  }

  Result<SyntaxPointer> postfix() {
    auto inner = atom();
    while (inner) {
      if (now().kind == TokenKind::Hash) {
        auto made = node(SyntaxKind::Layer, now().column);
        ++at_;
        if (now().kind != TokenKind::Word && now().kind != TokenKind::Range) {
          return fault(now().column, "'#' is followed by the number of a layer, like ip.src#2 or ip.src#[1-2]");
        }
        made->text = now().text;
        ++at_;
        made->children.push_back(std::move(*inner));
        inner = std::move(made);
      } else if (now().kind == TokenKind::Range) {
        if (++length_ > kLongest) return fault(now().column, "the filter has more parts than can be meant");
        auto made = node(SyntaxKind::Slice, now().column, now().text);
        ++at_;
        made->children.push_back(std::move(*inner));
        inner = std::move(made);
      } else {
        return inner;
      }
    }
    return inner;
  }

  Result<SyntaxPointer> atom() {
    const Token& token = now();
    switch (token.kind) {
      case TokenKind::Word:
        ++at_;
        if (now().kind == TokenKind::OpenParenthesis) return call(token);
        return node(SyntaxKind::Word, token.column, token.text);
      case TokenKind::String: ++at_; return node(SyntaxKind::String, token.column, token.text);
      case TokenKind::Char: ++at_; return node(SyntaxKind::Character, token.column, token.text);
      case TokenKind::OpenBrace: {
        if (++depth_ > kDeepest) return fault(token.column, "braces are nested deeper than can be meant");
        ++at_;
        auto inner = value();
        if (!inner) return inner;
        if (!take(TokenKind::CloseBrace)) return fault(token.column, "the '{' here has no '}' to go with it");
        --depth_;
        return inner;
      }
      case TokenKind::End: return fault(token.column, "the filter ends where a field or a value is expected");
      case TokenKind::OpenParenthesis:
        return fault(token.column, "a value is expected here; write { } instead of ( ) around arithmetic");
      default:
        if (is_comparison(token.kind)) return fault(token.column, described(token) + " has no field on its left");
        if (token.kind == TokenKind::And || token.kind == TokenKind::Or || token.kind == TokenKind::Xor) {
          return fault(token.column, described(token) + " stands between two conditions; one of them is missing");
        }
        return fault(token.column, "expected a field or a value, found " + described(token));
    }
  }

  Result<SyntaxPointer> call(const Token& name) {
    auto made = node(SyntaxKind::Call, name.column, name.text);
    const size_t column = now().column;
    if (++depth_ > kDeepest) return fault(column, "functions are nested deeper than can be meant");
    ++at_;
    if (!take(TokenKind::CloseParenthesis)) {
      do {
        auto argument = value();
        if (!argument) return argument;
        made->children.push_back(std::move(*argument));
      } while (take(TokenKind::Comma));
      if (!take(TokenKind::CloseParenthesis)) return fault(column, "the '(' here has no ')' to go with it");
    }
    --depth_;
    return made;
  }

  static constexpr unsigned kLongest = 200;  // operators that nest to the left

  const std::vector<Token>& tokens_;
  size_t at_ = 0;
  unsigned depth_ = 0;
  unsigned length_ = 0;
};

}  // namespace

Result<SyntaxPointer> parse_syntax(const std::vector<Token>& tokens) { return SyntaxParser(tokens).run(); }

}  // namespace wirewatch::filter
