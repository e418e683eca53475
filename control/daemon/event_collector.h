// SPDX-License-Identifier: BSD-3-Clause
// Empties the workers' event rings, a bounded number of events at a time, into flows, handshakes and alerts.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "control/daemon/name_catalogue.h"
#include "control/daemon/saved_sums.h"
#include "control/history/alert_log.h"
#include "control/history/flow_store.h"
#include "control/history/handshake_log.h"
#include "dataplane/classify/dns_memory.h"
#include "dataplane/pipeline/shared_state.h"

namespace wirewatch {

class EventCollector {
 public:
  struct Bounds {
    size_t flows = 50'000;
    size_t alerts = 10'000;
    HandshakeLog::Bounds handshakes{};
  };
  struct Now {
    Timestamp utc;
    int64_t steady_ns = 0;
  };
  static constexpr size_t kMostPerRing = 4096;  // in one go

  EventCollector(std::shared_ptr<NameCatalogue> catalogue, std::vector<std::string> unwanted, const Bounds& bounds)
      : catalogue_(std::move(catalogue)), flows_(bounds.flows), alerts_(std::move(unwanted), bounds.alerts), handshakes_(bounds.handshakes) {}

  /// Goes on from what an earlier daemon had summed up of this data plane's events.
  void go_on_from(SavedSums saved) {
    flows_.go_on_from(std::move(saved.flows));
    handshakes_.go_on_from(std::move(saved.handshakes), std::move(saved.by_port));
  }
  /// What is left of the last data plane's events is taken first; its flows have ended.
  void attach(std::shared_ptr<const SharedState> region, Now now);
  /// True when there is more at once.
  bool collect(Now now);

  const FlowStore& flows() const noexcept { return flows_; }
  const AlertLog& alerts() const noexcept { return alerts_; }
  AlertLog& alerts() noexcept { return alerts_; }
  HandshakeLog& handshakes() noexcept { return handshakes_; }
  const HandshakeLog& handshakes() const noexcept { return handshakes_; }
  /// Names of the applications in alerts and flows.
  const ApplicationNames& names() const noexcept { return *names_; }
  /// What raises alerts from now on.
  void set_unwanted(std::vector<std::string> unwanted) { alerts_.set_unwanted(std::move(unwanted)); }
  uint64_t events() const noexcept { return events_; }
  /// Records that made no sense, and rings whose index did not.
  uint64_t malformed() const noexcept;

 private:
  bool empty(size_t ring, size_t most);
  void take_all(Now now);
  void take(size_t ring, const FlowEvent& event, Now now);
  void take(const AnswerEvent& event) noexcept;
  ApplicationId id_of(ApplicationId registry_id);

  std::shared_ptr<NameCatalogue> catalogue_;
  std::shared_ptr<const ApplicationNames> names_ = std::make_shared<ApplicationNames>();
  std::shared_ptr<const SharedState> region_;
  std::vector<EventReader> rings_;
  std::vector<std::pair<size_t, Event>> taken_;  // of all rings, with the ring's number, while collecting
  std::vector<NamesEvent> names_to_come_;  // by ring: of the flow whose record is next
  DnsMemory dns_;
  std::vector<ApplicationId> ids_;  // ours by the region's
  FlowStore flows_;
  AlertLog alerts_;
  HandshakeLog handshakes_;
  uint64_t events_ = 0;
  uint64_t malformed_before_ = 0;
};

}  // namespace wirewatch
