// SPDX-License-Identifier: BSD-3-Clause
// The clock of a NIC that the kernel drives (/dev/ptpN), followed against the system's clock, so that its stamps become
// UTC whatever it counts from: UTC, TAI, or the moment it was switched on. Owned by the thread that polls the source;
// report() may be asked by any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "dataplane/base/result.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/source/clock_tracker.h"
#include "dataplane/source/clock_watch.h"

namespace wirewatch {

class NicClock {
 public:
  /// Reads both clocks, or nothing when that fails.
  using Read = std::function<std::optional<ClockSample>()>;

  /// Takes a first reading; from then on maintain() takes them.
  explicit NicClock(Read read);
  /// Of an interface, after its NIC was told to stamp every frame it receives (needs CAP_NET_ADMIN unless it does so
  /// already). An Error says why there are no stamps of the NIC to be had.
  static Result<std::unique_ptr<NicClock>> of_interface(const std::string& interface);

  /// Reads the clocks if it is time for it; never called for a packet.
  void maintain(Timestamp now);
  /// Reads them anyhow.
  void take_reading();

  /// Whether stamps are to be believed at the moment.
  bool usable() const noexcept { return usable_; }
  Timestamp to_utc(uint64_t stamp) const noexcept { return {tracker_.map().to_ns(stamp)}; }

  struct Report {
    ClockState state = ClockState::Settling;
    bool usable = false;
    int64_t error_ns = 0;  // between a stamp's time and UTC as the system has it
  };
  Report report() const noexcept;
  /// Whether its stamps are taken, from any thread: durations across a change mix two clocks.
  void use(bool wanted) noexcept {
    if (wanted_.exchange(wanted, std::memory_order_relaxed) != wanted) watch_.doubt();
  }
  bool wanted() const noexcept { return wanted_.load(std::memory_order_relaxed); }
  /// Of stamps while they are taken; of one that is not used there is nothing to doubt.
  const ClockWatch& watch() const noexcept { return watch_; }
  /// For people.
  static std::string describe(const Report& report);

 private:
  Read read_;
  ClockTracker tracker_;
  Timestamp last_reading_ = kNoTimestamp;
  uint64_t last_raw_ = 0;
  unsigned standing_still_ = 0;  // readings in a row
  bool usable_ = false;
  std::atomic<bool> wanted_{true};
  ClockWatch watch_;

  std::atomic<ClockState> reported_state_{ClockState::Settling};
  std::atomic<bool> reported_usable_{false};
  std::atomic<int64_t> reported_error_ns_{0};
};

}  // namespace wirewatch
