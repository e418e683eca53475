// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "dataplane/base/ascii.h"
#include "dataplane/filter/token.h"

namespace wirewatch::filter {
namespace {

struct Spelling {
  std::string_view text;
  TokenKind kind;
};
// Longest first among those that begin alike.
constexpr std::array kSymbols{
    Spelling{"===", TokenKind::AllEqual},        Spelling{"!==", TokenKind::AnyNotEqual},
    Spelling{"==", TokenKind::Equal},            Spelling{"!=", TokenKind::NotEqual},
    Spelling{"~=", TokenKind::AnyNotEqual},      Spelling{">=", TokenKind::GreaterEqual},
    Spelling{"<=", TokenKind::LessEqual},        Spelling{"&&", TokenKind::And},
    Spelling{"||", TokenKind::Or},               Spelling{"^^", TokenKind::Xor},
    Spelling{"..", TokenKind::DotDot},           Spelling{">", TokenKind::Greater},
    Spelling{"<", TokenKind::Less},              Spelling{"!", TokenKind::Not},
    Spelling{"~", TokenKind::Matches},           Spelling{"&", TokenKind::BitAnd},
    Spelling{"+", TokenKind::Plus},              Spelling{"-", TokenKind::Minus},
    Spelling{"*", TokenKind::Star},              Spelling{"/", TokenKind::Slash},
    Spelling{"%", TokenKind::Percent},           Spelling{"#", TokenKind::Hash},
    Spelling{",", TokenKind::Comma},             Spelling{"(", TokenKind::OpenParenthesis},
    Spelling{")", TokenKind::CloseParenthesis},  Spelling{"{", TokenKind::OpenBrace},
    Spelling{"}", TokenKind::CloseBrace},
};
constexpr std::array kWords{
    Spelling{"eq", TokenKind::Equal},        Spelling{"any_eq", TokenKind::Equal},
    Spelling{"all_eq", TokenKind::AllEqual}, Spelling{"ne", TokenKind::NotEqual},
    Spelling{"all_ne", TokenKind::NotEqual}, Spelling{"any_ne", TokenKind::AnyNotEqual},
    Spelling{"gt", TokenKind::Greater},      Spelling{"ge", TokenKind::GreaterEqual},
    Spelling{"lt", TokenKind::Less},         Spelling{"le", TokenKind::LessEqual},
    Spelling{"contains", TokenKind::Contains}, Spelling{"matches", TokenKind::Matches},
    Spelling{"in", TokenKind::In},           Spelling{"any", TokenKind::Any},
    Spelling{"all", TokenKind::All},         Spelling{"and", TokenKind::And},
    Spelling{"or", TokenKind::Or},           Spelling{"xor", TokenKind::Xor},
    Spelling{"not", TokenKind::Not},         Spelling{"bitwise_and", TokenKind::BitAnd},
};

bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
unsigned hex_value(char c) { return static_cast<unsigned>(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10); }

class Lexer {
 public:
  Lexer(std::string_view text, const std::function<bool(std::string_view)>& is_name) : text_(text), is_name_(is_name) {}

  Result<std::vector<Token>> run() {
    for (;;) {
      while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
      if (at_ == text_.size()) {
        add(TokenKind::End, {}, at_);
        return std::move(tokens_);
      }
      if (auto fine = one(); !fine) return tl::unexpected(fine.error());
    }
  }

 private:
  Result<void> one() {
    const char c = text_[at_];
    if (c == '"' || ((c == 'r' || c == 'R') && peek(1) == '"')) return quoted(c != '"');
    if (c == '\'') return character();
    if (c == '[') return range();
    const bool starts_word = is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80 || c == ':' ||
                             (c == '.' && (is_letter(peek(1)) || is_digit(peek(1))));
    if (starts_word) {
      word();
      return {};
    }
    for (const auto& [spelling, kind] : kSymbols) {
      if (!text_.substr(at_).starts_with(spelling)) continue;
      add(kind, std::string(spelling), at_);
      at_ += spelling.size();
      return {};
    }
    if (c == '=') return fault(at_ + 1, "a comparison is written '==', not '='");
    if (c == ']') return fault(at_ + 1, "']' without '[' before it");
    if (c == '|') return fault(at_ + 1, "'or' is written 'or' or '||', not '|'");
    if (std::isprint(static_cast<unsigned char>(c)) == 0) return fault(at_ + 1, "a control character has no meaning in a filter");
    return fault(at_ + 1, std::string("'") + c + "' has no meaning in a filter here");
  }

  char peek(size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void add(TokenKind kind, std::string text, size_t at) { tokens_.push_back({kind, std::move(text), at + 1}); }

  static bool in_word(char c) {
    return is_letter(c) || is_digit(c) || c == '.' || c == ':' || static_cast<unsigned char>(c) >= 0x80;
  }

  void word() {
    const size_t start = at_;
    while (at_ < text_.size() && in_word(text_[at_]) && !text_.substr(at_).starts_with("..")) ++at_;
    extend_prefix_length(start);
    extend_hyphens(start);
    const std::string_view text = text_.substr(start, at_ - start);
    for (const auto& [spelling, kind] : kWords) {
      if (text == spelling) return add(kind, std::string(text), start);
    }
    add(TokenKind::Word, std::string(text), start);
  }

  /// "10.0.0.0/8" and "fe80::/10" are one word; behind a field '/' divides.
  void extend_prefix_length(size_t start) {
    const std::string_view text = text_.substr(start, at_ - start);
    const bool address = text.find(':') != std::string_view::npos ||
                         (is_digit(text.front()) && std::ranges::count(text, '.') == 3);
    if (!address || peek(0) != '/' || !is_digit(peek(1))) return;
    ++at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  }

  /// "00-11-22" is bytes, and names may have hyphens; else '-' subtracts.
  void extend_hyphens(size_t start) {
    const auto byte_at = [&](size_t at) {
      return at + 1 < text_.size() && is_hex(text_[at]) && is_hex(text_[at + 1]) &&
             (at + 2 == text_.size() || !in_word(text_[at + 2]));
    };
    size_t end = start;
    unsigned bytes = 0;
    while (byte_at(end)) {
      ++bytes;
      end += 2;
      if (end == text_.size() || text_[end] != '-' || !byte_at(end + 1)) break;
      ++end;
    }
    if (bytes >= 3 && end > at_) {
      at_ = end;
      return;
    }
    for (size_t longer = at_; longer < text_.size() && text_[longer] == '-';) {
      ++longer;
      while (longer < text_.size() && in_word(text_[longer])) ++longer;
      if (is_name_(text_.substr(start, longer - start))) at_ = longer;
    }
  }

  Result<void> range() {
    const size_t start = at_, end = text_.find(']', at_);
    if (end == std::string_view::npos) return fault(start + 1, "'[' without ']' behind it");
    add(TokenKind::Range, std::string(text_.substr(start + 1, end - start - 1)), start);
    at_ = end + 1;
    return {};
  }

  Result<void> character() {
    const size_t start = at_;
    ++at_;
    std::string value;
    if (peek(0) == '\\') {
      if (auto fine = escape(value); !fine) return fine;
    } else if (at_ < text_.size()) {
      value += text_[at_++];
    }
    if (value.size() != 1 || peek(0) != '\'') return fault(start + 1, "a character is one character between single quotes, like 'A'");
    ++at_;
    add(TokenKind::Char, value, start);
    return {};
  }

  Result<void> quoted(bool raw) {
    const size_t start = at_;
    at_ += raw ? 2 : 1;
    std::string value;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] != '\\') {
        value += text_[at_++];
      } else if (raw) {  // a backslash stays, and keeps a quote from ending the string
        value += text_[at_++];
        if (peek(0) == '"') value += text_[at_++];
      } else if (auto fine = escape(value); !fine) {
        return fine;
      }
    }
    if (at_ == text_.size()) return fault(start + 1, "the string that begins here has no closing '\"'");
    ++at_;
    add(TokenKind::String, value, start);
    return {};
  }

  Result<void> escape(std::string& value) {
    const size_t start = at_;
    ++at_;
    const char c = peek(0);
    constexpr std::string_view kNames = "abfnrtv", kValues = "\a\b\f\n\r\t\v";
    if (at_ < text_.size()) {
      ++at_;
      if (const size_t found = kNames.find(c); found != std::string_view::npos) {
        value += kValues[found];
        return {};
      }
      if (c == '"' || c == '\\' || c == '\'' || c == '?') {
        value += c;
        return {};
      }
      if (c == 'x' && is_hex(peek(0))) {
        unsigned number = hex_value(text_[at_++]);
        if (is_hex(peek(0))) number = number * 16 + hex_value(text_[at_++]);
        value += static_cast<char>(number);
        return {};
      }
      if (c >= '0' && c <= '7') {
        unsigned number = static_cast<unsigned>(c - '0');
        for (int i = 0; i < 2 && peek(0) >= '0' && peek(0) <= '7'; ++i) number = number * 8 + static_cast<unsigned>(text_[at_++] - '0');
        if (number <= 0xff) {
          value += static_cast<char>(number);
          return {};
        }
      }
    }
    return fault(start + 1, "a backslash in a string stands before one of abfnrtv\\\"', x and hexadecimal digits, or octal digits; "
                            "write r\"...\" for a string without escapes");
  }

  std::string_view text_;
  const std::function<bool(std::string_view)>& is_name_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

tl::unexpected<Error> fault(size_t column, std::string sentence) {
  return fail(std::move(sentence) + " (column " + std::to_string(column) + ")");
}

Result<std::vector<Token>> tokenize(std::string_view text, const std::function<bool(std::string_view)>& is_name) {
  return Lexer(text, is_name).run();
}

}  // namespace wirewatch::filter
