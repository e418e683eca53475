// SPDX-License-Identifier: BSD-3-Clause
#include "control/metrics/families.h"

#include <limits>

namespace wirewatch {
namespace {

constexpr size_t kStepsPerOctave = 8;
// From 15 us to 16 s: what is faster or slower still counts in the first bucket and in +Inf.
constexpr size_t kFirstShown = 4 * kStepsPerOctave;
constexpr size_t kLastShown = 24 * kStepsPerOctave;

}  // namespace

Families& Families::begin(std::string name, std::string help, prometheus::MetricType type) {
  families_.push_back({"wirewatch_" + std::move(name), std::move(help), type, {}});
  return *this;
}

std::vector<prometheus::MetricFamily> Families::take() {
  std::erase_if(families_, [](const auto& family) { return family.metric.empty(); });
  return std::move(families_);
}

prometheus::ClientMetric& Families::add(const Labels& labels) {
  prometheus::ClientMetric& metric = families_.back().metric.emplace_back();
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  return metric;
}

Families& Families::value(double number, const Labels& labels) {
  prometheus::ClientMetric& metric = add(labels);
  (families_.back().type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = number;
  return *this;
}

Families& Families::value(const RttHistogram& rtt, const Labels& labels) {
  auto& histogram = add(labels).histogram;
  histogram.sample_count = rtt.count();
  histogram.sample_sum = static_cast<double>(rtt.sum_ns()) * kNanosecond;
  uint64_t so_far = 0;
  for (size_t bucket = 0; bucket + 1 < RttHistogram::kBuckets; ++bucket) {
    so_far += rtt.buckets()[bucket];
    const bool is_octave = bucket % kStepsPerOctave == 0 && bucket >= kFirstShown && bucket <= kLastShown;
    if (is_octave) histogram.bucket.push_back({so_far, static_cast<double>(RttHistogram::bound_ns(bucket)) * kNanosecond});
  }
  histogram.bucket.push_back({rtt.count(), std::numeric_limits<double>::infinity()});
  return *this;
}

}  // namespace wirewatch
