// SPDX-License-Identifier: BSD-3-Clause
// Calendar expressions, held to systemd-analyze where it is installed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <ctime>
#include <sstream>
#include <string>
#include <vector>

#include "control/captures/calendar.h"
#include "tests/support/other_programs.h"

namespace wirewatch {
namespace {

using testing::is_here, testing::output_of;

/// The process' zone while it lives.
class Zone {
 public:
  explicit Zone(const char* name) {
    const char* const before = std::getenv("TZ");
    had_ = before != nullptr;
    if (had_) before_ = before;
    setenv("TZ", name, 1);
    tzset();
  }
  ~Zone() {
    if (had_) {
      setenv("TZ", before_.c_str(), 1);
    } else {
      unsetenv("TZ");
    }
    tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  bool had_ = false;
  std::string before_;
};

std::string utc(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm broken{};
  gmtime_r(&time, &broken);
  std::array<char, 64> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &broken)};
}

/// The times that systemd-analyze lists, in UTC: of each pair of lines the second, unless the zone is UTC.
std::vector<std::string> listed_times(const std::string& listed) {
  std::vector<std::string> times;
  std::istringstream lines(listed);
  for (std::string line; std::getline(lines, line);) {
    const bool begins_one = line.find("Next elapse: ") != std::string::npos || line.find("Iter. #") != std::string::npos;
    if ((!begins_one && line.find("(in UTC): ") == std::string::npos) || line.ends_with("never")) continue;
    if (!begins_one) times.pop_back();
    times.push_back(line.substr(line.size() - 23, 19));
  }
  return times;
}

constexpr int64_t kMonday = 1'795'402'800;  // 2026-11-23 03:00:00 UTC

std::vector<std::string> next_ones(const std::string& expression, int64_t from, int count) {
  const auto calendar = Calendar::parse(expression);
  if (!calendar) return {calendar.error().message};
  std::vector<std::string> times;
  for (std::optional<int64_t> at = from; count > 0 && (at = calendar->next(*at)); --count) times.push_back(utc(*at));
  return times;
}

constexpr std::array kExpressions{
    "Mon..Fri 09:00", "*-*-01 00:00:00", "hourly", "*:0/15", "minutely", "daily", "weekly", "monthly", "yearly", "quarterly",
    "semiannually", "Mon", "12:00", "2027-1-5", "1-5", "*:0/15:30", "5:30..45/5", "mon,wed..thu *-*-* 1:2", "*-*-1..7 8:00",
    "*:*:*", "0/8:00", "*-*", "9..17/2:00", "Mon *-*-* 00:00,30", "Sat..Sun", "Sunday 1:00", "*-02~03", "*-05~07/1", "*-*~01..03",
    "*-*~05/2", "*-*~1,3 23:59:59", "Fri *-*-13", "*-02-29", "2028..2032/2-02-28..29 6:00", "1..5/2-1", "*-*-* 03:00:01 UTC",
    "Mon-Fri 7:30", "2030-*-* 0:0:0", "*:*:0/20", "Tue *-11,12-1..7 4,5:6..8:9"};

TEST(Calendar, ElapsesWhenSystemdSays) {
  if (!is_here("systemd-analyze")) GTEST_SKIP() << "systemd-analyze is not installed";
  for (const char* const zone : {"UTC", "Europe/Berlin", "America/New_York"}) {
    const Zone local(zone);
    for (const int64_t from : {kMonday, kMonday + 86'399, int64_t{1'803'000'000}, int64_t{1'835'395'199}}) {
      for (const char* const expression : kExpressions) {
        constexpr int kCount = 6;
        const std::string listed =
            output_of(fmt::format("systemd-analyze calendar --base-time='{} UTC' --iterations={} '{}' 2>/dev/null", utc(from), kCount, expression));
        const std::vector<std::string> expected = listed_times(listed);
        EXPECT_EQ(next_ones(expression, from, kCount), expected) << expression << " in " << zone << " from " << utc(from) << "\n" << listed;
      }
    }
  }
}

struct Case {
  const char* expression;
  std::vector<std::string> expected;
};

TEST(Calendar, ElapsesWithoutSystemdToo) {
  const Zone local("UTC");
  for (const Case& each : std::vector<Case>{
           {"Mon..Fri 09:00", {"2026-11-23 09:00:00", "2026-11-24 09:00:00"}},
           {"*-*-01 00:00:00", {"2026-12-01 00:00:00", "2027-01-01 00:00:00"}},
           {"hourly", {"2026-11-23 04:00:00", "2026-11-23 05:00:00"}},
           {"*:0/15", {"2026-11-23 03:15:00", "2026-11-23 03:30:00"}},
           {"*-02~01", {"2027-02-28 00:00:00", "2028-02-29 00:00:00"}},
           {"2027-02-30", {}},
           {"1990-01-01", {}}}) {
    EXPECT_EQ(next_ones(each.expression, kMonday, 2), each.expected) << each.expression;
  }
}

TEST(Calendar, LeavesOutAnHourThatTheClocksSkip) {
  const Zone local("Europe/Berlin");
  constexpr int64_t kSaturday = 1'806'192'000;  // 2027-03-27 12:00:00 UTC; clocks go from 02:00 to 03:00 the night after
  EXPECT_EQ(next_ones("02:30", kSaturday, 1), std::vector<std::string>{"2027-03-29 00:30:00"});
  EXPECT_EQ(next_ones("02:30 UTC", kSaturday, 1), std::vector<std::string>{"2027-03-28 02:30:00"});
}

TEST(Calendar, RefusesWhatItDoesNotUnderstandWithASentence) {
  for (const char* const wrong :
       {"", " ", "Mo", "Fri..Mon 10:00", "*:*/5", "*/2-*-*", "Mon, Tue 10:00", "10", "2027", "70-01-01", "10:00:00.5", "*-*-* 25:00",
        "2027-13-01", "2027-01-32", "2027-01-01T10:00", "~01", "*-*-5~1", "5/3", "*-*-01 00:00 Europe/Berlin", "1:2:3:4", "*:0/0",
        "*:5..3", "*-*-", "-1-1", "Mon Tue", "UTC", "*-*-* *:99999999999999999999"}) {
    const auto calendar = Calendar::parse(wrong);
    ASSERT_FALSE(calendar) << wrong;
    EXPECT_NE(calendar.error().message.find("calendar expression"), std::string::npos) << calendar.error().message;
  }
}

TEST(Calendar, SuggestsTheNearestWord) {
  const auto calendar = Calendar::parse("houry");
  ASSERT_FALSE(calendar);
  EXPECT_NE(calendar.error().message.find("did you mean 'hourly'?"), std::string::npos) << calendar.error().message;
}

}  // namespace
}  // namespace wirewatch
