// SPDX-License-Identifier: BSD-3-Clause
// The running data plane: ports, workers, rules and block list put together, kept going by the main thread. All of it is
// for that one thread; the workers only meet it in mailboxes and shared memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/app/block_keeper.h"
#include "dataplane/app/config.h"
#include "dataplane/app/port.h"
#include "dataplane/app/rule_store.h"
#include "dataplane/app/tap_request.h"
#include "dataplane/app/worker_thread.h"
#include "dataplane/pipeline/packet_region.h"
#include "dataplane/pipeline/publisher.h"
#include "dataplane/pipeline/registry.h"
#include "dataplane/source/tsc_clock.h"

namespace wirewatch {

class DataPlane {
 public:
  static constexpr int64_t kTick_ns = 250'000'000;  // how often tick() wants to be called

  static Result<std::unique_ptr<DataPlane>> start(DataplaneConfig config);
  ~DataPlane();
  DataPlane(const DataPlane&) = delete;

  /// Clocks, expired blocks, what came back from the workers, the process block.
  void tick();
  /// Ends every worker: flows are flushed and published.
  void stop();

  Result<void> load_rules(int sealed_fd);
  /// Onto the port of that name, or the first that takes captures and is idle.
  Result<void> replay(const std::string& port, const std::string& path, double speed, const std::string& name);
  Result<void> use_hardware_clock(const std::string& port, bool use);
  /// Puts these taps in place of all there are.
  tl::expected<void, TapFault> set_taps(const TapRequest& request);
  const BlockTable& blocks() const noexcept { return blocks_->table(); }
  /// In force everywhere at once. An Error when nothing here could keep back what is meant.
  Result<void> block(const BlockRequest& request);
  Result<void> unblock(const BlockRequest& request);
  /// All of them at once; of each why it was not taken, or nothing.
  Result<std::vector<std::string>> block(std::span<const BlockRequest> requests);

  const DataplaneConfig& config() const noexcept { return config_; }
  const RuleStore& rules() const noexcept { return *rules_; }
  int shared_fd() const noexcept { return region_->fd(); }
  /// Where tapped packets are; -1 before set_taps().
  int packets_fd() const noexcept { return packets_ ? packets_->fd() : -1; }
  uint64_t generation() const noexcept { return region_->generation(); }
  int64_t now_ns() const noexcept { return tsc_.now_ns(); }
  int64_t started_ns() const noexcept { return started_ns_; }
  const std::vector<std::unique_ptr<WorkerThread>>& workers() const noexcept { return workers_; }
  const std::vector<std::unique_ptr<Port>>& ports() const noexcept { return ports_; }
  /// As it was published last.
  const ProcessState& state() const noexcept { return state_; }
  const TscClock& clock() const noexcept { return tsc_; }
  /// What a person should know about the process as a whole.
  const std::vector<std::string>& remarks() const noexcept { return remarks_; }

 private:
  explicit DataPlane(DataplaneConfig config) : config_(std::move(config)) {}
  Result<void> set_up();
  Result<void> give_up_privileges();
  Result<void> start_workers();
  WorkerOptions worker_options(Port& of, unsigned number) const;
  void read_clocks();
  void offer_rules();
  tl::expected<void, TapFault> offer_taps(const TapRequest& request);
  Result<void> add_block(const BlockRequest& request);
  Result<void> apply_blocks();
  void take_found_flows();
  void publish(std::string_view state);
  PortState describe(size_t port);

  DataplaneConfig config_;
  TscClock tsc_;
  int64_t started_ns_ = 0;
  std::optional<SharedRegion> region_;
  std::optional<ProcessPublisher> publisher_;
  std::optional<Registry> registry_;
  std::optional<RuleStore> rules_;
  std::optional<BlockKeeper> blocks_;
  TapRequest taps_;                                     // in force
  std::optional<PacketRegion> packets_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::unique_ptr<WorkerThread>> workers_;  // end before the ports they read from
  std::vector<std::string> remarks_;
  ProcessState state_;
  uint64_t busy_ticks_ = 0, idle_ticks_ = 0;            // as of the last tick
};

}  // namespace wirewatch
