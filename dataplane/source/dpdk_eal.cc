// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/dpdk_eal.h"

#include <rte_alarm.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>

namespace wirewatch {

std::vector<std::string> eal_arguments(const EalOptions& options) {
  std::vector<std::string> arguments{"wirewatch-dataplane"};
  if (options.hugepages) {
    arguments.emplace_back("--in-memory");
  } else {
    arguments.insert(arguments.end(), {"--no-huge", "--no-shconf"});
  }
  arguments.insert(arguments.end(), {"--no-telemetry", "-m", std::to_string(options.memory_mb)});
  // One lcore, the main thread, free to move; workers register themselves.
  arguments.insert(arguments.end(), {"--lcores", "0@(" + (options.main_cores.empty() ? "0" : options.main_cores) + ")"});
  arguments.insert(arguments.end(), {"--log-level", "lib.eal:error", "--log-level", "lib.*:warning"});
  const bool pci = std::ranges::any_of(options.devices, &DpdkDevice::is_pci);
  if (!pci) arguments.emplace_back("--no-pci");
  for (const DpdkDevice& device : options.devices) {
    arguments.insert(arguments.end(), {device.is_pci ? "-a" : "--vdev", device.arguments});
  }
  arguments.insert(arguments.end(), options.more.begin(), options.more.end());
  return arguments;
}

bool hugepages_available(unsigned memory_mb) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (const auto& size : fs::directory_iterator("/sys/kernel/mm/hugepages", error)) {
    const std::string name = size.path().filename().string();  // hugepages-2048kB
    const size_t dash = name.find('-');
    const uint64_t kilobytes = dash == std::string::npos ? 0 : std::strtoull(name.c_str() + dash + 1, nullptr, 10);
    uint64_t free = 0;
    std::ifstream(size.path() / "free_hugepages") >> free;
    if (free * kilobytes >= uint64_t{memory_mb} * 1024) return true;
  }
  return false;
}

Result<void> start_eal(const EalOptions& options) {
  // EAL keeps pointers into its arguments and moves them around.
  static std::vector<std::string> arguments;
  static std::vector<char*> pointers;
  static bool started = false;
  if (started) return fail("DPDK can be started once a process only");
  started = true;
  arguments = eal_arguments(options);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  if (rte_eal_init(static_cast<int>(arguments.size()), pointers.data()) >= 0) return {};
  std::string line;
  for (const std::string& argument : arguments) line += " " + argument;
  return fail("DPDK does not start (" + std::string(rte_strerror(rte_errno)) + "); its own words are above, its arguments were:" + line);
}

void stop_eal() { rte_eal_cleanup(); }

void run_in_eal_thread(const std::function<void()>& work) {
  struct Errand {
    std::function<void()> work;
    std::promise<void> done;
  };
  auto errand = std::make_shared<Errand>(Errand{work, {}});
  auto done = errand->done.get_future();
  auto* const handed = new std::shared_ptr<Errand>(errand);  // the thread may come to it when nobody waits any more
  const auto run = [](void* argument) {
    const std::unique_ptr<std::shared_ptr<Errand>> taken(static_cast<std::shared_ptr<Errand>*>(argument));
    (*taken)->work();
    (*taken)->done.set_value();
  };
  if (rte_eal_alarm_set(1, run, handed) != 0) {
    delete handed;
    return;
  }
  done.wait_for(std::chrono::seconds(1));
}

DpdkThread::DpdkThread() { rte_thread_register(); }  // without it pools work too, only slower
DpdkThread::~DpdkThread() { rte_thread_unregister(); }

}  // namespace wirewatch
