// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/top_model.h"

#include <algorithm>

#include "control/cli/live/live_pages.h"
#include "control/client/live_report.h"

namespace wirewatch {
namespace {

constexpr int64_t kRatesOver = 5'000'000'000;  // a rate of the last five seconds is steady enough to be read

std::map<std::string, Traffic> totals(const Json& rows, const char* name) {
  std::map<std::string, Traffic> found;
  for (const Json& row : rows) found[std::string(text_of(row, name))] += traffic_of(row);
  return found;
}

/// "tcp/443" of a destination, the category of an application.
std::string detail_of(const Json& row, const char* detail) {
  const Json& value = member(row, detail);
  if (!value.is_array()) return std::string(text_of(row, detail));
  if (value.empty()) return {};
  const Json& busiest = value.front();
  const uint64_t port = count_of(busiest, "port");
  if (port == 0) return {};
  return std::string(text_of(busiest, "transport")) + "/" + std::to_string(port);
}

uint64_t growth(uint64_t earlier, uint64_t now) noexcept { return now > earlier ? now - earlier : 0; }

}  // namespace

void TopModel::observe(TopAnswers answers) {
  Sample sample;
  sample.time = time_of(answers.status, "timestamp").value_or(Timestamp{});
  sample.applications = totals(rows_of(answers.protocols, "applications"), "name");
  sample.destinations = totals(rows_of(answers.destinations, "destinations"), "address");
  sample.lost = lost_packets(answers.status);
  sample.answers = std::move(answers);
  // Of a clock that was set back nothing can be told but that time begins anew.
  if (!samples_.empty() && sample.time < samples_.back().time) samples_.clear();
  samples_.push_back(std::move(sample));
  while (samples_.size() > 2 && samples_.back().time.since(samples_[1].time) >= kRatesOver)
    samples_.pop_front();
}

std::vector<TopRow> TopModel::ranked(const Json& rows, const char* name, const char* detail,
                                     std::map<std::string, Traffic> Sample::*counted, TopSort sort) const {
  const Sample &oldest = samples_.front(), &newest = samples_.back();
  const double seconds = static_cast<double>(newest.time.since(oldest.time)) / 1e9;
  std::map<std::string, TopRow> by_name;  // guesses and verdicts of one application are one row here
  for (const Json& row : rows) {
    TopRow& found = by_name[std::string(text_of(row, name))];
    found.total += traffic_of(row);
    if (found.detail.empty()) found.detail = detail_of(row, detail);
  }
  std::vector<TopRow> ranked;
  for (auto& [key, row] : by_name) {
    row.name = key;
    const auto earlier = (oldest.*counted).find(key);
    if (seconds > 0 && earlier != (oldest.*counted).end()) {
      row.packets_per_second =
          static_cast<double>(growth(earlier->second.packets, row.total.packets)) / seconds;
      row.bits_per_second = static_cast<double>(growth(earlier->second.bytes, row.total.bytes)) * 8 / seconds;
    }
    ranked.push_back(std::move(row));
  }
  const auto key = [sort](const TopRow& row) {
    const auto packets = static_cast<double>(row.total.packets), bytes = static_cast<double>(row.total.bytes);
    return sort == TopSort::Rate      ? std::pair(row.bits_per_second, bytes)
           : sort == TopSort::Packets ? std::pair(packets, bytes)
                                      : std::pair(bytes, packets);
  };
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](const TopRow& a, const TopRow& b) { return key(a) > key(b); });
  return ranked;
}

std::vector<TopRow> TopModel::applications(TopSort sort) const {
  return ranked(rows_of(latest().protocols, "applications"), "name", "category", &Sample::applications, sort);
}

std::vector<TopRow> TopModel::destinations(TopSort sort) const {
  return ranked(rows_of(latest().destinations, "destinations"), "address", "ports", &Sample::destinations,
                sort);
}

uint64_t TopModel::newly_lost() const {
  const uint64_t now = samples_.back().lost;
  return samples_.size() == 1 ? now : growth(samples_.front().lost, now);
}

}  // namespace wirewatch
