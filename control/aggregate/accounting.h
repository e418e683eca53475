// SPDX-License-Identifier: BSD-3-Clause
// From workers' counters to the report's accounting: every frame and everything given up under its name.
#pragma once

#include <span>

#include "control/report/report.h"
#include "dataplane/pipeline/counters.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {

/// What one worker counted, as far as the accounting asks.
struct CountedWork {
  WorkerCounters counters;
  uint64_t names_refused = 0;
  uint64_t scan_errors = 0;
  uint64_t hellos_given_up = 0;
  uint64_t rows_refused = 0;
};
uint64_t rows_refused(const Tables& tables) noexcept;

/// Adds to `capture` its traffic and times, and sets the frame and eviction counts of `accounting`.
void account(std::span<const CountedWork> workers, CaptureSection& capture, AccountingSection& accounting);

WorkerCounters& operator+=(WorkerCounters& sum, const WorkerCounters& more) noexcept;

}  // namespace wirewatch
