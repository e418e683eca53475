// SPDX-License-Identifier: BSD-3-Clause
// DPDK's environment: with hugepages or without, started once a process, and only when a port needs it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/source/dpdk_driver.h"

namespace wirewatch {

struct EalOptions {
  bool hugepages = false;
  unsigned memory_mb = 256;
  std::string main_cores;            // of the main thread, as in "0-3"
  std::vector<DpdkDevice> devices;
  std::vector<std::string> more{};   // passed on as they are, behind our own
};

/// The arguments that rte_eal_init is given. Without hugepages --in-memory is refused by EAL, with them it spares the
/// files that a killed process would leave behind.
std::vector<std::string> eal_arguments(const EalOptions& options);

/// Are there as many free hugepages as `memory_mb` takes?
bool hugepages_available(unsigned memory_mb);

/// Once a process: rte_eal_init cannot be called again, not even after an error.
Result<void> start_eal(const EalOptions& options);
void stop_eal();

/// Runs something on the thread that EAL keeps for interrupts, the only one it starts here, and waits for it; a second at most.
void run_in_eal_thread(const std::function<void()>& work);

/// The calling thread as one of DPDK's, with caches of its own in the pools.
class DpdkThread {
 public:
  DpdkThread();
  ~DpdkThread();
  DpdkThread(const DpdkThread&) = delete;
  DpdkThread& operator=(const DpdkThread&) = delete;
};

}  // namespace wirewatch
