// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/replay_source.h"

#include <time.h>

#include <algorithm>
#include <limits>

namespace wirewatch {

ReplaySource::ReplaySource(std::unique_ptr<CaptureReader> reader, double speed, uint16_t interface, const TscClock& tsc)
    : reader_(std::move(reader)), speed_(speed), interface_(interface), tsc_(tsc) {}

/// By our clock. Packets without a time, and those from before the first one, are due at once.
int64_t ReplaySource::due_at(const Packet& packet) const noexcept {
  if (speed_ <= 0 || packet.time == kNoTimestamp || first_time_ == kNoTimestamp) return 0;
  constexpr double kLongest = 9e18;
  const double after = std::min(static_cast<double>(packet.time.since(first_time_)) / speed_, kLongest - static_cast<double>(begun_at_ns_));
  return begun_at_ns_ + static_cast<int64_t>(std::max(after, 0.0));
}

Poll ReplaySource::poll(Burst& burst) {
  if (next_ == batch_.packets.size()) {
    next_ = 0;
    if (ended_ || reader_->read(batch_, kBurstSize) == 0) {
      batch_.packets.clear();
      ended_ = true;
      return Poll::End;
    }
    for (Packet& packet : batch_.packets) packet.interface = interface_;
  }
  const int64_t now = tsc_.now_ns();
  if (!begun_) {
    begun_ = true;
    begun_at_ns_ = now;
  }
  const size_t first = next_;
  while (next_ < batch_.packets.size()) {
    const Packet& packet = batch_.packets[next_];
    if (first_time_ == kNoTimestamp && packet.time != kNoTimestamp) {
      first_time_ = packet.time;
      begun_at_ns_ = now;
    }
    if (due_at(packet) > now) break;
    if (packet.time != kNoTimestamp) last_time_ = packet.time;
    ++next_;
  }
  if (next_ == first) return Poll::Idle;
  last_at_ns_ = now;
  burst.packets = std::span(batch_.packets).subspan(first, next_ - first);
  burst.count = next_ - first;
  packets_.store(packets_.load(std::memory_order_relaxed) + burst.count, std::memory_order_relaxed);
  return Poll::Packets;
}

void ReplaySource::wait(std::chrono::milliseconds timeout) const noexcept {
  int64_t left = std::chrono::nanoseconds(timeout).count();
  if (next_ < batch_.packets.size()) left = std::clamp<int64_t>(due_at(batch_.packets[next_]) - tsc_.now_ns(), 0, left);
  const timespec pause{left / 1'000'000'000, left % 1'000'000'000};
  ::nanosleep(&pause, nullptr);
}

Timestamp ReplaySource::now() const noexcept {
  if (last_time_ == kNoTimestamp || speed_ <= 0) return last_time_;
  const double passed = static_cast<double>(tsc_.now_ns() - last_at_ns_) * speed_;
  constexpr double kMost = 1e18;
  int64_t sum = 0;
  const bool overflow = __builtin_add_overflow(last_time_.ns, static_cast<int64_t>(std::clamp(passed, 0.0, kMost)), &sum);
  return overflow ? last_time_ : Timestamp{sum};
}

TimestampProperties ReplaySource::timestamps() const noexcept {
  return {TimestampSource::File, reader_->summary().timestamp_resolution_ns, TimestampProperties::kUnknownError};
}

/// Records that were no frames, by the reason; names are the reader's.
size_t ReplaySource::read_losses(std::span<LossCounter> losses) const noexcept {
  size_t used = 0;
  for (size_t reason = 0; reason < static_cast<size_t>(Unread::Count) && used < losses.size(); ++reason) {
    const std::string_view name = to_string(static_cast<Unread>(reason));
    const auto& unread = reader_->summary().unread;
    const auto found = std::ranges::find_if(unread, [&](const auto& each) { return each.first == name; });
    if (found != unread.end()) losses[used++] = {name, found->second};
  }
  return used;
}

}  // namespace wirewatch
