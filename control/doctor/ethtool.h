// SPDX-License-Identifier: BSD-3-Clause
// What a network driver answers to ethtool's questions. An interface, so that the checks can be tested
// against NICs that this machine does not have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wirewatch {

/// ETHTOOL_GET_TS_INFO.
struct TimestampAbilities {
  bool hardware_receive = false;  // the NIC stamps what it receives, and the kernel hands the raw stamp on
  bool all_packets = false;       // every packet, not only those of PTP
  int32_t clock = -1;             // index of /dev/ptpN, -1 for none
};

/// ETHTOOL_GRSSH.
struct ReceiveHash {
  std::vector<uint8_t> key;  // empty when the driver keeps it to itself
  bool toeplitz = true;
};

class Ethtool {
 public:
  virtual ~Ethtool() = default;
  /// Nothing when the driver does not answer.
  virtual std::optional<TimestampAbilities> timestamps(std::string_view interface) const = 0;
  virtual std::optional<ReceiveHash> receive_hash(std::string_view interface) const = 0;
  /// RX queues in use, combined ones included.
  virtual std::optional<uint32_t> receive_queues(std::string_view interface) const = 0;
  virtual std::optional<bool> generic_receive_offload(std::string_view interface) const = 0;
  virtual std::optional<bool> large_receive_offload(std::string_view interface) const = 0;
};

/// Asks the kernel by ioctl (SIOCETHTOOL); none of the questions needs privilege.
class KernelEthtool final : public Ethtool {
 public:
  KernelEthtool();
  ~KernelEthtool() override;
  KernelEthtool(const KernelEthtool&) = delete;
  KernelEthtool& operator=(const KernelEthtool&) = delete;

  std::optional<TimestampAbilities> timestamps(std::string_view interface) const override;
  std::optional<ReceiveHash> receive_hash(std::string_view interface) const override;
  std::optional<uint32_t> receive_queues(std::string_view interface) const override;
  std::optional<bool> generic_receive_offload(std::string_view interface) const override;
  std::optional<bool> large_receive_offload(std::string_view interface) const override;

 private:
  bool ask(std::string_view interface, void* question) const;
  std::optional<uint32_t> value(std::string_view interface, uint32_t command) const;

  int socket_ = -1;
};

}  // namespace wirewatch
