// SPDX-License-Identifier: BSD-3-Clause
// Families of metrics put together value by value, for prometheus-cpp's serialiser. Values are read from the totals when
// they are asked for; nothing is counted twice over in a registry.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/stats/rtt_histogram.h"

namespace wirewatch {

using Labels = std::vector<std::pair<std::string, std::string>>;

inline constexpr double kNanosecond = 1e-9;  // in seconds, the unit of every family of times

class Families {
 public:
  /// `name` without the prefix "wirewatch_"; counters end in _total, times in _seconds. Values follow in the same family.
  Families& counter(std::string name, std::string help) { return begin(std::move(name), std::move(help), prometheus::MetricType::Counter); }
  Families& gauge(std::string name, std::string help) { return begin(std::move(name), std::move(help), prometheus::MetricType::Gauge); }
  Families& histogram(std::string name, std::string help) {
    return begin(std::move(name), std::move(help), prometheus::MetricType::Histogram);
  }
  Families& value(double number, const Labels& labels = {});
  Families& value(uint64_t number, const Labels& labels = {}) { return value(static_cast<double>(number), labels); }
  /// In seconds, a bucket an octave: eight times fewer series than are counted, and every bound stays exact.
  Families& value(const RttHistogram& rtt, const Labels& labels);

  /// Families without a value are left out.
  std::vector<prometheus::MetricFamily> take();

 private:
  Families& begin(std::string name, std::string help, prometheus::MetricType type);
  prometheus::ClientMetric& add(const Labels& labels);

  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace wirewatch
