// SPDX-License-Identifier: BSD-3-Clause
// What the API can ask of the daemon, as values. The daemon implements LiveData; tests implement a small one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/aggregate/live_totals.h"
#include "control/api/message.h"
#include "control/report/report.h"
#include "dataplane/base/result.h"

namespace wirewatch {

/// A time in which packets went uncounted because there was no data plane.
struct Gap {
  Timestamp from;
  std::optional<Timestamp> to;  // absent while it lasts
  std::string reason;
};

struct ControlView {
  Timestamp started;
  int64_t uptime_s = 0;
  uint64_t memory_bytes = 0;  // resident
};

struct DataplaneView {
  std::string_view state = "starting";  // running, starting, gone
  std::optional<int64_t> pid;
  std::optional<uint64_t> generation;
  std::optional<Timestamp> started;
  bool managed = false;                 // control starts it when it is not there
  uint64_t restarts = 0;
  uint64_t workers = 0;
  std::optional<double> idle_share;
  std::optional<int64_t> snapshot_age_ns;
  std::string error;
};

struct RatesView {
  int64_t over_s = 0;  // 0: nothing known yet
  uint64_t packets_per_second = 0;
  uint64_t bits_per_second = 0;
  uint64_t handshakes_per_second = 0;
};

struct PortView {
  std::string name;
  std::string source;
  bool link_up = false;
  std::string_view timestamp_source;
  int64_t timestamp_resolution_ns = 0;
  std::optional<int64_t> clock_error_ns;
  std::string clock_state;
  Traffic received;
  uint64_t forwarded_packets = 0;
  uint64_t dropped_packets = 0;
  NamedCounts loss;  // and remarks, as the data plane publishes them
};

struct RulesView {
  std::string sha256;         // what the data plane says it runs; empty when none
  std::string wanted_sha256;  // what was compiled last; empty when nothing was
  uint64_t generations = 0;   // rule sets the data plane has taken
  std::optional<Timestamp> loaded;
  std::string error;          // why the last reload changed nothing
};

struct ReplayView {
  std::string name;
  bool running = false;
  uint64_t packets = 0;
  std::string error;
};

/// Sums over all capture sessions there were.
struct CaptureTotalsView {
  uint64_t running = 0;
  uint64_t disk_bytes = 0, quota_bytes = 0;
  uint64_t written_bytes = 0;
  NamedCounts packets;  // by the stage they got to
  NamedCounts waiting;  // in rings and in memories at the moment
  uint64_t damaged_records = 0;
  uint64_t unclaimed = 0;
};

struct StatusView {
  ControlView control;
  DataplaneView dataplane;
  RatesView rates;
  std::vector<PortView> ports;
  RulesView rules;
  std::optional<ReplayView> replay;
  std::vector<Gap> gaps;
  uint64_t alert_count = 0;
  NamedCounts control_loss;  // what control itself gave up
  std::optional<CaptureTotalsView> captures{};
};

/// A handshake and the clock that stamped it.
struct HandshakeRow {
  HandshakeRecord handshake;
  std::string capture_port;           // empty when it is not known any more
  std::string_view timestamp_source;
  int64_t timestamp_resolution_ns = 0;
  std::optional<int64_t> clock_error_ns;
};

struct HandshakeView {
  std::string_view window;
  HandshakeGroup totals;
  std::vector<HandshakeGroup> by_server;
  std::vector<HandshakeGroup> by_port;
  std::vector<HandshakeRow> recent;  // newest first
  std::vector<PortView> clocks{};    // the ports, by whose clocks all of this was timed
};

struct FlowRow {
  FlowRecord flow;
  std::string host;
  std::string names;  // a NameSheet's bytes
  const HostService* service = nullptr;
  std::string_view application, category;
  std::string capture_port;
  bool active = true;
};
struct FlowsView {
  std::vector<FlowRow> flows;
  uint64_t count = 0;  // that are known at the moment
};
enum class FlowOrder : uint8_t { Recent, Packets, Bytes };
struct FlowsWanted {
  size_t top = 20;
  std::optional<std::string> application;
  std::optional<uint16_t> port;
  FlowOrder order = FlowOrder::Recent;
};

struct AlertRow {
  UnwantedRow row;
  Timestamp raised;
  std::string host;
};
struct AlertsView {
  std::vector<AlertRow> alerts;  // newest first
  uint64_t count = 0;            // ever raised
  uint64_t forgotten = 0;        // given up for want of room
};

/// A refusal with the HTTP status that fits it.
struct Refusal {
  unsigned status = 502;
  std::string detail;
};
template <typename T>
using Done = std::function<void(tl::expected<T, Refusal>)>;

struct ReplayWanted {
  std::string path;
  double speed = 1.0;
  bool any_path = false;  // otherwise only names in the configured folder
};

/// What is asked about capture sessions.
enum class CaptureOrder : uint8_t { List, Start, Show, Stop, Erase };

/// Everything is called on the server's thread and calls back there, unless it says otherwise.
class LiveData {
 public:
  virtual ~LiveData() = default;

  virtual Timestamp now() const = 0;
  virtual StatusView status() const = 0;
  virtual Result<HandshakeView> handshakes(std::string_view window, size_t top, std::optional<uint16_t> port) const = 0;
  virtual Result<FlowsView> flows(const FlowsWanted& wanted) const = 0;
  virtual AlertsView alerts(size_t top) const = 0;
  /// Calls `use` on a thread of its own with what has been counted; it may take its time.
  virtual void with_totals(std::function<void(std::shared_ptr<const LiveTotals>)> use) const = 0;

  virtual void reload_rules(Done<RulesView> done) = 0;
  virtual void replay(const ReplayWanted& wanted, Done<ReplayView> done) = 0;
  /// Hands a block, unblock or blocked command with the body's keys through to the data plane: JSON in, JSON out.
  virtual void block(std::string_view command, const std::string& body, Done<std::string> done) = 0;
  /// JSON members for the answer, as in `"capture": {...}`. `body` describes the session to start; `name` is the session
  /// otherwise. May call back on any thread, since a disk is asked.
  virtual void capture(CaptureOrder order, std::string name, std::string body, Done<std::string> done) = 0;
  /// A file of a session, opened. May call back on any thread.
  virtual void open_capture_file(std::string name, std::string file, Done<OpenFile> done) = 0;
};

}  // namespace wirewatch
