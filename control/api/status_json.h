// SPDX-License-Identifier: BSD-3-Clause
// The parts of an answer that are the daemon's own: itself, the data plane, ports, rules, gaps.
#pragma once

#include <span>

#include "control/api/live_data.h"
#include "control/report/json_fields.h"

namespace wirewatch {

void write_control(JsonWriter& json, const ControlView& control);
void write_dataplane(JsonWriter& json, const DataplaneView& dataplane);
void write_rates(JsonWriter& json, const RatesView& rates);
/// Who stamps, how finely, how far off at most and how it goes.
void write_clock(JsonWriter& json, const PortView& port);
void write_ports(JsonWriter& json, std::span<const PortView> ports);
void write_rules(JsonWriter& json, const RulesView& rules);
void write_replay(JsonWriter& json, const ReplayView& replay);
void write_gaps(JsonWriter& json, std::span<const Gap> gaps);
/// "capture" as the report has it, without what only a file has.
void write_live_capture(JsonWriter& json, const LiveTotals& totals, const CaptureSection& capture);
void write_workers(JsonWriter& json, const LiveTotals& totals);

}  // namespace wirewatch
