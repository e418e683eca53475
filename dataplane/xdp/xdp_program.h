// SPDX-License-Identifier: BSD-3-Clause
// The XDP program of a port, from loading to the end: exactly one owner, attached by a link that goes away with this
// process, however it ends.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/result.h"
#include "dataplane/xdp/block_table.h"
#include "dataplane/xdp/layout.h"

namespace wirewatch {

inline constexpr std::array<std::string_view, xdp::COUNT_COUNTERS> kXdpCounterNames{
    "xdp_redirected",     "xdp_blocked_ipv4_prefix", "xdp_blocked_ipv6_prefix", "xdp_blocked_flow",
    "xdp_passed_to_host", "xdp_seen",                "xdp_spared_by_allow_list", "xdp_unstamped"};
static_assert(!kXdpCounterNames.back().empty(), "a counter without a name");

using XdpCounters = std::array<uint64_t, xdp::COUNT_COUNTERS>;

struct XdpOptions {
  enum class Mode : uint8_t { Auto, Native, Generic };

  std::string interface;  // its name, for errors
  int interface_index = 0;
  Mode mode = Mode::Auto;       // in the driver where it can, else in the kernel's generic path
  bool hardware_stamps = true;  // where the driver has the functions for it
};

class XdpProgram {
 public:
  /// Loads the program without attaching it: enough to run it over frames of one's own. Needs CAP_BPF, CAP_NET_ADMIN
  /// and CAP_PERFMON.
  static Result<std::unique_ptr<XdpProgram>> load(const XdpOptions& options);
  ~XdpProgram();

  /// Puts it on the interface, after one of ours that an earlier process left there has been taken off. A program that
  /// is somebody else's, or that a living process holds, is left alone, and named in the Error.
  Result<void> attach();

  /// From now on frames of this RX queue go to that AF_XDP socket.
  Result<void> serve(unsigned queue, int socket);

  /// Makes the program's lists those of `table`; writes only what has changed since the last time.
  Result<void> apply(const BlockTable& table);

  /// Summed over all CPUs.
  XdpCounters counters() const noexcept;

  bool native() const noexcept;           // runs in the driver
  bool hardware_stamps() const noexcept;  // asks the NIC for its time
  int fd() const noexcept;                // of the program

 private:
  struct State;
  explicit XdpProgram(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wirewatch
