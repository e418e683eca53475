// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/service_notifier.h"

#include <systemd/sd-daemon.h>

namespace wirewatch {

ServiceNotifier::ServiceNotifier() {
  uint64_t timeout_us = 0;
  if (::sd_watchdog_enabled(0, &timeout_us) > 0) between_ns_ = static_cast<int64_t>(timeout_us) * 1000 / 3;
}

void ServiceNotifier::ready() { ::sd_notify(0, "READY=1"); }
void ServiceNotifier::stopping() { ::sd_notify(0, "STOPPING=1"); }

void ServiceNotifier::status(const std::string& line) {
  if (line == status_) return;
  status_ = line;
  ::sd_notify(0, ("STATUS=" + line).c_str());
}

void ServiceNotifier::still_alive(int64_t now_ns) {
  if (between_ns_ == 0 || now_ns - last_ns_ < between_ns_) return;
  last_ns_ = now_ns;
  ::sd_notify(0, "WATCHDOG=1");
}

}  // namespace wirewatch
