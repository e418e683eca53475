// SPDX-License-Identifier: BSD-3-Clause
// Gathers what one worker hands on: finished handshakes and flows, and sums of them per application.
#pragma once

#include <cstdint>
#include <vector>

#include "control/report/report.h"
#include "dataplane/classify/rule_set.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {

struct CollectOptions {
  bool keep_flows = false;
  std::vector<bool> unwanted;             // by ApplicationId; empty when there is no policy
  std::vector<IpPrefix> local_networks;   // sent and received are seen from here when given, else from the client
};

/// Sums over the flows of one application. Guesses from the port are kept apart from what was detected.
struct ApplicationSums {
  uint64_t flows = 0;
  Traffic traffic;
  Traffic sent;
  Traffic received;
  Evidence strongest = Evidence::None;

  ApplicationSums& operator+=(const ApplicationSums& other) noexcept;
};

class Collector final : public EventSink {
 public:
  Collector(const CollectOptions& options, size_t applications);

  void on_handshake(const HandshakeRecord& handshake) noexcept override { handshakes.push_back(handshake); }
  void on_flow(const FlowRecord& flow) noexcept override;

  std::vector<HandshakeRecord> handshakes;
  std::vector<FlowRecord> flows;              // only with keep_flows
  std::vector<FlowRecord> unwanted;           // detected flows of unwanted applications
  std::vector<ApplicationSums> detected;      // by ApplicationId
  std::vector<ApplicationSums> guessed;       // by ApplicationId
  uint64_t flow_count = 0;
  uint64_t unclassified = 0;                  // with payload, without a name
  uint64_t without_payload = 0;

 private:
  void add_to(ApplicationSums& sums, const FlowRecord& flow) const noexcept;
  bool is_local(const IpAddress& address) const noexcept;

  const CollectOptions& options_;
};

}  // namespace wirewatch
