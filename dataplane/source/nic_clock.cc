// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/nic_clock.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/net_tstamp.h>
#include <linux/ptp_clock.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cmath>
#include <utility>

#include "dataplane/base/file_descriptor.h"
#include "dataplane/source/interface_info.h"

namespace wirewatch {
namespace {

// A NIC's crystal is off by 100 ppm at worst, and a clock being disciplined is slewed by 500.
constexpr double kMostRateChange_ppm = 500;
constexpr double kMostRate_ppm = 1'000;
constexpr int64_t kReadEvery_ns = 250'000'000;

int64_t ns_of(const ptp_clock_time& time) noexcept { return time.sec * 1'000'000'000 + time.nsec; }

/// The reading between two of the system's clock that lie closest together.
std::optional<ClockSample> read_between(int clock) noexcept {
  constexpr unsigned kReadings = 5;
  ptp_sys_offset_extended readings{};
  readings.n_samples = kReadings;
  if (ioctl(clock, PTP_SYS_OFFSET_EXTENDED, &readings) != 0) return std::nullopt;
  std::optional<ClockSample> best;
  for (unsigned i = 0; i < kReadings; ++i) {
    const auto& [before, device, after] = readings.ts[i];
    const int64_t took = ns_of(after) - ns_of(before);
    if (took < 0 || (best && took / 2 >= best->uncertainty_ns)) continue;
    best = ClockSample{.raw = static_cast<uint64_t>(ns_of(device)),
                       .reference_ns = ns_of(before) + took / 2,
                       .uncertainty_ns = took / 2};
  }
  return best;
}

/// Both clocks captured by the hardware at one moment, where it can (PCIe PTM and the like).
std::optional<ClockSample> read_at_once(int clock) noexcept {
  ptp_sys_offset_precise reading{};
  if (ioctl(clock, PTP_SYS_OFFSET_PRECISE, &reading) != 0) return std::nullopt;
  return ClockSample{.raw = static_cast<uint64_t>(ns_of(reading.device)),
                     .reference_ns = ns_of(reading.sys_realtime),
                     .uncertainty_ns = 50};
}

/// Leaves what is sent as it is, since a PTP daemon may rely on it.
Result<void> stamp_every_frame(const std::string& interface) {
  const FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  hwtstamp_config config{};
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&config);
  if (ioctl(socket.get(), SIOCGHWTSTAMP, &request) == 0 && config.rx_filter == HWTSTAMP_FILTER_ALL) return {};
  config.rx_filter = HWTSTAMP_FILTER_ALL;
  if (ioctl(socket.get(), SIOCSHWTSTAMP, &request) != 0) {
    return fail("the NIC of '" + interface + "' cannot be told to stamp every frame: " + reason(errno) +
                (errno == EPERM ? " (needs CAP_NET_ADMIN)" : ""));
  }
  if (config.rx_filter != HWTSTAMP_FILTER_ALL) return fail("the NIC of '" + interface + "' stamps only some frames");
  return {};
}

}  // namespace

NicClock::NicClock(Read read) : read_(std::move(read)), tracker_(kMostRateChange_ppm) { take_reading(); }

Result<std::unique_ptr<NicClock>> NicClock::of_interface(const std::string& interface) {
  const StampAbilities abilities = stamp_abilities(interface);
  if (!abilities.hardware_receive) return fail("the NIC of '" + interface + "' does not stamp received frames");
  if (abilities.clock_index < 0) return fail("the NIC of '" + interface + "' has no clock that can be read");
  const std::string path = "/dev/ptp" + std::to_string(abilities.clock_index);
  auto clock = std::make_shared<FileDescriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!*clock) return fail("cannot open " + path + ", the clock of '" + interface + "': " + reason(errno));
  if (auto told = stamp_every_frame(interface); !told) return tl::unexpected(told.error());
  const bool at_once = read_at_once(clock->get()).has_value();
  const auto read = [clock, at_once] { return at_once ? read_at_once(clock->get()) : read_between(clock->get()); };
  if (!read()) return fail("cannot read " + path + ", the clock of '" + interface + "': " + reason(errno));
  return std::make_unique<NicClock>(read);
}

void NicClock::maintain(Timestamp now) {
  const bool due = last_reading_ == kNoTimestamp || now < last_reading_ || now.since(last_reading_) >= kReadEvery_ns;
  if (!due) return;
  last_reading_ = now;
  take_reading();
}

void NicClock::take_reading() {
  constexpr unsigned kStands = 3;
  watch_.begin_reading();
  const auto sample = read_();
  const bool runs = sample && sample->raw != std::exchange(last_raw_, sample->raw);
  standing_still_ = runs ? 0 : standing_still_ + 1;
  if (runs) tracker_.add(*sample);
  const double off_ppm = std::abs(tracker_.ns_per_tick() - 1.0) * 1e6;
  const bool rate_is_sane = tracker_.ns_per_tick() == 0 || off_ppm < kMostRate_ppm;
  const bool was_usable = std::exchange(usable_, standing_still_ < kStands && rate_is_sane);
  reported_usable_.store(usable_, std::memory_order_relaxed);
  reported_state_.store(tracker_.state(), std::memory_order_relaxed);
  reported_error_ns_.store(tracker_.error_ns(), std::memory_order_relaxed);
  const bool refused = !usable_ && !was_usable, steady = usable_ && runs && tracker_.state() == ClockState::Steady;
  watch_.observe(!wanted() || refused || steady, sample ? Timestamp{sample->reference_ns} : last_reading_);
}

NicClock::Report NicClock::report() const noexcept {
  return {reported_state_.load(std::memory_order_relaxed), reported_usable_.load(std::memory_order_relaxed),
          reported_error_ns_.load(std::memory_order_relaxed)};
}

std::string NicClock::describe(const Report& report) {
  if (!report.usable) return "refused: the NIC's clock stands still or runs more than 1,000 ppm off; stamped by the kernel";
  switch (report.state) {
    case ClockState::Settling:
      return "stamped by the NIC, whose rate is still being measured";
    case ClockState::Steady:
      return "stamped by the NIC, within " + std::to_string(report.error_ns) + " ns of the system's clock";
    case ClockState::Stepping:
      return "stepping: the NIC's or the system's clock has jumped, and times across the jump are wrong";
  }
  return {};
}

}  // namespace wirewatch
