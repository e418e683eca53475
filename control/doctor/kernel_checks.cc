// SPDX-License-Identifier: BSD-3-Clause
// The kernel: is it new enough for each source, and is its clock one to measure with?
#include <array>
#include <charconv>

#include "control/doctor/checks.h"

namespace wirewatch {
namespace {

struct Version {
  unsigned major = 0, minor = 0;
  friend auto operator<=>(const Version&, const Version&) = default;
};

/// First kernels with: XDP attached by bpf_link, which goes away with its owner; bpf_ktime_get_tai_ns in XDP;
/// RX time stamps by kfunc.
constexpr Version kBpfLink{5, 9}, kTaiClock{6, 1}, kReceiveMetadata{6, 3};

std::optional<Version> parse_version(std::string_view release) {
  Version version;
  const char* end = release.data() + release.size();
  const auto major = std::from_chars(release.data(), end, version.major);
  if (major.ec != std::errc() || major.ptr == end || *major.ptr != '.') return std::nullopt;
  if (std::from_chars(major.ptr + 1, end, version.minor).ec != std::errc()) return std::nullopt;
  return version;
}

void check_version(const Machine& machine, Findings& findings) {
  const auto release = machine.read("/proc/sys/kernel/osrelease");
  const auto version = release ? parse_version(*release) : std::nullopt;
  Finding finding{std::string(kMachine), "kernel", Health::Ok, release.value_or("unknown release"), {}};
  if (!version) {
    finding.health = Health::Warn;
    finding.says += ": cannot tell whether it is new enough";
  } else if (*version < kTaiClock) {
    finding.health = Health::Warn;
    finding.says += *version < kBpfLink
                        ? ": too old for afxdp: ports, which need Linux 6.1; afpacket: and dpdk: work"
                        : ": afxdp: ports need the TAI clock of Linux 6.1; afpacket: and dpdk: work";
    finding.mend = {"apt-get install linux-image-amd64", "reboot"};
  } else if (*version < kReceiveMetadata) {
    finding.says += ": every source works; afxdp: ports take NIC time stamps from Linux 6.3 on";
  } else {
    finding.says += ": new enough for every source";
  }
  findings.push_back(std::move(finding));
}

void check_type_information(const Machine& machine, Findings& findings) {
  if (machine.exists("/sys/kernel/btf/vmlinux")) {
    findings.push_back(
        {std::string(kMachine), "btf", Health::Ok, "type information (BTF) for the XDP program", {}});
    return;
  }
  findings.push_back({std::string(kMachine),
                      "btf",
                      Health::Warn,
                      "the kernel has no type information (CONFIG_DEBUG_INFO_BTF): afxdp: ports stamp "
                      "without the NIC's clock",
                      {"apt-get install linux-image-amd64", "reboot"}});
}

void check_jit(const Machine& machine, Findings& findings) {
  const auto jit = machine.number("/proc/sys/net/core/bpf_jit_enable");
  if (!jit || *jit != 0) return;
  findings.push_back({std::string(kMachine),
                      "bpf-jit",
                      Health::Warn,
                      "the XDP program is interpreted, which costs several times as much for each packet",
                      {"sysctl net.core.bpf_jit_enable=1"}});
}

/// /proc/net/protocols has a row for every kind of socket the kernel can make.
void check_sockets(const Machine& machine, Findings& findings) {
  struct Socket {
    std::string_view row, check, says_no;
    const char* mend;
  };
  constexpr std::array kSockets{
      Socket{"PACKET", "packet-sockets",
             "this kernel has no packet sockets: afpacket: ports cannot be opened", "modprobe af_packet"},
      Socket{"XDP", "xdp-sockets", "this kernel has no AF_XDP sockets: afxdp: ports cannot be opened",
             "modprobe xsk_diag"}};
  if (!machine.exists("/proc/net/protocols")) return;
  for (const Socket& socket : kSockets) {
    const bool has = machine.value_of("/proc/net/protocols", socket.row).has_value();
    if (has) continue;
    findings.push_back({std::string(kMachine),
                        std::string(socket.check),
                        Health::Warn,
                        std::string(socket.says_no),
                        {socket.mend}});
  }
}

/// Sources of kernel time that cost nanoseconds to read and do not drift between cores.
bool is_fast_clock(std::string_view source) noexcept {
  return source == "tsc" || source == "kvm-clock" || source == "arch_sys_counter" ||
         source.starts_with("hyperv_clocksource_tsc");
}

void check_clock(const Machine& machine, Findings& findings) {
  const std::string folder = "/sys/devices/system/clocksource/clocksource0";
  const auto source = machine.read(folder + "/current_clocksource");
  if (!source) return;
  Finding finding{std::string(kMachine), "clock", Health::Ok, "the kernel's time comes from " + *source, {}};
  const std::string flags = " " + machine.value_of("/proc/cpuinfo", "flags").value_or("") + " ";
  const bool steady = flags.find(" constant_tsc ") != std::string::npos;
  if (!is_fast_clock(*source)) {
    finding.health = Health::Warn;
    finding.says += ", which is slow to read: software time stamps are coarse and cost a lot";
    const std::string available = " " + machine.read(folder + "/available_clocksource").value_or("") + " ";
    for (const std::string better : {"tsc", "hyperv_clocksource_tsc_page", "kvm-clock"}) {
      if (available.find(" " + better + " ") == std::string::npos) continue;
      finding.mend = {"echo " + better + " > " + folder + "/current_clocksource"};
      break;
    }
  } else if (*source == "tsc" && !steady) {
    finding.says += "; the processor does not promise a constant rate, so it is measured all the time";
  }
  findings.push_back(std::move(finding));
}

}  // namespace

void check_kernel(const Machine& machine, Findings& findings) {
  check_version(machine, findings);
  check_type_information(machine, findings);
  check_jit(machine, findings);
  check_sockets(machine, findings);
  check_clock(machine, findings);
}

}  // namespace wirewatch
