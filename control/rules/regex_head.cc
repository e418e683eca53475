// SPDX-License-Identifier: BSD-3-Clause
// Reads just enough of the syntax to cut it: escapes, classes, groups, alternatives and repeats. What it does not
// understand it leaves whole, which costs time but never a match.
#include "control/rules/regex_head.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

namespace wirewatch {
namespace {

constexpr unsigned kLongRepeat = 16;
constexpr size_t kDeepestGroup = 16;

/// Cut means that some alternative stops early, so that nothing may be demanded of what comes behind it.
struct Piece {
  std::string text;
  bool cut = false;
};

class Cutter {
 public:
  explicit Cutter(std::string_view regex) : regex_(regex) {}

  std::optional<Piece> whole() {
    auto piece = alternatives(0);
    if (!piece || at_ != regex_.size()) return std::nullopt;
    return piece;
  }

 private:
  struct Repeat {
    std::string_view text;
    unsigned least = 1;
    unsigned most = 1;
  };

  bool ended() const { return at_ >= regex_.size(); }
  bool next_is(char c) const { return !ended() && regex_[at_] == c; }

  std::optional<Piece> alternatives(size_t depth) {
    if (depth > kDeepestGroup) return std::nullopt;
    Piece all;
    for (;;) {
      const auto one = sequence(depth);
      if (!one) return std::nullopt;
      all.text += one->text;
      all.cut |= one->cut;
      if (!next_is('|')) return all;
      all.text += '|';
      ++at_;
    }
  }

  std::optional<Piece> sequence(size_t depth) {
    Piece piece;
    while (!ended() && !next_is('|') && !next_is(')')) {
      auto atom = next_is('(') ? group(depth) : plain_atom();
      if (!atom) return std::nullopt;
      const auto repeat = read_repeat();
      if (!repeat) return std::nullopt;
      if (piece.cut) continue;
      if (repeat->most >= kLongRepeat) {
        // A few of those that must be there are kept; nothing else can be said of what follows.
        for (unsigned i = 0; i < std::min(repeat->least, 2U); ++i) piece.text += atom->text;
        piece.cut = true;
      } else if (atom->cut) {
        if (repeat->least > 0) piece.text += atom->text;
        piece.cut = true;
      } else {
        piece.text += atom->text;
        piece.text += repeat->text;
      }
    }
    return piece;
  }

  std::optional<Piece> group(size_t depth) {
    const size_t start = at_++;
    if (next_is('?')) {
      const size_t colon = regex_.find_first_not_of("?is", at_);
      if (colon == std::string_view::npos || regex_[colon] != ':') return std::nullopt;
      at_ = colon + 1;
    }
    const std::string opening(regex_.substr(start, at_ - start));
    auto inside = alternatives(depth + 1);
    if (!inside || !next_is(')')) return std::nullopt;
    ++at_;
    inside->text = opening + inside->text + ")";
    return inside;
  }

  std::optional<Piece> plain_atom() {
    const size_t start = at_;
    if (next_is('\\')) {
      if (start + 1 >= regex_.size()) return std::nullopt;
      at_ += 2;
      if (regex_[start + 1] == 'x') {
        if (next_is('{')) return std::nullopt;
        at_ += 2;
      }
      const std::string_view known = "xztrndswDSW";
      const bool letter = std::isalnum(static_cast<unsigned char>(regex_[start + 1])) != 0;
      if (letter && known.find(regex_[start + 1]) == std::string_view::npos) return std::nullopt;
    } else if (next_is('[')) {
      if (!skip_class()) return std::nullopt;
    } else {
      ++at_;
    }
    if (at_ > regex_.size()) return std::nullopt;
    return Piece{std::string(regex_.substr(start, at_ - start))};
  }

  bool skip_class() {
    ++at_;
    if (next_is('^')) ++at_;
    if (next_is(']')) ++at_;
    for (; !ended(); ++at_) {
      if (next_is(']')) {
        ++at_;
        return true;
      }
      if (next_is('\\')) ++at_;
      if (regex_.substr(at_).starts_with("[:")) return false;
    }
    return false;
  }

  std::optional<Repeat> read_repeat() {
    if (next_is('?')) return Repeat{regex_.substr(at_++, 1), 0, 1};
    if (!next_is('{')) return Repeat{};
    const size_t close = regex_.find('}', at_);
    if (close == std::string_view::npos) return std::nullopt;
    Repeat repeat{regex_.substr(at_, close + 1 - at_)};
    const char* const end = regex_.data() + close;
    const auto least = std::from_chars(regex_.data() + at_ + 1, end, repeat.least);
    if (least.ec != std::errc{}) return std::nullopt;
    repeat.most = repeat.least;
    if (least.ptr != end) {
      const auto most = std::from_chars(least.ptr + 1, end, repeat.most);
      if (most.ec != std::errc{} || most.ptr != end) return std::nullopt;
    }
    at_ = close + 1;
    if (next_is('?') || next_is('+')) return std::nullopt;
    return repeat;
  }

  std::string_view regex_;
  size_t at_ = 0;
};

}  // namespace

std::string regex_head(std::string_view regex) {
  const auto piece = Cutter(regex).whole();
  return piece && piece->cut ? piece->text : std::string(regex);
}

}  // namespace wirewatch
