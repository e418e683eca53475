// SPDX-License-Identifier: BSD-3-Clause
// Which part of a report to show: what the writers share of names, order and restriction.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "control/report/report.h"

namespace wirewatch {

/// The application name of conversations to which no name is known; the writers leave it out.
inline constexpr std::string_view kUnknownName = "unknown";

enum class SortKey : uint8_t { Packets, Bytes, Connections };

/// The names of a flow's application and of its category; empty when not known.
std::string_view application_name(const Report& report, const FlowRecord& flow) noexcept;
std::string_view application_category(const Report& report, const FlowRecord& flow) noexcept;

/// The service that a flow's host belongs to; null when it is none that is known.
const HostService* service_of(const Report& report, const FlowRecord& flow) noexcept;

/// Keeps of destinations and conversations only what goes to `port` (not 0, which stands for none); a
/// destination's traffic becomes that of the port.
void restrict_to_port(Report& report, uint16_t port);

/// The first `count` rows by descending `key(row)`; rows with equal keys keep the order of the report.
template <typename Row, typename Key>
std::vector<const Row*> top_rows(const std::vector<Row>& rows, size_t count, Key key) {
  std::vector<const Row*> ranked;
  ranked.reserve(rows.size());
  for (const Row& row : rows) ranked.push_back(&row);
  const auto before = [&](const Row* a, const Row* b) {
    const auto left = key(*a), right = key(*b);
    return left != right ? left > right : std::less<>()(a, b);
  };
  const auto middle = ranked.begin() + static_cast<ptrdiff_t>(std::min(count, ranked.size()));
  std::partial_sort(ranked.begin(), middle, ranked.end(), before);
  ranked.erase(middle, ranked.end());
  return ranked;
}

}  // namespace wirewatch
