// SPDX-License-Identifier: BSD-3-Clause
// The screen of `wirewatch top` as text: a head of a few lines, then tables that share what room there is.
#pragma once

#include <cstddef>
#include <string>

#include "control/cli/live/top_model.h"
#include "control/report/page.h"

namespace wirewatch {

struct TopView {
  PageStyle page;
  size_t rows = 24;  // lines of the screen; the page has at most as many
  TopSort sort = TopSort::Rate;
  bool paused = false;
  bool keys = true;       // a line at the end says which keys do what
  std::string trouble{};  // why the answers are old, or empty
};

std::string top_page(const TopModel& model, const TopView& view);

}  // namespace wirewatch
