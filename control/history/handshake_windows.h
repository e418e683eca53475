// SPDX-License-Identifier: BSD-3-Clause
// How long connections took to set up over the last minute, five minutes and hour: over all, per server and per server
// port. Counts live in slices of time; a slice that is full goes into a longer one, so that a handshake is counted once.
//
//   10 s x 6  ->  1 min x 5  ->  5 min x 12      an hour is the 12 longest and whatever is not yet in one of them
//
// Memory: at most 26 slices of `servers` + `ports` groups, each 100 bytes and 8 for every bucket in use.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "control/history/sparse_histogram.h"
#include "control/report/report.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {

enum class HistoryWindow : uint8_t { Minute, FiveMinutes, Hour, Count };

struct HistoryWindowInfo {
  HistoryWindow window;
  std::string_view name;
};
inline constexpr std::array<HistoryWindowInfo, static_cast<size_t>(HistoryWindow::Count)> kHistoryWindows{
    {{HistoryWindow::Minute, "1m"}, {HistoryWindow::FiveMinutes, "5m"}, {HistoryWindow::Hour, "1h"}}};

/// Outcomes and times of one group of handshakes.
struct HandshakeCounts {
  uint64_t attempts = 0, established = 0, refused = 0, unanswered = 0, half_open = 0, ambiguous = 0, clock_unsteady = 0;
  SparseHistogram rtt;

  void add(const HandshakeRecord& handshake);
  HandshakeCounts& operator+=(const HandshakeCounts& other);
  HandshakeGroup group() const;
};

class HandshakeWindows {
 public:
  struct Bounds {
    size_t servers = 512;  // in one slice; what does not fit goes under `other`
    size_t ports = 256;
  };
  struct Summary {
    HandshakeGroup totals;
    std::vector<HandshakeGroup> by_server;  // most attempts first, `other` last
    std::vector<HandshakeGroup> by_port;
  };

  explicit HandshakeWindows(const Bounds& bounds);

  /// `now_ns` is of a clock that never goes back, and the same for all calls.
  void record(const HandshakeRecord& handshake, int64_t now_ns);
  Summary summarise(HistoryWindow window, int64_t now_ns);
  /// Any percentile from 0 to 100, of a server port or of all; nothing without samples.
  std::optional<int64_t> percentile_ns(HistoryWindow window, double percent, std::optional<uint16_t> port, int64_t now_ns);

  /// All of it as numbers, to be kept and taken up again; false, and all stays as it was, when they are none that words() gives.
  std::vector<uint64_t> words() const;
  bool assign(std::span<const uint64_t> words, int64_t now_ns);

 private:
  struct HashBytes {
    size_t operator()(const DestinationKey& key) const noexcept { return hash_bytes(key); }
  };
  struct Slice {
    int64_t number = 0;  // time divided by the level's slice
    HandshakeCounts totals, other_servers, other_ports;
    std::unordered_map<DestinationKey, HandshakeCounts, HashBytes> by_server;
    std::unordered_map<uint16_t, HandshakeCounts> by_port;
  };
  struct Level {
    int64_t slice_ns;
    size_t slices;
    Slice open{};
    std::deque<Slice> full{};
  };

  void advance(int64_t now_ns);
  void merge(Slice& into, const Slice& from) const;
  template <typename Map>
  HandshakeCounts& counts_of(Map& map, const typename Map::key_type& key, size_t most, HandshakeCounts& other) const;

  Bounds bounds_;
  std::array<Level, static_cast<size_t>(HistoryWindow::Count)> levels_;
  bool begun_ = false;
};

}  // namespace wirewatch
