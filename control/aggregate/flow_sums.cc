// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/flow_sums.h"

#include <algorithm>

namespace wirewatch {
namespace {

uint64_t add_rows(const std::vector<ApplicationSums>& table, const ApplicationNames& names,
                  std::vector<ApplicationRow>& rows) {
  uint64_t flows = 0;
  for (size_t id = 1; id < table.size(); ++id) {
    const ApplicationSums& sums = table[id];
    if (sums.flows == 0) continue;
    flows += sums.flows;
    rows.push_back({.name = names.name(static_cast<ApplicationId>(id)),
                    .category = names.category(static_cast<ApplicationId>(id)),
                    .evidence = sums.strongest,
                    .flows = sums.flows,
                    .traffic = sums.traffic,
                    .sent = sums.sent,
                    .received = sums.received});
  }
  return flows;
}

}  // namespace

std::vector<ApplicationRow> application_rows(const FlowSums& sums, const ApplicationNames& names,
                                             AccountingSection& accounting) {
  std::vector<ApplicationRow> rows;
  accounting.classified = add_rows(sums.detected, names, rows);
  accounting.guessed = add_rows(sums.guessed, names, rows);
  accounting.unclassified = sums.unclassified;
  accounting.without_payload = sums.without_payload;
  std::stable_sort(rows.begin(), rows.end(), [](const ApplicationRow& a, const ApplicationRow& b) {
    const bool guess_a = a.evidence == Evidence::Port, guess_b = b.evidence == Evidence::Port;
    return guess_a != guess_b ? guess_b : a.traffic.packets > b.traffic.packets;
  });
  return rows;
}

}  // namespace wirewatch
