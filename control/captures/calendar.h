// SPDX-License-Identifier: BSD-3-Clause
// Times of the calendar in the syntax of systemd.time(7), which is what operators have in their timers: "Mon..Fri 09:00",
// "*-*-01 00:00:00", "*-*~03", "hourly", "*:0/15". Local time, unless "UTC" stands behind it. Left out, and refused with
// a sentence: fractions of a second, years of two digits, other zones. systemd-analyze calendar is the oracle.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch {

class Calendar {
 public:
  static Result<Calendar> parse(std::string_view text);

  /// The first such second after `after`, both in seconds since the Unix epoch; nothing when there is none before 2200.
  std::optional<int64_t> next(int64_t after) const;

  /// 5, 5..9, 5..9/2 or 5/2, which goes on to the end.
  struct Part {
    int first = 0;
    int last = 0;
    int step = 1;
    bool open = false;  // no last one was given
  };
  struct Date {
    int year, month, day;
  };

 private:
  friend class CalendarReader;
  using Parts = std::vector<Part>;  // empty: all of them

  bool has_day(const Date& date) const;
  std::optional<int64_t> next_of_day(const Date& date, std::array<int, 3> from, int64_t after) const;

  uint8_t weekdays_ = 0x7f;  // bit 0 is Monday
  Parts years_, months_, days_;
  bool days_from_end_ = false;  // 1 is the last day of the month
  Parts hours_{{0, 0}}, minutes_{{0, 0}}, seconds_{{0, 0}};
  bool utc_ = false;
};

}  // namespace wirewatch
