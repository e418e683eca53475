// SPDX-License-Identifier: BSD-3-Clause
// A machine of files that a test wrote, with NICs that answer what it says.
#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>

#include "control/doctor/doctor.h"

namespace wirewatch::testing {

struct MadeUpNic {
  std::optional<TimestampAbilities> timestamps{};
  std::optional<ReceiveHash> hash{};
  std::optional<uint32_t> queues{};
  std::optional<bool> gro{};
  std::optional<bool> lro{};
};

class MadeUpMachine final : public Ethtool {
 public:
  MadeUpMachine() {
    std::string pattern = (std::filesystem::temp_directory_path() / "wirewatch-doctor-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    root_ = pattern;
  }
  ~MadeUpMachine() override { std::filesystem::remove_all(root_); }

  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ / path.substr(1);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void link(const std::string& path, const std::string& target) {
    const std::filesystem::path file = root_ / path.substr(1);
    std::filesystem::create_directories(file.parent_path());
    std::filesystem::create_symlink(target, file);
  }
  /// An interface that is up, with a device behind it when it has a driver.
  void add_nic(const std::string& name, const std::string& driver, MadeUpNic nic = {}) {
    const std::string folder = "/sys/class/net/" + name;
    write(folder + "/operstate", "up\n");
    write(folder + "/flags", "0x1003\n");
    write(folder + "/mtu", "1500\n");
    if (!driver.empty()) link(folder + "/device/driver", "../../../bus/pci/drivers/" + driver);
    nics_[name] = std::move(nic);
  }

  Findings examine(const std::vector<std::string>& interfaces = {}) const {
    return wirewatch::examine(Machine(root_, *this), {"", interfaces});
  }
  /// The one finding of this check; fails the test's expectations by its emptiness when there is none.
  Finding find(const std::string& check, const std::string& subject = std::string(kMachine)) const {
    for (const Finding& finding : examine()) {
      if (finding.check == check && finding.subject == subject) return finding;
    }
    return {};
  }

  std::optional<TimestampAbilities> timestamps(std::string_view name) const override {
    return nic(name).timestamps;
  }
  std::optional<ReceiveHash> receive_hash(std::string_view name) const override { return nic(name).hash; }
  std::optional<uint32_t> receive_queues(std::string_view name) const override { return nic(name).queues; }
  std::optional<bool> generic_receive_offload(std::string_view name) const override { return nic(name).gro; }
  std::optional<bool> large_receive_offload(std::string_view name) const override { return nic(name).lro; }

 private:
  const MadeUpNic& nic(std::string_view name) const {
    static const MadeUpNic kNone;
    const auto found = nics_.find(std::string(name));
    return found == nics_.end() ? kNone : found->second;
  }

  std::filesystem::path root_;
  std::map<std::string, MadeUpNic> nics_;
};

}  // namespace wirewatch::testing
