// SPDX-License-Identifier: BSD-3-Clause
// From the stamps in front of an AF_XDP frame to the time the packet brings: the NIC's where there is one to believe,
// else the kernel's.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "dataplane/source/kernel_clock.h"
#include "dataplane/source/nic_clock.h"
#include "dataplane/xdp/layout.h"

namespace wirewatch {

class XdpStamps {
 public:
  /// Without a clock of the NIC its stamps cannot be turned into UTC, and are left aside.
  explicit XdpStamps(std::unique_ptr<NicClock> nic_clock) noexcept : nic_clock_(std::move(nic_clock)) {}

  /// For every frame.
  Timestamp time_of(const xdp::stamps& stamps) noexcept {
    const Timestamp by_kernel = to_utc(stamps.tai_ns);
    if (stamps.hardware_ns == 0 || !uses_nic_) return by_kernel;
    const Timestamp by_nic = nic_clock_->to_utc(stamps.hardware_ns);
    // The program runs within a moment of the stamp: anything else is a stamp of some other clock.
    constexpr int64_t kMoment = 1'000'000'000;
    const int64_t apart = by_kernel.since(by_nic);
    if (apart < -kMoment || apart > kMoment) {
      ++refused_;
      return by_kernel;
    }
    ++by_nic_;
    return by_nic;
  }

  /// Now and then, never for a frame.
  void maintain(Timestamp now) {
    constexpr int64_t kCheckEvery = 100'000'000;
    if (checked_ == kNoTimestamp || now < checked_ || now.since(checked_) >= kCheckEvery) {
      checked_ = now;
      tai_.refresh();
    }
    if (nic_clock_ == nullptr) return;
    nic_clock_->maintain(now);
    uses_nic_ = nic_clock_->wanted() && nic_clock_->usable();
  }

  // From any thread; in force from the next maintain() on.
  void use_nic(bool wanted) noexcept {
    if (nic_clock_ != nullptr) nic_clock_->use(wanted);
  }
  NicClock* nic_clock() const noexcept { return nic_clock_.get(); }

  bool uses_nic() const noexcept { return uses_nic_; }
  uint64_t by_nic() const noexcept { return by_nic_; }
  uint64_t refused() const noexcept { return refused_; }

 private:
  /// A jump means that the kernel was told the leap seconds just now: TAI has moved against UTC, which has not.
  Timestamp to_utc(uint64_t tai_ns) noexcept {
    constexpr int64_t kJump = 10'000'000'000;
    Timestamp utc = tai_.to_utc(tai_ns);
    const int64_t since_last = utc.since(last_);
    if (since_last > kJump || since_last < -kJump) [[unlikely]] {
      tai_.refresh();
      utc = tai_.to_utc(tai_ns);
    }
    last_ = utc;
    return utc;
  }

  TaiOffset tai_;
  Timestamp last_ = kNoTimestamp;
  Timestamp checked_ = kNoTimestamp;
  std::unique_ptr<NicClock> nic_clock_;
  bool uses_nic_ = false;
  uint64_t by_nic_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace wirewatch
