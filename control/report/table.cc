// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace wirewatch {
namespace {

constexpr size_t kGap = 2;
constexpr size_t kShortestBar = 8;
constexpr size_t kLongestBar = 24;

/// How wide each column is to be; hidden ones are 0.
struct Layout {
  std::vector<size_t> widths;

  size_t total() const noexcept {
    size_t sum = 0;
    for (const size_t width : widths) sum += width == 0 ? 0 : width + kGap;
    return sum == 0 ? 0 : sum - kGap;
  }
};

size_t narrowest(const TableColumn& column, size_t natural) noexcept {
  return column.least == 0 ? natural : std::min(natural, column.least);
}

/// What a column should have before others are hidden for it. One overlong name may not empty the table
/// around it.
size_t comfortable(const TableColumn& column, size_t natural) noexcept {
  return column.least == 0 ? natural : std::min(natural, 3 * column.least);
}

/// The column to leave out next: the least important, of those the one furthest to the right; never the
/// first.
size_t next_to_hide(const std::vector<TableColumn>& columns, const Layout& layout, Weight at_least) noexcept {
  size_t found = 0;
  for (size_t i = 1; i < columns.size(); ++i) {
    if (layout.widths[i] == 0 || columns[i].weight < at_least) continue;
    if (found == 0 || columns[i].weight >= columns[found].weight) found = i;
  }
  return found;
}

size_t total_at_narrowest(const std::vector<TableColumn>& columns, const Layout& layout) noexcept {
  Layout narrow = layout;
  for (size_t i = 0; i < columns.size(); ++i) narrow.widths[i] = narrowest(columns[i], layout.widths[i]);
  return narrow.total();
}

/// Takes columns away from the text that has most to spare until the table fits.
void shorten_text(const std::vector<TableColumn>& columns, Layout& layout, size_t room) {
  while (layout.total() > room) {
    size_t widest = columns.size();
    for (size_t i = 0; i < columns.size(); ++i) {
      const bool may_shrink = layout.widths[i] > std::max<size_t>(narrowest(columns[i], layout.widths[i]), 1);
      if (may_shrink && (widest == columns.size() || layout.widths[i] > layout.widths[widest])) widest = i;
    }
    if (widest == columns.size()) break;
    --layout.widths[widest];
  }
  // A first column wider than the page has nobody left to give way.
  if (layout.total() > room) layout.widths[0] -= std::min(layout.widths[0] - 1, layout.total() - room);
}

Layout lay_out(const std::vector<TableColumn>& columns, const std::vector<size_t>& natural, size_t room) {
  Layout layout{natural};
  for (size_t i = 0; i < columns.size(); ++i) layout.widths[i] = comfortable(columns[i], natural[i]);
  for (const Weight weight : {Weight::Extra, Weight::Useful}) {
    while (layout.total() > room) {
      const size_t hidden = next_to_hide(columns, layout, weight);
      if (hidden == 0) break;
      layout.widths[hidden] = 0;
    }
  }
  while (total_at_narrowest(columns, layout) > room) {
    const size_t hidden = next_to_hide(columns, layout, Weight::Essential);
    if (hidden == 0) break;
    layout.widths[hidden] = 0;
  }
  shorten_text(columns, layout, room);
  for (size_t i = 0; i < columns.size() && layout.total() < room;
       ++i) {  // what is left goes to text, then to bars
    if (layout.widths[i] != 0 && layout.widths[i] < natural[i]) {
      layout.widths[i] = std::min(natural[i], layout.widths[i] + room - layout.total());
    }
  }
  for (size_t i = 0; i < columns.size() && layout.total() < room; ++i) {
    if (columns[i].bar && layout.widths[i] != 0)
      layout.widths[i] = std::min(kLongestBar, layout.widths[i] + room - layout.total());
  }
  return layout;
}

std::string bar_of(double fraction, size_t width, bool utf8) {
  constexpr std::array<const char*, 8> kEighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const double length = std::clamp(fraction, 0.0, 1.0) * static_cast<double>(width);
  std::string bar;
  if (!utf8) {
    bar.assign(static_cast<size_t>(std::lround(length)), '#');
    return bar;
  }
  const auto eighths = static_cast<size_t>(std::lround(length * 8));
  for (size_t i = 0; i < eighths / 8; ++i) bar += "█";
  bar += kEighths[eighths % 8];
  return bar;
}

std::string padded(std::string text, size_t width, Align align) {
  const size_t used = display_width(text);
  const std::string space(width - std::min(width, used), ' ');
  return align == Align::Right ? space + text : text + space;
}

}  // namespace

void Table::print(Page& page) const {
  std::vector<std::vector<Cell>> rows = rows_;
  std::vector<size_t> natural(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    natural[i] = columns_[i].bar ? kShortestBar : display_width(columns_[i].title);
    for (auto& row : rows) {
      row[i].text = printable(row[i].text, page.utf8());
      natural[i] = std::max(natural[i], display_width(row[i].text));
    }
  }
  const auto says_nothing = [&](size_t i) {
    return i != 0 && !columns_[i].bar &&
           std::all_of(rows.begin(), rows.end(), [i](const auto& row) { return row[i].text.empty(); });
  };
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (says_nothing(i)) natural[i] = 0;
  }
  const Layout layout = lay_out(columns_, natural, page.width() - kPageIndent);

  const auto print_row = [&](auto&& cell_at) {
    std::vector<Span> spans;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (layout.widths[i] == 0) continue;
      if (!spans.empty()) spans.push_back({std::string(kGap, ' ')});
      Span span = cell_at(i);
      span.text = padded(shortened(span.text, layout.widths[i], columns_[i].shorten, page.utf8()),
                         layout.widths[i], columns_[i].align);
      spans.push_back(std::move(span));
    }
    page.line(kPageIndent, spans);
  };
  print_row([&](size_t i) {
    return Span{columns_[i].bar ? std::string() : std::string(columns_[i].title), Style::Faint};
  });
  for (const auto& row : rows) {
    print_row([&](size_t i) {
      if (columns_[i].bar) return Span{bar_of(row[i].fraction, layout.widths[i], page.utf8()), Style::Bar};
      return Span{row[i].text, row[i].style};
    });
  }
}

}  // namespace wirewatch
