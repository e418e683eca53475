// SPDX-License-Identifier: BSD-3-Clause
// Who talked to which services, added up flow by flow: the host that a flow carries or that its client asked for, looked up
// in the list of hosts. Bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "control/report/report.h"
#include "dataplane/classify/host_list.h"
#include "dataplane/flow/records.h"

namespace wirewatch {

class ServiceSums {
 public:
  static constexpr size_t kMost = 1'000'000;  // clients of services

  /// `hosts` may be null: then there are none.
  explicit ServiceSums(std::shared_ptr<const HostList> hosts, size_t most = kMost)
      : hosts_(std::move(hosts)), most_(most), rows_(0, Hash{}) {}

  void add(const FlowRecord& flow);
  void merge(const ServiceSums& other);
  /// Most packets first, then by client and service. Names belong to the list of hosts.
  std::vector<ServiceRow> rows() const;
  uint64_t refused() const noexcept { return refused_; }  // flows counted in no row for want of room

 private:
  struct Key {
    IpAddress client;
    const HostService* service;
    friend bool operator==(const Key&, const Key&) noexcept = default;
  };
  struct Hash {
    size_t operator()(const Key& key) const noexcept;
  };
  struct Sums {
    uint64_t flows = 0;
    Traffic to_server;
    Traffic to_client;
  };
  Sums* at(const Key& key);

  std::shared_ptr<const HostList> hosts_;
  size_t most_;
  std::unordered_map<Key, Sums, Hash> rows_;
  uint64_t refused_ = 0;
};

}  // namespace wirewatch
