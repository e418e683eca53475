// SPDX-License-Identifier: BSD-3-Clause
// What an inline pair must not let through: networks, connections and applications, each until its time. Compiled at the
// edge, asked when a flow begins or gets its name. The allow list always wins.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "dataplane/base/timestamp.h"
#include "dataplane/base/verdict.h"
#include "dataplane/packet/flow_key.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/stats/bounded_map.h"

namespace wirewatch {

inline constexpr Timestamp kNever{std::numeric_limits<int64_t>::max()};

struct DropRules {
  struct Network {
    IpPrefix prefix;
    Timestamp expires = kNever;
  };
  struct Connection {  // either end may be the client
    Endpoint one;
    Endpoint other;
    uint8_t ip_protocol = 0;
    Timestamp expires = kNever;
  };
  struct Application {
    ApplicationId application = kUnknownApplication;  // the registry's id
    Timestamp expires = kNever;
  };
  std::vector<Network> networks{};
  std::vector<Connection> connections{};
  std::vector<Application> applications{};
  std::vector<IpPrefix> allow{};
};

class DropList {
 public:
  explicit DropList(const DropRules& rules);

  bool empty() const noexcept { return !by_address_ && connections_.size() == 0 && applications_.empty(); }
  /// Are frames between these addresses to be dropped whatever they carry?
  bool blocks(const IpAddress& source, const IpAddress& destination, Timestamp now) const noexcept;
  /// The same for a flow, by its addresses or as a connection, or by its application, on evidence that suffices.
  bool blocks(const FlowKey& key, ApplicationId application, Evidence evidence, Timestamp now) const noexcept;

 private:
  struct NetworkKey {
    std::array<uint8_t, 16> address{};
    uint8_t length = 0;
    IpFamily family = IpFamily::None;
    friend bool operator==(const NetworkKey& a, const NetworkKey& b) noexcept { return same_bytes(a, b); }
  };
  using Networks = BoundedMap<NetworkKey, Timestamp>;
  struct NetworkSet {
    Networks networks{std::numeric_limits<size_t>::max()};
    std::vector<uint8_t> v4_lengths, v6_lengths;
    void add(const IpPrefix& prefix, Timestamp expires);
    bool holds(const IpAddress& address, Timestamp now) const noexcept;
  };

  NetworkSet blocked_;
  NetworkSet allowed_;
  bool by_address_ = false;
  BoundedMap<FlowKey, Timestamp> connections_{std::numeric_limits<size_t>::max()};
  std::vector<Timestamp> applications_;  // until when, by application
};

}  // namespace wirewatch
