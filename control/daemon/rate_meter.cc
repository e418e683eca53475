// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/rate_meter.h"

namespace wirewatch {

void RateMeter::observe(int64_t now_ns, const Traffic& traffic, uint64_t handshakes) {
  if (!samples_.empty() && traffic.packets < samples_.back().traffic.packets) samples_.clear();
  samples_.push_back({now_ns, traffic, handshakes});
  while (samples_.size() > 2 && now_ns - samples_[1].at_ns >= kOver_ns) samples_.pop_front();
}

RatesView RateMeter::rates() const noexcept {
  RatesView view;
  if (samples_.size() < 2) return view;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  const double seconds = static_cast<double>(last.at_ns - first.at_ns) * 1e-9;
  if (seconds <= 0) return view;
  const auto per_second = [&](uint64_t before, uint64_t after) {
    return after < before ? uint64_t{0} : static_cast<uint64_t>(static_cast<double>(after - before) / seconds);
  };
  view.over_s = static_cast<int64_t>(seconds + 0.5);
  view.packets_per_second = per_second(first.traffic.packets, last.traffic.packets);
  view.bits_per_second = per_second(first.traffic.bytes * 8, last.traffic.bytes * 8);
  view.handshakes_per_second = per_second(first.handshakes, last.handshakes);
  return view;
}

}  // namespace wirewatch
