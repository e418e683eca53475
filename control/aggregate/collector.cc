// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/collector.h"

#include <algorithm>

namespace wirewatch {

ApplicationSums& ApplicationSums::operator+=(const ApplicationSums& other) noexcept {
  flows += other.flows;
  traffic += other.traffic;
  sent += other.sent;
  received += other.received;
  strongest = std::max(strongest, other.strongest);
  return *this;
}

Collector::Collector(const CollectOptions& options, size_t applications)
    : detected(applications + 1), guessed(applications + 1), services(options.hosts), options_(options) {}

void Collector::add_to(ApplicationSums& sums, const FlowRecord& flow) const noexcept {
  ++sums.flows;
  sums.traffic += flow.total();
  sums.strongest = std::max(sums.strongest, flow.evidence);
  const bool from_client = options_.local_networks.empty();
  if (from_client || any_contains(options_.local_networks, flow.client.address)) {
    sums.sent += flow.to_server;
    sums.received += flow.to_client;
  }
  if (!from_client && any_contains(options_.local_networks, flow.server.address)) {
    sums.sent += flow.to_client;
    sums.received += flow.to_server;
  }
}

void Collector::on_flow(const FlowRecord& flow) noexcept {
  ++flow_count;
  if (options_.keep_flows) keep(flows, flow);
  services.add(flow);
  if (!flow.has_payload) ++without_payload;
  if (flow.application == kUnknownApplication) {
    if (flow.has_payload) ++unclassified;
    return;
  }
  const bool is_guess = flow.evidence == Evidence::Port;
  add_to(is_guess ? guessed[flow.application] : detected[flow.application], flow);
  if (!is_guess && flow.application < options_.unwanted.size() && options_.unwanted[flow.application]) {
    keep(unwanted, flow);
  }
}

}  // namespace wirewatch
