// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/service_sums.h"

#include <algorithm>
#include <cstring>
#include <tuple>

namespace wirewatch {

size_t ServiceSums::Hash::operator()(const Key& key) const noexcept {
  uint64_t halves[2];
  std::memcpy(halves, key.client.bytes.data(), sizeof halves);
  uint64_t hash = reinterpret_cast<uintptr_t>(key.service);
  for (const uint64_t half : halves) hash = (hash ^ half) * 0x9e3779b97f4a7c15 ^ hash >> 29;
  return static_cast<size_t>(hash ^ hash >> 32);
}

ServiceSums::Sums* ServiceSums::at(const Key& key) {
  const auto found = rows_.find(key);
  if (found != rows_.end()) return &found->second;
  if (rows_.size() >= most_) return nullptr;
  return &rows_[key];
}

void ServiceSums::add(const FlowRecord& flow) {
  if (hosts_ == nullptr || flow.host.empty()) return;
  const HostService* const service = hosts_->find(flow.host);
  if (service == nullptr) return;
  if (Sums* const sums = at({flow.client.address, service})) {
    ++sums->flows;
    sums->to_server += flow.to_server;
    sums->to_client += flow.to_client;
  } else {
    ++refused_;
  }
}

void ServiceSums::merge(const ServiceSums& other) {
  refused_ += other.refused_;
  for (const auto& [key, more] : other.rows_) {
    if (Sums* const sums = at(key)) {
      sums->flows += more.flows;
      sums->to_server += more.to_server;
      sums->to_client += more.to_client;
    } else {
      refused_ += more.flows;
    }
  }
}

std::vector<ServiceRow> ServiceSums::rows() const {
  std::vector<ServiceRow> rows;
  rows.reserve(rows_.size());
  for (const auto& [key, sums] : rows_) {
    rows.push_back({.client = key.client,
                    .service = key.service->name,
                    .category = key.service->category,
                    .flows = sums.flows,
                    .to_server = sums.to_server,
                    .to_client = sums.to_client});
  }
  std::sort(rows.begin(), rows.end(), [](const ServiceRow& a, const ServiceRow& b) {
    const uint64_t left = a.traffic().packets, right = b.traffic().packets;
    return left != right ? left > right : std::tie(a.client, a.service) < std::tie(b.client, b.service);
  });
  return rows;
}

}  // namespace wirewatch
