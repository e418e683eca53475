// SPDX-License-Identifier: BSD-3-Clause
// Memory: hugepages for DPDK's buffers and for the flow table, and how much may be locked.
#include <charconv>
#include <sstream>

#include "control/doctor/checks.h"
#include "control/report/human.h"

namespace wirewatch {
namespace {

constexpr uint64_t kWantedPages = 256;           // of 2 MiB: the buffers of two ports of one queue
constexpr uint64_t kWantedLocked = 64ull << 20;  // an AF_XDP queue's frames and rings are 16 MiB

bool mounts_hugetlbfs(const Machine& machine) {
  std::istringstream mounts(machine.read("/proc/mounts").value_or(""));
  std::string device, place, type, rest;
  while (mounts >> device >> place >> type && std::getline(mounts, rest)) {
    if (type == "hugetlbfs") return true;
  }
  return false;
}

struct Pages {
  uint64_t all = 0, free = 0;
};

Pages pages_of(const Machine& machine, const std::string& size) {
  const std::string folder = "/sys/kernel/mm/hugepages/hugepages-" + size;
  return {machine.number(folder + "/nr_hugepages").value_or(0),
          machine.number(folder + "/free_hugepages").value_or(0)};
}

void check_hugepages(const Machine& machine, Findings& findings) {
  const Pages small = pages_of(machine, "2048kB"), large = pages_of(machine, "1048576kB");
  const bool mounted = mounts_hugetlbfs(machine);
  Finding finding{std::string(kMachine), "hugepages", Health::Ok, "", {}};
  const std::string mount = "mount -t hugetlbfs none /dev/hugepages";
  if (small.all + large.all == 0) {
    finding.health = Health::Warn;
    finding.says = "none: dpdk: ports work without, from ordinary pages, which costs time for every packet";
    if (!mounted) finding.mend.push_back(mount);
    finding.mend.push_back("sysctl vm.nr_hugepages=" + std::to_string(kWantedPages));
  } else {
    if (small.all > 0)
      finding.says = human_count(small.all) + " of 2 MiB, " + human_count(small.free) + " of them free";
    if (large.all > 0) {
      finding.says += (finding.says.empty() ? "" : "; ") + human_count(large.all) + " of 1 GiB, " +
                      human_count(large.free) + " of them free";
    }
    if (!mounted) {
      finding.health = Health::Warn;
      finding.says += ", but no hugetlbfs is mounted, so dpdk: ports cannot use them";
      finding.mend.push_back(mount);
    } else if (small.free + large.free == 0) {
      finding.health = Health::Warn;
      finding.says += ": a data plane that is started now finds none (a running one has them already)";
      finding.mend.push_back("sysctl vm.nr_hugepages=" + std::to_string(small.all + kWantedPages));
    }
  }
  findings.push_back(std::move(finding));
}

void check_transparent(const Machine& machine, Findings& findings) {
  const auto mode = machine.read("/sys/kernel/mm/transparent_hugepage/enabled");
  if (!mode) return;
  if (mode->find("[never]") == std::string::npos) {
    findings.push_back({std::string(kMachine),
                        "transparent-hugepages",
                        Health::Ok,
                        "given to tables that ask for them: fewer misses when there are many flows",
                        {}});
    return;
  }
  findings.push_back(
      {std::string(kMachine),
       "transparent-hugepages",
       Health::Warn,
       "switched off: with many flows each packet costs more, since the flow table lies in small pages",
       {"echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"}});
}

void check_locked(const Machine& machine, Findings& findings) {
  const auto row = machine.value_of("/proc/self/limits", "Max locked memory");
  if (!row) return;
  uint64_t soft = 0;
  const bool limited = std::from_chars(row->data(), row->data() + row->size(), soft).ec == std::errc();
  Finding finding{std::string(kMachine), "locked-memory", Health::Ok, "", {}};
  if (!limited) {
    finding.says = "may be locked without limit";
  } else {
    finding.says = "up to " + human_bytes(soft) + " may be locked";
    constexpr unsigned kIpcLock = 14;
    uint64_t effective = 0;
    const std::string mask = machine.value_of("/proc/self/status", "CapEff").value_or("0");
    std::from_chars(mask.data(), mask.data() + mask.size(), effective, 16);
    if ((effective >> kIpcLock & 1) != 0) {
      finding.says += "; CAP_IPC_LOCK lifts the limit";
    } else if (soft < kWantedLocked) {
      finding.health = Health::Warn;
      finding.says += ", which is too little for afxdp: ports without CAP_IPC_LOCK";
      finding.mend = {"ulimit -l unlimited"};
    }
  }
  findings.push_back(std::move(finding));
}

}  // namespace

void check_memory(const Machine& machine, Findings& findings) {
  check_hugepages(machine, findings);
  check_transparent(machine, findings);
  check_locked(machine, findings);
}

}  // namespace wirewatch
