// SPDX-License-Identifier: BSD-3-Clause
// What triggers look at, once a second.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wirewatch {

/// An alert about an unwanted flow.
struct UnwantedSighting {
  std::string application;
  std::string category;
  std::string client;  // "10.0.0.1:51413"
  std::string server;
};

struct TriggerFacts {
  /// The percentile (of 100) in nanoseconds over the window ("1m", "5m", "1h"), of a server port or of all; nothing
  /// without samples.
  using RttOf = std::function<std::optional<int64_t>(std::string_view window, double percentile, std::optional<uint16_t> port)>;

  std::vector<UnwantedSighting> alerts{};  // raised since the last call
  RttOf rtt{};
  uint64_t losses = 0;  // packets that got lost before a worker saw them, so far; only its growth matters
};

}  // namespace wirewatch
