// SPDX-License-Identifier: BSD-3-Clause
// Gathers what one worker hands on: finished handshakes and flows, and sums of them per application.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "control/aggregate/record_list.h"
#include "control/aggregate/service_sums.h"
#include "control/report/report.h"
#include "dataplane/classify/rule_set.h"
#include "dataplane/packet/ip_address.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {

struct CollectOptions {
  bool keep_flows = false;
  size_t most_records = 10'000'000;       // of handshakes and of flows each that are kept; the rest is counted
  std::vector<bool> unwanted;             // by ApplicationId; empty when there is no policy
  std::shared_ptr<const HostList> hosts;  // absent: services are not told
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

  void on_handshake(const HandshakeRecord& handshake) noexcept override { keep(handshakes, handshake); }
  void on_flow(const FlowRecord& flow) noexcept override;

  RecordList<HandshakeRecord> handshakes;
  RecordList<FlowRecord> flows;               // only with keep_flows
  RecordList<FlowRecord> unwanted;            // detected flows of unwanted applications
  std::vector<ApplicationSums> detected;      // by ApplicationId
  std::vector<ApplicationSums> guessed;       // by ApplicationId
  ServiceSums services;
  uint64_t flow_count = 0;
  uint64_t unclassified = 0;                  // with payload, without a name
  uint64_t without_payload = 0;
  uint64_t records_refused = 0;               // handshakes and flows that were not kept for want of room

 private:
  template <typename Record>
  void keep(RecordList<Record>& records, const Record& record) noexcept {
    if (records.size() < options_.most_records) {
      records.push_back(record);
    } else {
      ++records_refused;
    }
  }
  void add_to(ApplicationSums& sums, const FlowRecord& flow) const noexcept;

  const CollectOptions& options_;
};

}  // namespace wirewatch
