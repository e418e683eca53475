// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/calendar.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <ctime>
#include <string>
#include <utility>

#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

constexpr int kFirstYear = 1970, kLastYear = 2199;
constexpr std::array<std::string_view, 7> kDays{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kShorthands{
    {{"minutely", "*-*-* *:*:00"}, {"hourly", "*-*-* *:00:00"}, {"daily", "*-*-* 00:00:00"}, {"weekly", "Mon *-*-* 00:00:00"},
     {"monthly", "*-*-01 00:00:00"}, {"yearly", "*-01-01 00:00:00"}, {"annually", "*-01-01 00:00:00"},
     {"anually", "*-01-01 00:00:00"}, {"quarterly", "*-01,04,07,10-01 00:00:00"}, {"semiannually", "*-01,07-01 00:00:00"},
     {"semi-annually", "*-01,07-01 00:00:00"}, {"biannually", "*-01,07-01 00:00:00"}}};

bool holds(const std::vector<Calendar::Part>& parts, int value) {
  return parts.empty() || std::ranges::any_of(parts, [&](const Calendar::Part& part) {
    return value >= part.first && value <= part.last && (value - part.first) % part.step == 0;
  });
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return result;
}

/// Pieces between `separator`s, empty ones included.
std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> pieces;
  for (size_t at = 0;;) {
    const size_t end = text.find(separator, at);
    pieces.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return pieces;
    at = end + separator.size();
  }
}

std::optional<int> number(std::string_view text) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  int value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + (digit - '0');
  }
  return value;
}

int days_in(const Calendar::Date& date) {
  using namespace std::chrono;
  return static_cast<int>(unsigned{(year(date.year) / date.month / last).day()});
}

/// 0 is Monday.
int weekday_of(const Calendar::Date& date) {
  using namespace std::chrono;
  return static_cast<int>(weekday(sys_days(year(date.year) / date.month / date.day)).iso_encoding()) - 1;
}

/// Nothing for an hour that the clocks leave out that day.
std::optional<int64_t> seconds_since_epoch(const Calendar::Date& date, std::array<int, 3> time, bool utc) {
  std::tm civil{};
  civil.tm_year = date.year - 1900;
  civil.tm_mon = date.month - 1;
  civil.tm_mday = date.day;
  civil.tm_hour = time[0];
  civil.tm_min = time[1];
  civil.tm_sec = time[2];
  civil.tm_isdst = -1;
  const std::time_t seconds = utc ? timegm(&civil) : std::mktime(&civil);
  if (civil.tm_hour != time[0] || civil.tm_min != time[1]) return std::nullopt;
  return seconds;
}

}  // namespace

/// Takes one expression apart. Only ever used for one.
class CalendarReader {
 public:
  explicit CalendarReader(std::string_view text) : text_(text) {}

  Result<Calendar> read() {
    constexpr size_t kLongest = 256;
    if (text_.size() > kLongest) return fail("a calendar expression of more than 256 characters is not taken");
    std::string expression = lower(text_);
    std::vector<std::string_view> names;
    for (const auto& [name, meaning] : kShorthands) {
      names.push_back(name);
      if (expression == name) expression = lower(meaning);
    }
    std::vector<std::string_view> words;
    for (const std::string_view word : split(expression, " ")) {
      if (!word.empty()) words.push_back(word);
    }
    if (!words.empty() && words.back() == "utc") {
      calendar_.utc_ = true;
      words.pop_back();
    }
    size_t at = 0;
    if (at < words.size() && std::isalpha(static_cast<unsigned char>(words[at].front())) != 0) {
      if (!weekdays(words[at])) return refuse("'" + std::string(words[at]) + "' is no day of the week" + did_you_mean(words[at], names));
      ++at;
    }
    if (at < words.size() && words[at].find(':') == std::string_view::npos) {
      if (!date(words[at])) return refuse("'" + std::string(words[at]) + "' is no date such as *-*-01, 2027-01-31 or *-02~03");
      ++at;
    }
    if (at < words.size()) {
      if (!time(words[at])) return refuse("'" + std::string(words[at]) + "' is no time of day such as 09:00 or *:0/15");
      ++at;
    }
    if (at == 0) return refuse("there is neither a day, a date nor a time in it");
    if (at < words.size()) {
      return refuse("'" + std::string(words[at]) + "' was not expected behind day, date and time; without UTC it is local time");
    }
    return calendar_;
  }

 private:
  tl::unexpected<Error> refuse(const std::string& why) const {
    return fail("calendar expression '" + std::string(text_) + "': " + why);
  }

  static std::optional<int> day_number(std::string_view name) {
    for (size_t day = 0; day < kDays.size(); ++day) {
      if (name == kDays[day] || name == kDays[day].substr(0, 3)) return static_cast<int>(day);
    }
    return std::nullopt;
  }

  bool weekdays(std::string_view word) {
    calendar_.weekdays_ = 0;
    for (const std::string_view range : split(word, ",")) {
      const auto ends = split(range, range.find("..") != std::string_view::npos ? ".." : "-");
      const auto first = day_number(ends.front()), last = day_number(ends.back());
      if (ends.size() > 2 || !first || !last || *first > *last) return false;
      for (int day = *first; day <= *last; ++day) calendar_.weekdays_ |= static_cast<uint8_t>(1 << day);
    }
    return true;
  }

  bool date(std::string_view word) {
    if (const size_t end = word.find('~'); end != std::string_view::npos) {
      calendar_.days_from_end_ = true;
      if (word.find_first_of("~-", end + 1) != std::string_view::npos || !parts(word.substr(end + 1), 1, 31, calendar_.days_)) return false;
      return year_and_month(split(word.substr(0, end), "-"));
    }
    auto pieces = split(word, "-");
    if (pieces.size() < 2 || !parts(pieces.back(), 1, 31, calendar_.days_)) return false;
    pieces.pop_back();
    return year_and_month(pieces);
  }
  bool year_and_month(const std::vector<std::string_view>& pieces) {
    if (pieces.size() == 1) return parts(pieces[0], 1, 12, calendar_.months_);
    return pieces.size() == 2 && parts(pieces[0], kFirstYear, kLastYear, calendar_.years_) && parts(pieces[1], 1, 12, calendar_.months_);
  }

  bool time(std::string_view word) {
    const auto pieces = split(word, ":");
    if (pieces.size() < 2 || pieces.size() > 3) return false;
    return parts(pieces[0], 0, 23, calendar_.hours_) && parts(pieces[1], 0, 59, calendar_.minutes_) &&
           (pieces.size() == 2 || parts(pieces[2], 0, 59, calendar_.seconds_));
  }

  static bool parts(std::string_view text, int least, int most, Calendar::Parts& into) {
    into.clear();
    if (text == "*") return true;
    for (const std::string_view piece : split(text, ",")) {
      const auto step = split(piece, "/");
      const auto ends = split(step.front(), "..");
      if (step.size() > 2 || ends.size() > 2) return false;
      const auto first = number(ends.front()), last = number(ends.back()), by = number(step.back());
      if (!first || !last || *first < least || *last > most || *first > *last) return false;
      if (step.size() == 2 && (!by || *by == 0)) return false;
      const bool to_the_end = step.size() == 2 && ends.size() == 1;
      into.push_back({*first, to_the_end ? most : *last, step.size() == 2 ? *by : 1, to_the_end});
    }
    return true;
  }

  std::string_view text_;
  Calendar calendar_;
};

Result<Calendar> Calendar::parse(std::string_view text) { return CalendarReader(text).read(); }

bool Calendar::has_day(const Date& date) const {
  if ((weekdays_ & (1 << weekday_of(date))) == 0) return false;
  if (!days_from_end_) return holds(days_, date.day);
  const int days = days_in(date);
  return days_.empty() || std::ranges::any_of(days_, [&](const Part& part) {
    // "~07/2" begins at the seventh day from the end and goes up; "~01..03" are the last three.
    const int first = days - (part.open ? part.first : part.last) + 1, last = part.open ? days : days - part.first + 1;
    return date.day >= first && date.day <= last && (date.day - first) % part.step == 0;
  });
}

/// The first second of this day that is neither before `from` nor, as a time, before `after`.
std::optional<int64_t> Calendar::next_of_day(const Date& date, std::array<int, 3> from, int64_t after) const {
  for (int hour = from[0]; hour < 24; ++hour, from[1] = from[2] = 0) {
    if (!holds(hours_, hour)) continue;
    for (int minute = from[1]; minute < 60; ++minute, from[2] = 0) {
      if (!holds(minutes_, minute)) continue;
      for (int second = from[2]; second < 60; ++second) {
        if (!holds(seconds_, second)) continue;
        const auto time = seconds_since_epoch(date, {hour, minute, second}, utc_);
        if (time && *time > after) return time;
      }
    }
  }
  return std::nullopt;
}

std::optional<int64_t> Calendar::next(int64_t after) const {
  constexpr int64_t kEnd = 7'258'118'400;  // 2200-01-01
  if (after >= kEnd) return std::nullopt;
  after = std::max<int64_t>(after, 0);
  const std::time_t start = after + 1;
  std::tm now{};
  if ((utc_ ? gmtime_r(&start, &now) : localtime_r(&start, &now)) == nullptr) return std::nullopt;
  Date date{now.tm_year + 1900, now.tm_mon + 1, now.tm_mday};
  std::array<int, 3> from{now.tm_hour, now.tm_min, now.tm_sec};
  for (; date.year <= kLastYear; ++date.year, date.month = 1, date.day = 1, from = {}) {
    if (!holds(years_, date.year)) continue;
    for (; date.month <= 12; ++date.month, date.day = 1, from = {}) {
      if (!holds(months_, date.month)) continue;
      for (const int days = days_in(date); date.day <= days; ++date.day, from = {}) {
        if (!has_day(date)) continue;
        if (const auto time = next_of_day(date, from, after)) return time;
      }
    }
  }
  return std::nullopt;
}

}  // namespace wirewatch
