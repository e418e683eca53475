// SPDX-License-Identifier: BSD-3-Clause
// The terminal as a screen to draw on: the alternate one, without echo and cursor, given back as it was on
// every way out, a crash included. One at a time, since a terminal and the handlers of signals are the
// process's.
#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

#include "dataplane/base/result.h"

namespace wirewatch {

class Screen {
 public:
  /// What a wait ended with.
  enum class Event : unsigned char { Timeout, Key, Resized, Quit };

  static bool available() noexcept;  // standard input and output are a terminal that can be drawn on

  /// Call only when available().
  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  size_t columns() const noexcept { return columns_; }
  size_t rows() const noexcept { return rows_; }

  /// Shows these lines in place of the ones before, in one write: nothing is wiped first, so nothing
  /// flickers.
  void draw(std::string_view lines) noexcept;

  /// Waits for a key, a new size, a reason to leave (Ctrl-C, SIGTERM, SIGHUP, the terminal gone), or the end
  /// of the time. `key` is set with Event::Key.
  Event wait(std::chrono::milliseconds time, char& key) noexcept;

 private:
  void measure() noexcept;

  size_t columns_ = 80;
  size_t rows_ = 24;
};

}  // namespace wirewatch
