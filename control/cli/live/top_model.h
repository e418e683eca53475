// SPDX-License-Identifier: BSD-3-Clause
// What `wirewatch top` shows, from the daemon's answers of the last seconds: totals as they are, rates from
// how the totals grew. Knows no clock, no socket and no terminal.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/client/json_access.h"
#include "dataplane/packet/traffic.h"

namespace wirewatch {

enum class TopSort : uint8_t { Rate, Packets, Bytes };

/// One moment's answers.
struct TopAnswers {
  Json status, protocols, destinations, handshakes, alerts;
};

/// A row of a table: a name, what was counted for it, and how fast that grows at the moment.
struct TopRow {
  std::string name;
  std::string detail;  // of an application its category; of a destination its busiest port
  Traffic total;
  double packets_per_second = 0;
  double bits_per_second = 0;
};

class TopModel {
 public:
  void observe(TopAnswers answers);

  bool empty() const noexcept { return samples_.empty(); }
  const TopAnswers& latest() const noexcept { return samples_.back().answers; }
  std::vector<TopRow> applications(TopSort sort) const;
  std::vector<TopRow> destinations(TopSort sort) const;
  /// Packets lost since the oldest answer that is still remembered; all of them when there is but one.
  uint64_t newly_lost() const;

 private:
  struct Sample {
    Timestamp time;
    std::map<std::string, Traffic> applications, destinations;
    uint64_t lost = 0;
    TopAnswers answers;
  };

  std::vector<TopRow> ranked(const Json& rows, const char* name, const char* detail,
                             std::map<std::string, Traffic> Sample::*counted, TopSort sort) const;

  std::deque<Sample> samples_;  // oldest first
};

}  // namespace wirewatch
