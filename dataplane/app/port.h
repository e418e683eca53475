// SPDX-License-Identifier: BSD-3-Clause
// A configured port, opened: where its workers get their packets, and what can be asked and told of it. Everything but
// run() belongs to the main thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/app/config.h"
#include "dataplane/app/worker_loop.h"
#include "dataplane/app/worker_report.h"
#include "dataplane/capture/capture_reader.h"
#include "dataplane/pipeline/live_worker.h"
#include "dataplane/pipeline/shared_state.h"
#include "dataplane/source/clock_watch.h"
#include "dataplane/source/tsc_clock.h"
#include "dataplane/xdp/block_table.h"

namespace wirewatch {

struct WorkerContext {
  LiveWorker& worker;
  WorkerReportBoards& boards;
  LoopSettings settings;
  const std::atomic<bool>& stop;
};

/// What is being replayed, and how far it has come.
struct ReplayState {
  std::string text;  // empty when nothing is
  uint64_t packets = 0;
};

class Port {
 public:
  explicit Port(PortConfig config) : config_(std::move(config)) {}
  virtual ~Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  const PortConfig& config() const noexcept { return config_; }
  /// Everything received leaves by `partner` from now on, a port of the same kind. Before run().
  virtual Result<void> join(Port& partner);
  /// The other half of an inline pair, once joined. Workers of the port that was configured first poll both.
  Port* partner() const noexcept { return partner_; }
  /// On the thread of worker `number` of this port: until the source ends or it is to stop.
  virtual void run(unsigned number, const WorkerContext& context) = 0;

  /// A few times a second.
  virtual void maintain() {}
  /// Adds what the device itself says to what the workers reported.
  virtual void describe(PortState& state) const = 0;
  virtual Result<void> use_hardware_clock(bool use);
  /// Adds the clocks that the packets of worker `number` are stamped by; none when their times are a capture's own. They
  /// live as long as the port.
  virtual void add_clocks(unsigned number, ClockWatches& clocks) { static_cast<void>(number), static_cast<void>(clocks); }
  /// Brings the device's own block list into line, where it has one.
  virtual Result<void> apply(const BlockTable& table);
  /// The same for frames that are sent on without being inspected.
  virtual void keep_back(const DropRules&) {}
  /// Whether workers must keep blocked frames back themselves, or at least say which.
  virtual bool blocks_in_workers() const { return false; }
  /// Why nothing that comes in here can be kept back; empty when it can.
  virtual std::string why_not_blocking() const { return "it reads captures"; }
  /// Adds flows of blocked applications that its workers found since, for the device to keep back.
  virtual void take_found(std::vector<BlockedFlow>&) {}

  virtual bool takes_replays() const { return false; }
  virtual Result<void> replay(std::unique_ptr<CaptureReader> reader, double speed, std::string name);
  virtual ReplayState replay_state() const { return {}; }

  /// What a person should know about how it was opened.
  virtual std::vector<std::string> remarks() const { return {}; }

 protected:
  PortConfig config_;
  Port* partner_ = nullptr;
};

/// Of an inline pair with several workers whose queues nobody vouches for; `because` says of what device.
std::string why_no_pair_of_many(const std::string& because);

/// Opens every port in the order of the configuration; `tsc` outlives them. DPDK is started when one needs it.
Result<std::vector<std::unique_ptr<Port>>> open_ports(const DataplaneConfig& config, const TscClock& tsc);

}  // namespace wirewatch
