// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/doctor/findings_page.h"
#include "tests/doctor/made_up_machine.h"

namespace wirewatch {
namespace {

using testing::MadeUpMachine;
using testing::MadeUpNic;
using Commands = std::vector<std::string>;

TEST(Doctor, LooksAtInterfacesWithADeviceUnlessOthersAreNamed) {
  MadeUpMachine machine;
  machine.add_nic("eth0", "virtio_net");
  machine.add_nic("veth1", "");
  const auto subjects = [](const Findings& findings) {
    std::vector<std::string> names;
    for (const Finding& finding : findings) {
      if (finding.check == "link") names.push_back(finding.subject);
    }
    return names;
  };
  EXPECT_EQ(subjects(machine.examine()), (Commands{"eth0"}));
  EXPECT_EQ(subjects(machine.examine({"veth1"})), (Commands{"veth1"}));
  EXPECT_EQ(overall(machine.examine({"nosuch"})), Health::Fail);
}

TEST(Doctor, WarnsOfTheDriversThatLoseTheSyn) {
  MadeUpMachine machine;
  machine.add_nic("eth0", "hv_netvsc");
  const Finding finding = machine.find("driver", "eth0");
  EXPECT_EQ(finding.health, Health::Warn);
  EXPECT_NE(finding.says.find("net_netvsc, never net_failsafe or net_vdev_netvsc"), std::string::npos);
  EXPECT_EQ(finding.mend.size(), 2u);
}

TEST(Doctor, PointsFromAnAcceleratedHalfToTheWholeInterface) {
  MadeUpMachine machine;
  machine.add_nic("eth0", "hv_netvsc");
  machine.add_nic("enP1", "mlx5_core");
  machine.link("/sys/class/net/enP1/master", "../../../eth0");
  EXPECT_EQ(machine.find("driver", "enP1").mend, Commands{"wirewatch doctor --interface eth0"});
}

TEST(Doctor, SendsManaToTheKernelsSources) {
  MadeUpMachine machine;
  machine.add_nic("eth1", "mana");
  EXPECT_EQ(machine.find("driver", "eth1").mend, Commands{"wirewatch-dataplane --port afpacket:eth1"});
}

TEST(Doctor, SwitchesAnInterfaceOnThatIsOff) {
  MadeUpMachine machine;
  machine.add_nic("eth0", "ice");
  machine.write("/sys/class/net/eth0/flags", "0x1002\n");
  EXPECT_EQ(machine.find("link", "eth0").mend, Commands{"ip link set eth0 up"});
}

struct SpreadingCase {
  const char* description;
  std::optional<uint32_t> queues;
  std::optional<ReceiveHash> hash;
  Health health;
  Commands mend;
};

TEST(Doctor, TellsWhetherBothDirectionsOfAConnectionMeet) {
  const std::vector<uint8_t> symmetric{0x6d, 0x5a, 0x6d, 0x5a}, microsofts{0x6d, 0x5a, 0x56, 0xda};
  for (const SpreadingCase& each : std::vector<SpreadingCase>{
           {"one queue", 1, std::nullopt, Health::Ok, {}},
           {"no answer", std::nullopt, std::nullopt, Health::Ok, {}},
           {"a symmetric key", 4, ReceiveHash{symmetric, true}, Health::Ok, {}},
           {"Microsoft's key",
            4,
            ReceiveHash{microsofts, true},
            Health::Warn,
            {"ethtool -X eth0 hkey 6d:5a:6d:5a"}},
           {"another function",
            4,
            ReceiveHash{symmetric, false},
            Health::Warn,
            {"ethtool -X eth0 hkey 6d:5a:6d:5a"}},
           {"a secret key", 4, ReceiveHash{}, Health::Warn, {"ethtool -L eth0 combined 1"}}}) {
    MadeUpMachine machine;
    machine.add_nic("eth0", "ice", MadeUpNic{.hash = each.hash, .queues = each.queues});
    const Finding finding = machine.find("rss", "eth0");
    EXPECT_EQ(finding.health, each.health) << each.description;
    EXPECT_EQ(finding.mend, each.mend) << each.description;
  }
}

TEST(Doctor, SaysWhoStampsThePackets) {
  const auto says = [](std::optional<TimestampAbilities> abilities) {
    MadeUpMachine machine;
    machine.add_nic("eth0", "ice", MadeUpNic{.timestamps = abilities});
    return machine.find("timestamps", "eth0").says;
  };
  EXPECT_EQ(says(TimestampAbilities{true, true, 3}), "the NIC stamps every packet (/dev/ptp3)");
  EXPECT_NE(says(TimestampAbilities{true, false, 3}).find("PTP only"), std::string::npos);
  EXPECT_NE(says(std::nullopt).find("no hardware stamps"), std::string::npos);
}

TEST(Doctor, SwitchesOffWhatMergesFrames) {
  const auto mend = [](bool gro, bool lro) {
    MadeUpMachine machine;
    machine.add_nic("eth0", "ixgbe", MadeUpNic{.gro = gro, .lro = lro});
    return machine.find("offloads", "eth0").mend;
  };
  EXPECT_EQ(mend(true, true), Commands{"ethtool -K eth0 gro off lro off"});
  EXPECT_EQ(mend(false, true), Commands{"ethtool -K eth0 lro off"});
  EXPECT_EQ(mend(false, false), Commands{});
}

const Findings kFindings{{"machine", "kernel", Health::Ok, "6.18", {}},
                         {"eth0",
                          "offloads",
                          Health::Warn,
                          "GRO is on",
                          {"ethtool -K eth0 gro off and some more words that do not fit"}},
                         {"eth0", "link", Health::Fail, "gone \x1b[31m", {"ip -brief link"}}};

TEST(DoctorPage, PutsTheCommandsUnderWhatTheyMendAndBreaksThemSoThatTheyCanBeCopied) {
  EXPECT_EQ(findings_text(kFindings, {.width = 60}),
            "\n  This machine\n"
            "  ok    kernel: 6.18\n"
            "\n  eth0\n"
            "  warn  offloads: GRO is on\n"
            "        $ ethtool -K eth0 gro off and some more words that \\\n"
            "          do not fit\n"
            "  fail  link: gone \\x1b[31m\n"
            "        $ ip -brief link\n"
            "\n  1 fault keeps live capture from working; 1 warning\n  besides.\n");
}

TEST(DoctorPage, IsOneDocumentForPrograms) {
  const auto document = nlohmann::json::parse(findings_json(kFindings));
  EXPECT_EQ(document["schema"], "wirewatch/doctor/1");
  EXPECT_EQ(document["health"], "fail");
  EXPECT_EQ(document["findings"][2]["mend"][0], "ip -brief link");
}

}  // namespace
}  // namespace wirewatch
