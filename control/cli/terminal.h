// SPDX-License-Identifier: BSD-3-Clause
// What standard output and standard error are connected to, and what can be shown there.
#pragma once

#include <cstddef>
#include <optional>

#include "control/report/page.h"

namespace wirewatch {

/// How to lay out a page on standard output. The width is `width` if given, else $COLUMNS, else the
/// terminal's, else 80. Colours only on a terminal and never with NO_COLOR (no-color.org) or TERM=dumb; UTF-8
/// when the locale is.
PageStyle page_style(std::optional<size_t> width);

bool standard_error_is_terminal() noexcept;

/// Columns of the terminal behind standard error; 80 when it does not say.
size_t standard_error_width() noexcept;

}  // namespace wirewatch
