// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/page.h"

#include <algorithm>

#include "control/report/printable.h"

namespace wirewatch {
namespace {

/// Select Graphic Rendition parameters (ECMA-48); only the sixteen colours that every terminal theme defines.
constexpr std::string_view escape_of(Style style) noexcept {
  switch (style) {
    case Style::Plain:
      return {};
    case Style::Strong:
      return "\x1b[1m";
    case Style::Faint:
      return "\x1b[2m";
    case Style::Good:
      return "\x1b[32m";
    case Style::Warning:
      return "\x1b[33m";
    case Style::Alarm:
      return "\x1b[1;31m";
    case Style::Title:
      return "\x1b[1;36m";
    case Style::Bar:
      return "\x1b[36m";
  }
  return {};
}

/// Cuts a printable text into lines of at most `width` columns, at spaces where there are any.
std::vector<std::string_view> wrapped(std::string_view text, size_t width) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    size_t taken = bytes_within(text, width);
    if (taken < text.size() && text[taken] != ' ') {
      const size_t space = text.rfind(' ', taken);
      if (space != std::string_view::npos && space != 0) taken = space;
    }
    taken = std::max<size_t>(taken, 1);
    lines.push_back(text.substr(0, taken));
    text.remove_prefix(taken);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  return lines;
}

}  // namespace

Page::Page(const PageStyle& style)
    : width_(std::max(style.width, kNarrowestPage)), colour_(style.colour), utf8_(style.utf8) {}

void Page::append(std::string_view printable_text, Style style) {
  const std::string_view escape = colour_ && !printable_text.empty() ? escape_of(style) : std::string_view();
  text_ += escape;
  text_ += printable_text;
  if (!escape.empty()) text_ += "\x1b[0m";
}

void Page::blank() { text_ += '\n'; }

void Page::line(size_t indent, const std::vector<Span>& spans) {
  text_.append(indent, ' ');
  size_t room = width_ - indent;
  for (const Span& span : spans) {
    const std::string shown =
        shortened(printable(span.text, utf8_), std::max<size_t>(room, 1), Shorten::End, utf8_);
    const size_t used = display_width(shown);
    if (used > room) break;
    append(shown, span.style);
    room -= used;
  }
  while (!text_.empty() && text_.back() == ' ') text_.pop_back();
  text_ += '\n';
}

void Page::sentence(std::string_view text, Style style, size_t indent) {
  const std::string shown = printable(text, utf8_);
  for (const std::string_view part : wrapped(shown, width_ - indent))
    line(indent, {{std::string(part), style}});
}

void Page::labelled(std::string_view label, std::string_view text, Style style, LabelStyle labels) {
  const size_t hanging = kPageIndent + labels.width;
  std::string head(label);
  if (head.size() >= labels.width) {
    line(kPageIndent, {{head, labels.style}});
    head.clear();
  }
  head.resize(labels.width, ' ');
  const std::string shown = printable(text, utf8_);
  for (const std::string_view part : wrapped(shown, width_ - std::min(hanging, width_ - 1))) {
    line(kPageIndent, {{head, labels.style}, {std::string(part), style}});
    head.assign(labels.width, ' ');
  }
}

void Page::heading(std::string_view title) {
  blank();
  std::string rule;
  const size_t taken = display_width(title) + 1;
  for (size_t i = taken; i < width_; ++i) rule += utf8_ ? "─" : "-";
  line(0, {{std::string(title), Style::Title}, {" " + rule, Style::Faint}});
}

void Page::subheading(std::string_view title, std::string_view note) {
  blank();
  std::vector<Span> spans{{std::string(title), Style::Strong}};
  if (!note.empty()) spans.push_back({"  " + std::string(note), Style::Faint});
  line(kPageIndent, spans);
}

}  // namespace wirewatch
