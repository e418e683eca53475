// SPDX-License-Identifier: BSD-3-Clause
// Tables that fit the page whatever is in them. A wide page shows every column in full and bars beside them;
// on a narrow one the extra columns go first, then long text is shortened, and in the last resort columns on
// the right are left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/report/page.h"
#include "control/report/printable.h"

namespace wirewatch {

enum class Align : bool { Left, Right };

/// Extra columns give way to others shown in full, Useful ones after them, Essential ones only to a page too
/// narrow.
enum class Weight : uint8_t { Essential, Useful, Extra };

struct TableColumn {
  std::string_view title;
  Align align = Align::Right;
  Weight weight = Weight::Essential;
  size_t least = 0;  // columns to which long text may be shortened; 0: never shortened
  Shorten shorten = Shorten::End;
  bool bar = false;  // cells are fractions of 1, drawn as bars in the room that is left

  /// Without a title, in whatever room is left.
  static TableColumn bars() { return {"", Align::Left, Weight::Extra, 0, Shorten::End, true}; }
};

struct Cell {
  Cell(std::string content, Style look = Style::Plain)
      : text(std::move(content)), style(look) {}     // NOLINT: cells are text
  Cell(const char* content) : text(content) {}       // NOLINT
  Cell(std::string_view content) : text(content) {}  // NOLINT
  /// A bar of this part of the longest possible one.
  static Cell bar(double fraction) {
    Cell cell("", Style::Bar);
    cell.fraction = fraction;
    return cell;
  }
  static Cell bar(uint64_t part, uint64_t whole) {
    return bar(whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole));
  }

  std::string text;
  Style style = Style::Plain;
  double fraction = 0;
};

class Table {
 public:
  explicit Table(std::vector<TableColumn> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns.
  void add(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const noexcept { return rows_.empty(); }
  void print(Page& page) const;

 private:
  std::vector<TableColumn> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace wirewatch
