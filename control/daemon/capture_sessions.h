// SPDX-License-Identifier: BSD-3-Clause
// The daemon's capture sessions: brings together what the API asks, what the data plane answers and what triggers look
// at. A disk may take its time, so whatever may wait for one happens on a thread of its own, in the order it came.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "control/api/live_data.h"
#include "control/captures/capture_manager.h"
#include "control/daemon/config.h"
#include "control/daemon/dataplane_link.h"
#include "control/daemon/event_collector.h"
#include "dataplane/pipeline/shared_state.h"

namespace wirewatch {

class CaptureSessions {
 public:
  using Log = std::function<void(const std::string&)>;

  /// `link` gives the connection; it is called on the thread of `io`, as is everything here.
  CaptureSessions(boost::asio::io_context& io, const DaemonConfig& config, std::function<DataplaneLink*()> link, Log log);
  ~CaptureSessions();

  /// The data plane behind `region` answers.
  void connected(const SharedState& region, const std::shared_ptr<const HostList>& hosts);
  void lost(const std::string& reason);
  /// Names that came with new rules; costs nothing when there are none.
  void refresh_names(const SharedState& region, const std::shared_ptr<const HostList>& hosts);
  /// Once a second: shows the triggers what happened since. `process` is null as long as no data plane was there.
  void look(const ProcessState* process, EventCollector& events, int64_t steady_ns);

  void answer(CaptureOrder order, std::string name, std::string body, Done<std::string> done);
  void open_file(std::string name, std::string file, Done<OpenFile> done);
  CaptureTotalsView totals() const;

 private:
  void send(nlohmann::json command);
  tl::expected<std::string, Refusal> carry_out(CaptureOrder order, const std::string& name, const std::string& body);
  tl::expected<OpenFile, Refusal> open(const std::string& name, const std::string& file) const;
  void learn_triggers(EventCollector& events);
  template <typename Task>
  void in_turn(Task task);

  boost::asio::io_context& io_;
  const DaemonConfig& config_;
  std::function<DataplaneLink*()> link_;
  CaptureNames names_;
  uint64_t alerts_seen_ = 0;
  std::vector<TriggerSpec::Rtt> limits_;       // of the triggers there are
  uint64_t running_ = 0;                       // when it was last looked which triggers there are
  std::atomic<bool> sessions_changed_{false};  // since then
  CaptureManager sessions_;
  boost::asio::thread_pool disk_{1};
};

}  // namespace wirewatch
