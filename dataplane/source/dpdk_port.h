// SPDX-License-Identifier: BSD-3-Clause
// One DPDK device: its queues and buffers, how it spreads flows, the clock it stamps with, and what it lost. Opened and
// asked by the main thread; its queues are polled by their workers (dpdk_queue.h).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/source/dpdk_driver.h"
#include "dataplane/source/dpdk_frames.h"
#include "dataplane/source/dpdk_pool.h"
#include "dataplane/source/hardware_clock.h"
#include "dataplane/source/source.h"

namespace wirewatch {

enum class DpdkSpreading : uint8_t { Auto, Nic, Software };

struct DpdkPortOptions {
  DpdkDevice device;
  uint16_t interface = 0;      // what Packet::interface says
  unsigned workers = 1;
  DpdkSpreading spreading = DpdkSpreading::Auto;
  unsigned descriptors = 1024;
  unsigned pool = 0;           // buffers; 0: twice what rings and workers can hold
  unsigned buffer_bytes = kBufferData;
  unsigned mtu = 9000;
  bool promiscuous = true;
  bool hardware_stamps = true;
  bool trust_stamps = false;   // unchecked
  bool forwards = false;       // frames of another port leave by this one
  bool interrupts = true;      // wake by them where the driver has them
};

class DpdkPort {
 public:
  /// After start_eal(). `tsc` outlives the port.
  static Result<std::unique_ptr<DpdkPort>> open(const DpdkPortOptions& options, const TscClock& tsc);
  ~DpdkPort();
  DpdkPort(const DpdkPort&) = delete;
  DpdkPort& operator=(const DpdkPort&) = delete;

  uint16_t id() const noexcept { return id_; }
  const DpdkPortOptions& options() const noexcept { return options_; }
  const std::string& driver() const noexcept { return driver_; }
  /// Fewer than the workers when the device has no more; the others get theirs over rings.
  unsigned rx_queues() const noexcept { return rx_queues_; }
  /// Whether workers must sort the packets out among themselves.
  bool steers_in_software() const noexcept { return software_steering_; }
  /// Whether the device says that both directions of a flow reach the same queue; always so with one.
  bool spreads_symmetrically() const noexcept { return spreads_symmetrically_; }
  bool interrupts() const noexcept { return interrupts_; }
  int socket() const noexcept { return socket_; }
  const MbufFields& fields() const noexcept { return fields_; }
  const TscClock& tsc() const noexcept { return tsc_; }
  HardwareClock& clock() noexcept { return *clock_; }
  rte_mempool* pool() const noexcept { return pool_.get(); }

  /// A few times a second: follows the device's clock.
  void maintain();
  TimestampProperties timestamps() const;
  std::string clock_state() const;
  bool link_up() const;
  /// What the device and its driver lost. The names live as long as the port.
  size_t read_losses(std::span<LossCounter> losses) const;
  /// What a person should know about how it was set up.
  const std::vector<std::string>& remarks() const noexcept { return remarks_; }

 private:
  DpdkPort(const DpdkPortOptions& options, const TscClock& tsc) : options_(options), tsc_(tsc) {}
  Result<void> set_up();
  Result<void> configure_and_start(bool interrupts, bool all_offloads);
  void decide_steering();
  bool symmetric_key_taken() const;
  bool read_device_clock();
  void find_loss_counters();

  DpdkPortOptions options_;
  const TscClock& tsc_;
  uint16_t id_ = 0;
  int socket_ = 0;
  std::string driver_;
  DriverFacts facts_{};
  unsigned rx_queues_ = 1;
  bool started_ = false;
  bool interrupts_ = false;
  bool software_steering_ = false;
  bool spreads_symmetrically_ = true;
  bool many_queues_by_rss_ = false;
  MbufFields fields_;
  DpdkPool pool_;
  std::unique_ptr<HardwareClock> clock_;
  ClockMap even_;  // nanoseconds of the processor's counter, which nobody disciplines
  enum class Readable : uint8_t { No, Counter, Time } readable_ = Readable::No;
  std::vector<std::pair<uint64_t, std::string>> loss_ids_;  // of the extended statistics
  std::vector<std::string> remarks_;
};

}  // namespace wirewatch
