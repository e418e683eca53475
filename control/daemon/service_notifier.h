// SPDX-License-Identifier: BSD-3-Clause
// What a service manager is told (sd_notify): that we are ready, that we are alive, how it goes. Nothing without one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace wirewatch {

class ServiceNotifier {
 public:
  ServiceNotifier();

  void ready();
  void stopping();
  /// Only when it changed.
  void status(const std::string& line);
  /// As often as the manager asks; `now_ns` is of a steady clock.
  void still_alive(int64_t now_ns);

 private:
  int64_t between_ns_ = 0;  // 0: nobody watches
  int64_t last_ns_ = 0;
  std::string status_;
};

}  // namespace wirewatch
