// SPDX-License-Identifier: BSD-3-Clause
// A data plane made up for tests of capture sessions: takes tap sets, counts what it offers as a worker does, and drops
// what finds its rings full.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/captures/capture_engine.h"
#include "dataplane/base/timestamp.h"
#include "tests/capture_sessions/outside.h"

namespace wirewatch::testing {

constexpr Timestamp kStart{1'795'402'800 * kSecond_ns};  // 2026-11-23 03:00:00 UTC

/// A TCP segment of 54 bytes and `payload`, between ports that make its flow.
std::vector<uint8_t> segment(uint16_t client_port, uint8_t flags, size_t payload = 0);

class StandInRings {
 public:
  explicit StandInRings(unsigned workers = 1, size_t capacity = 1'000'000) : capacity_(capacity), workers_(workers) {}

  /// What the engine maps.
  std::unique_ptr<TapSource> source();
  /// Runs the set of a "taps" command from now on.
  void adopt(const nlohmann::json& command);
  /// Keeps the rings' sets as they are until adopt_late().
  bool adopts = true;
  void adopt_late();
  /// Every tap matches.
  void offer(TappedPacket head, std::vector<uint8_t> bytes, unsigned worker = 0);
  void offer(Timestamp time, uint16_t client_port = 40'000, unsigned worker = 0);

  /// As if what waits had been overwritten.
  void lose_waiting();

  uint64_t offered() const noexcept { return offered_; }
  size_t waiting() const noexcept;
  const nlohmann::json& last_command() const noexcept { return command_; }

 private:
  friend class StandInSource;
  struct Packet {
    TappedPacket head;
    std::vector<uint8_t> bytes;
  };
  struct Worker {
    std::deque<Packet> ring;
    DrainedPacket shown;
    std::array<TapCounts, kMostTaps> counts{};
    uint64_t set = 0;
    uint64_t taps = 0;
  };

  size_t capacity_;
  std::vector<Worker> workers_;
  nlohmann::json command_;
  uint64_t offered_ = 0;
};

/// An engine with a folder of its own, a clock that stands still, and rings.
class SessionScene {
 public:
  explicit SessionScene(uint64_t quota = uint64_t{1} << 40, unsigned workers = 1, size_t ring_packets = 1'000'000);
  ~SessionScene();
  SessionScene(const SessionScene&) = delete;
  SessionScene& operator=(const SessionScene&) = delete;

  /// The answers of the data plane to what the engine asks, then everything in the rings, then a tick.
  void settle();
  void later(double seconds) { now.ns += static_cast<int64_t>(seconds * 1e9); }
  CaptureView start(const std::string& json);
  CaptureView view(const std::string& name) const;
  std::string path(const CaptureView& view, size_t file = 0) const {
    return directory + "/" + view.spec.directory + "/" + view.files.at(file).name;
  }
  /// Ends the engine and begins another over the same folder.
  void restart();

  Folder folder;
  std::string directory;  // of the captures, in it
  Timestamp now = kStart;
  uint64_t quota;
  StandInRings rings;
  std::vector<std::string> logged;
  bool mapped = false;    // the engine has the rings
  std::unique_ptr<CaptureEngine> engine;
};

}  // namespace wirewatch::testing
