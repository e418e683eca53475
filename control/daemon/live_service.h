// SPDX-License-Identifier: BSD-3-Clause
// The daemon as the API sees it: what is known at the moment, and what can be asked of it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/api/live_data.h"
#include "control/daemon/block_memory.h"
#include "control/daemon/capture_sessions.h"
#include "control/daemon/checkpoint.h"
#include "control/daemon/config.h"
#include "control/daemon/dataplane_link.h"
#include "control/daemon/event_collector.h"
#include "control/daemon/gap_log.h"
#include "control/daemon/rate_meter.h"
#include "control/daemon/rule_keeper.h"
#include "control/daemon/state_faults.h"
#include "control/daemon/totals_keeper.h"

namespace wirewatch {

/// The two clocks a daemon reads; tests bring their own.
struct DaemonClock {
  std::function<Timestamp()> utc;
  std::function<int64_t()> steady_ns;

  static DaemonClock system();
};

class LiveService final : public LiveData {
 public:
  LiveService(boost::asio::io_context& io, const DaemonConfig& config, DaemonClock clock, RuleFolders rules,
              std::function<void(const std::string&)> log);
  ~LiveService() override;

  // What happens to the data plane; called by whoever looks after it.
  void connected(Hello hello);
  void lost(const std::string& reason);
  void explain(const std::string& reason);
  void cannot_start(const std::string& why) { problem_ = why; }

  /// Takes events; true when there is more at once. Every second it looks at the process as well.
  bool tick();
  /// Writes down what has been summed up, so that the next daemon goes on from there.
  void save();
  std::string summary() const;  // one line, for a service manager
  RuleKeeper& rules() noexcept { return rules_; }
  DataplaneLink* link = nullptr;  // set by whoever owns it
  std::function<uint64_t()> refused_connections = [] { return uint64_t{0}; };

  Timestamp now() const override { return clock_.utc(); }
  StatusView status() const override;
  Result<HandshakeView> handshakes(std::string_view window, size_t top, std::optional<uint16_t> port) const override;
  Result<FlowsView> flows(const FlowsWanted& wanted) const override;
  AlertsView alerts(size_t top) const override;
  void with_totals(std::function<void(std::shared_ptr<const LiveTotals>)> use) const override;
  void reload_rules(Done<RulesView> done) override { rules_.reload(std::move(done)); }
  void replay(const ReplayWanted& wanted, Done<ReplayView> done) override;
  void block(std::string_view command, const std::string& body, Done<std::string> done) override;
  void capture(CaptureOrder order, std::string name, std::string body, Done<std::string> done) override;
  void open_capture_file(std::string name, std::string file, Done<OpenFile> done) override;

 private:
  void look_at_process();
  void check_policy();
  void show_captures_what_happened();
  void go_on_from_last(const SharedState& region);
  void go_on_from_windows();
  void save_windows(bool at_once);
  void save_alerts(bool at_once);
  void leave(std::string path, std::string text);
  void offer_blocks();
  void remember_block(std::string_view command, nlohmann::json& answer);
  std::string port_name(uint16_t interface) const;
  void ask(nlohmann::json command, FileDescriptor passed, std::function<void(tl::expected<nlohmann::json, Refusal>)> done);

  const DaemonConfig& config_;
  DaemonClock clock_;
  std::function<void(const std::string&)> log_;
  Timestamp started_;
  int64_t started_steady_ns_;
  std::shared_ptr<NameCatalogue> catalogue_ = std::make_shared<NameCatalogue>();
  mutable EventCollector events_;  // windows move on when they are looked at
  std::shared_ptr<SharedState> region_;
  bool connected_ = false;
  uint64_t restarts_ = 0;
  std::string problem_;
  std::optional<ProcessState> process_;
  int64_t looked_ns_ = 0;
  GapLog gaps_;
  RateMeter rates_;
  std::optional<std::string> replayed_;
  std::unique_ptr<CaptureSessions> captures_;  // null when there are none here
  int64_t captures_looked_ns_ = 0;
  std::optional<Checkpoint> checkpoint_;
  uint64_t saved_events_ = 0;
  uint64_t windows_saved_events_ = 0;
  int64_t windows_saved_ns_ = 0;
  uint64_t alerts_saved_raised_ = 0;
  uint64_t alerts_saved_changes_ = 0;
  int64_t alerts_saved_ns_ = 0;
  StateFaults state_faults_;
  BlockMemory blocks_;
  uint64_t policy_checked_ = 0;  // for this generation of rules
  RuleKeeper rules_;
  std::shared_ptr<TotalsKeeper> totals_;  // used on the thread of `pool_` only
  mutable boost::asio::thread_pool pool_{1};
};

}  // namespace wirewatch
