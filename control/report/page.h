// SPDX-License-Identifier: BSD-3-Clause
// A page of text of a fixed width: lines, wrapped sentences, headings. Everything passes through printable()
// on its way in, colours are added afterwards, so no text can bring an escape sequence of its own.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace wirewatch {

enum class Style : uint8_t { Plain, Strong, Faint, Good, Warning, Alarm, Title, Bar };

struct Span {
  std::string text;
  Style style = Style::Plain;
};

struct PageStyle {
  size_t width = 80;  // columns; less than kNarrowestPage counts as that
  bool colour = false;
  bool utf8 = false;
};

inline constexpr size_t kNarrowestPage = 40;
inline constexpr size_t kPageIndent = 2;

/// The column of labels before sentences.
struct LabelStyle {
  size_t width = 14;
  Style style = Style::Faint;
};

class Page {
 public:
  explicit Page(const PageStyle& style);

  size_t width() const noexcept { return width_; }
  bool utf8() const noexcept { return utf8_; }

  void blank();
  /// One line of spans behind `indent` spaces; what goes beyond the width is cut.
  void line(size_t indent, const std::vector<Span>& spans);
  /// A sentence, wrapped at words; words longer than a line are broken.
  void sentence(std::string_view text, Style style = Style::Plain, size_t indent = kPageIndent);
  /// "Label    sentence", wrapped under the sentence; a label wider than its column has a line of its own.
  void labelled(std::string_view label, std::string_view text, Style style = Style::Plain,
                LabelStyle labels = {});
  /// A section's title, set off by a blank line before and a rule behind it.
  void heading(std::string_view title);
  /// A smaller title above a table.
  void subheading(std::string_view title, std::string_view note = {});

  std::string take() { return std::move(text_); }

 private:
  void append(std::string_view printable_text, Style style);

  size_t width_;
  bool colour_;
  bool utf8_;
  std::string text_;
};

}  // namespace wirewatch
