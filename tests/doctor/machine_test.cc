// SPDX-License-Identifier: BSD-3-Clause
// Checks of what every interface shares: kernel, memory, privileges, libraries.
#include <gtest/gtest.h>

#include "tests/doctor/made_up_machine.h"

namespace wirewatch {
namespace {

using testing::MadeUpMachine;
using Commands = std::vector<std::string>;

struct KernelCase {
  const char* release;
  Health health;
  const char* says;
};

TEST(Doctor, KnowsWhichKernelsAreNewEnoughForWhichSource) {
  for (const KernelCase& each :
       std::initializer_list<KernelCase>{{"5.4.0-azure", Health::Warn, "too old for afxdp:"},
                                         {"5.10.0-30-amd64", Health::Warn, "TAI clock of Linux 6.1"},
                                         {"6.1.0-28-cloud-amd64", Health::Ok, "every source works"},
                                         {"6.18.44", Health::Ok, "new enough for every source"},
                                         {"unreadable", Health::Warn, "cannot tell"}}) {
    MadeUpMachine machine;
    machine.write("/proc/sys/kernel/osrelease", std::string(each.release) + "\n");
    const Finding finding = machine.find("kernel");
    EXPECT_EQ(finding.health, each.health) << each.release;
    EXPECT_NE(finding.says.find(each.says), std::string::npos) << finding.says;
  }
}

TEST(Doctor, ReservesHugepagesWhereThereAreNoneAndMountsThem) {
  MadeUpMachine machine;
  machine.write("/proc/mounts", "proc /proc proc rw 0 0\n");
  EXPECT_EQ(machine.find("hugepages").mend,
            (Commands{"mount -t hugetlbfs none /dev/hugepages", "sysctl vm.nr_hugepages=256"}));
}

TEST(Doctor, LeavesHugepagesAloneThatAreReservedFreeAndMounted) {
  MadeUpMachine machine;
  machine.write("/proc/mounts", "none /dev/hugepages hugetlbfs rw 0 0\n");
  machine.write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "512\n");
  machine.write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "300\n");
  const Finding finding = machine.find("hugepages");
  EXPECT_EQ(finding.health, Health::Ok);
  EXPECT_EQ(finding.says, "512 of 2 MiB, 300 of them free");
  EXPECT_TRUE(finding.mend.empty());
}

TEST(Doctor, ReservesMoreHugepagesWhenAllAreTaken) {
  MadeUpMachine machine;
  machine.write("/proc/mounts", "none /dev/hugepages hugetlbfs rw 0 0\n");
  machine.write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "100\n");
  machine.write("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "0\n");
  EXPECT_EQ(machine.find("hugepages").mend, Commands{"sysctl vm.nr_hugepages=356"});
}

TEST(Doctor, ChoosesTheBetterOfTheClocksThereAre) {
  MadeUpMachine machine;
  machine.write("/sys/devices/system/clocksource/clocksource0/current_clocksource", "acpi_pm\n");
  machine.write("/sys/devices/system/clocksource/clocksource0/available_clocksource",
                "hyperv_clocksource_tsc_page acpi_pm \n");
  const Finding finding = machine.find("clock");
  EXPECT_EQ(finding.health, Health::Warn);
  EXPECT_EQ(finding.mend, Commands{"echo hyperv_clocksource_tsc_page > "
                                   "/sys/devices/system/clocksource/clocksource0/current_clocksource"});
}

struct PrivilegeCase {
  const char* description;
  const char* effective;
  const char* bounding;
  Health health;
  const char* says;
  bool mends;
};

TEST(Doctor, TellsWhichPortsItsCapabilitiesAllow) {
  for (const PrivilegeCase& each : std::initializer_list<PrivilegeCase>{
           {"root", "000001ffffffffff", "000001ffffffffff", Health::Ok, "every kind of port", false},
           {"nobody", "0000000000000000", "000001ffffffffff", Health::Fail, "no live port can be opened",
            true},
           {"only NET_RAW", "0000000000002000", "000001ffffffffff", Health::Warn,
            "afxdp: ports lack CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON, CAP_IPC_LOCK", true},
           {"a container", "00000000a80425fb", "00000000a80425fb", Health::Warn,
            "by nobody here (a container?)", false}}) {
    MadeUpMachine machine;
    machine.write("/proc/self/status", std::string("Name:\twirewatch\nCapEff:\t") + each.effective +
                                           "\nCapBnd:\t" + each.bounding + "\n");
    const Finding finding = machine.find("capabilities");
    EXPECT_EQ(finding.health, each.health) << each.description;
    EXPECT_NE(finding.says.find(each.says), std::string::npos) << each.description << ": " << finding.says;
    EXPECT_EQ(!finding.mend.empty(), each.mends) << each.description;
  }
}

TEST(Doctor, ReadsCapabilitiesOfAFileInBothRevisions) {
  const std::string body("\x00\x20\x00\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00", 16);
  const uint64_t expected = 0x80'0000'2000;  // CAP_BPF and CAP_NET_RAW
  EXPECT_EQ(parse_file_capabilities(std::string("\x01\x00\x00\x02", 4) + body), expected);
  EXPECT_EQ(parse_file_capabilities(std::string("\x01\x00\x00\x03", 4) + body + std::string(4, '\0')),
            expected);
  EXPECT_EQ(parse_file_capabilities(std::string("\x01\x00\x00\x01", 4) + body), std::nullopt);
  EXPECT_EQ(parse_file_capabilities("short"), std::nullopt);
}

TEST(Doctor, AllowsAfXdpOnlyWhatMayBeLocked) {
  const auto with = [](const char* limit, const char* effective) {
    MadeUpMachine machine;
    machine.write("/proc/self/limits",
                  std::string("Max locked memory         ") + limit + "              unlimited   bytes\n");
    machine.write("/proc/self/status", std::string("CapEff:\t") + effective + "\n");
    return machine.find("locked-memory");
  };
  EXPECT_EQ(with("65536", "0").health, Health::Warn);
  EXPECT_EQ(with("65536", "0").mend, Commands{"ulimit -l unlimited"});
  EXPECT_EQ(with("65536", "4000").health, Health::Ok) << "CAP_IPC_LOCK";
  EXPECT_EQ(with("unlimited", "0").health, Health::Ok);
}

TEST(Doctor, NamesThePackageOfEachMissingLibrary) {
  MadeUpMachine machine;
  for (const char* file :
       {"libhs.so.5", "librte_ethdev.so.23", "libbpf.so.1", "dpdk/pmds-23.0/librte_net_null.so"})
    machine.write(std::string("/usr/lib/x86_64-linux-gnu/") + file, "");
  const Finding finding = machine.find("libraries");
  EXPECT_EQ(finding.health, Health::Fail);
  EXPECT_EQ(finding.mend, Commands{"apt-get install --no-install-recommends libxdp1"});
  machine.write("/usr/lib/x86_64-linux-gnu/libxdp.so.1", "");
  EXPECT_EQ(machine.find("libraries").health, Health::Ok);
}

TEST(Doctor, MissesKindsOfSocketsThatTheKernelLacks) {
  MadeUpMachine machine;
  machine.write("/proc/net/protocols", "protocol  size sockets\nPACKET    1472      0\nTCP  10 1\n");
  EXPECT_EQ(machine.find("xdp-sockets").health, Health::Warn);
  EXPECT_EQ(machine.find("packet-sockets").check, "") << "it has those";
}

}  // namespace
}  // namespace wirewatch
