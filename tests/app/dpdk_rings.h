// SPDX-License-Identifier: BSD-3-Clause
// DPDK devices made of rings that a test fills and empties: what is put in is received, what is sent can be taken out.
// EAL runs once in the process; the test program's environment starts it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/source/dpdk_port.h"
#include "tests/support/packet_builder.h"

struct rte_mbuf;
struct rte_ring;

namespace wirewatch::testing {

/// The clock all ports of the tests use.
const TscClock& test_clock();

struct SentBuffer {
  Bytes bytes;
  std::optional<uint64_t> stamp{};           // as the NIC writes it
  std::optional<uint16_t> taken_tag{};       // a VLAN tag that the NIC took off
  std::optional<uint16_t> taken_outer_tag{}; // with 802.1ad
  std::vector<size_t> cuts{};                // where the frame goes on in another buffer
};

class RingDevice {
 public:
  explicit RingDevice(unsigned queues);
  ~RingDevice();
  RingDevice(const RingDevice&) = delete;

  const std::string& name() const { return name_; }
  /// The port of it, with the name filled in.
  Result<std::unique_ptr<DpdkPort>> open(DpdkPortOptions options) const;

  void put(const SentBuffer& frame, unsigned queue = 0);
  /// What was sent by the port, in order; taken out.
  std::vector<Bytes> taken(unsigned queue = 0);
  /// Buffers of the test's own pool that are not back.
  static unsigned outstanding();

 private:
  std::string name_;
  std::vector<rte_ring*> in_, out_;
};

}  // namespace wirewatch::testing
