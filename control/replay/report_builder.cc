// SPDX-License-Identifier: BSD-3-Clause
#include "control/replay/report_builder.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <functional>
#include <span>
#include <thread>

#include "control/aggregate/accounting.h"
#include "control/aggregate/flow_sums.h"
#include "control/aggregate/handshake_groups.h"
#include "control/aggregate/hierarchy_tree.h"
#include "control/aggregate/merge_tables.h"
#include "control/aggregate/rows.h"
#include "control/aggregate/sort_by_number.h"
#include "dataplane/base/large_memory.h"
#include "dataplane/capture/link_type.h"

namespace wirewatch {
namespace {

constexpr size_t kSlowestHandshakes = 5;

void add_counts(NamedCounts& sums, const NamedCounts& more) {
  for (const auto& row : more) {
    const auto at = std::find_if(sums.begin(), sums.end(), [&](const auto& known) { return known.first == row.first; });
    if (at != sums.end()) {
      at->second += row.second;
    } else {
      sums.push_back(row);
    }
  }
}

void describe_link_types(const std::vector<ReadFile>& files, Report& report, Analysis& analysis) {
  std::vector<uint16_t> seen;
  for (const ReadFile& file : files) {
    seen.insert(seen.end(), file.summary.link_types.begin(), file.summary.link_types.end());
    if (file.summary.link_types.empty() && file.summary.link_type) seen.push_back(*file.summary.link_type);
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  if (seen.size() == 1) {
    report.capture.link_type = link_type_name(seen.front());
    analysis.unsupported_link_type = report.capture.link_type;
    for (char& letter : analysis.unsupported_link_type) {
      letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    }
  } else {
    if (!seen.empty()) report.capture.link_type = "mixed";
    analysis.unsupported_link_type = name(Protocol::Unsupported);
  }
}

std::string seconds_text(const WideTime& time) {
  const std::string ns = std::to_string(time.ns);
  return std::to_string(time.seconds) + "." + std::string(9 - ns.size(), '0') + ns;
}

void describe_capture(const Analysis& analysis, Report& report) {
  CaptureSection& capture = report.capture;
  const auto& files = analysis.chain->files();
  capture.path = files.front().path;
  capture.format = to_string(files.front().summary.format);
  std::optional<WideTime> latest_beyond;
  int64_t finest_ns = files.front().summary.timestamp_resolution_ns;
  for (const ReadFile& file : files) {
    report.accounting.read += file.summary.packets;
    finest_ns = std::min(finest_ns, file.summary.timestamp_resolution_ns);
    add_counts(capture.unread, file.summary.unread);
    latest_beyond = std::max(latest_beyond, file.summary.latest_out_of_range);
    capture.truncated = capture.truncated || file.summary.truncated;
    if (capture.damage.empty() && !file.summary.damage.empty()) {
      capture.damage = files.size() > 1 ? file.path + ": " + file.summary.damage : file.summary.damage;
    }
  }
  for (const Error& refused : analysis.chain->refused()) {
    capture.truncated = true;
    if (capture.damage.empty()) capture.damage = refused.message;
    add_counts(capture.unread, {{"unreadable_file", 1}});
  }
  if (latest_beyond) capture.last_timestamp_beyond = seconds_text(*latest_beyond);
  capture.timestamp_resolution_ns = finest_ns;
}

void account_for(const Analysis& analysis, Report& report) {
  std::vector<CountedWork> work;
  for (const auto& worker : analysis.workers) {
    work.push_back({.counters = worker->counters(),
                    .names_refused = worker->names_refused(),
                    .scan_errors = worker->classify_counters().errors,
                    .hellos_given_up = worker->classify_counters().hellos_given_up,
                    .rows_refused = rows_refused(worker->tables())});
  }
  account(work, report.capture, report.accounting);
  uint64_t records = 0;
  for (const auto& collector : analysis.collectors) records += collector->records_refused;
  if (records > 0) report.accounting.evicted.emplace_back("records", records);
}

void gather_applications(const Analysis& analysis, Report& report) {
  FlowSums sums;
  const auto add = [](std::vector<ApplicationSums>& into, const std::vector<ApplicationSums>& from) {
    into.resize(std::max(into.size(), from.size()));
    for (size_t id = 0; id < from.size(); ++id) into[id] += from[id];
  };
  for (const auto& collector : analysis.collectors) {
    add(sums.detected, collector->detected);
    add(sums.guessed, collector->guessed);
    sums.unclassified += collector->unclassified;
    sums.without_payload += collector->without_payload;
  }
  report.applications = application_rows(sums, *analysis.rules, report.accounting);
}

/// What every collector kept in one of its lists, as one list: by a number that decides nearly always, and by `before`
/// where it does not. The records, which are large, are copied once; the collectors keep none.
template <typename Record, typename First, typename Before>
std::vector<Record> take_in_order(Analysis& analysis, RecordList<Record> Collector::*kept, First first, Before before) {
  struct Place {
    int64_t first;
    const Record* record;
  };
  size_t count = 0;
  for (const auto& collector : analysis.collectors) count += ((*collector).*kept).size();
  std::vector<Place> order;
  order.reserve(count);
  for (const auto& collector : analysis.collectors) {
    for (const auto& run : ((*collector).*kept).runs()) {
      for (const Record& record : run) order.push_back({first(record), &record});
    }
  }
  const auto unsigned_first = [](const Place& place) { return static_cast<uint64_t>(place.first) ^ uint64_t{1} << 63; };
  sort_by_number(order, unsigned_first, [&](const Place& a, const Place& b) {
    return a.first != b.first ? a.first < b.first : before(*a.record, *b.record);
  });
  std::vector<Record> records;
  reserve_large(records, count);
  for (const Place& place : order) records.push_back(*place.record);
  for (const auto& collector : analysis.collectors) (*collector).*kept = {};
  return records;
}

std::vector<std::span<const HandshakeRecord>> handshake_runs(const Analysis& analysis) {
  std::vector<std::span<const HandshakeRecord>> runs;
  for (const auto& collector : analysis.collectors) {
    const auto its_runs = collector->handshakes.runs();
    runs.insert(runs.end(), its_runs.begin(), its_runs.end());
  }
  return runs;
}

void total_handshakes(HandshakeRuns runs, Report& report) {
  report.handshake_totals = handshake_totals(runs);
  report.handshake_count = report.handshake_totals.attempts;
  report.rtt_overall = report.handshake_totals.rtt;
  report.slowest_handshakes = slowest_handshakes(runs, kSlowestHandshakes);
}

std::vector<HandshakeRecord> take_handshakes(Analysis& analysis) {
  return take_in_order(
      analysis, &Collector::handshakes, [](const HandshakeRecord& handshake) { return handshake.syn_time.ns; },
      [](const HandshakeRecord& a, const HandshakeRecord& b) { return a.syn_frame < b.syn_frame; });
}

void gather_flows(Analysis& analysis, Report& report) {
  for (const auto& collector : analysis.collectors) report.flow_count += collector->flow_count;
  // Two flows can begin in one frame only when the first ended by being used again; its end then comes first.
  const auto first_frame = [](const FlowRecord& flow) { return static_cast<int64_t>(flow.first_frame); };
  const auto ended_before = [](const FlowRecord& a, const FlowRecord& b) { return a.last_time < b.last_time; };
  report.flows = take_in_order(analysis, &Collector::flows, first_frame, ended_before);
  const std::vector<FlowRecord> unwanted = take_in_order(analysis, &Collector::unwanted, first_frame, ended_before);
  for (const FlowRecord& flow : unwanted) {
    report.unwanted.push_back({.application = analysis.rules->application_name(flow.application),
                               .category = analysis.rules->application_category(flow.application),
                               .client = flow.client,
                               .server = flow.server,
                               .ip_protocol = flow.ip_protocol,
                               .evidence = flow.evidence,
                               .first_time = flow.first_time,
                               .last_time = flow.last_time,
                               .traffic = flow.total(),
                               .host = flow.host});
  }
}

void gather_services(const Analysis& analysis, const InspectOptions& options, Report& report) {
  ServiceSums sums(options.hosts);
  for (const auto& collector : analysis.collectors) sums.merge(collector->services);
  report.services = sums.rows();
  report.service_count = report.services.size();
  if (sums.refused() > 0) report.accounting.evicted.emplace_back("service_rows", sums.refused());
  if (report.services.size() > options.most_rows) report.services.resize(options.most_rows);
}

/// Runs tasks that have nothing to do with one another on as many threads as the analysis may use.
void run_all(std::span<const std::function<void()>> tasks, size_t threads) {
  std::atomic<size_t> next{0};
  const auto work_off = [&] {
    for (size_t i = next.fetch_add(1); i < tasks.size(); i = next.fetch_add(1)) tasks[i]();
  };
  std::vector<std::jthread> others;
  for (size_t i = 1; i < std::min(threads, tasks.size()); ++i) others.emplace_back(work_off);
  work_off();
}

}  // namespace

Report make_report(const std::shared_ptr<Analysis>& analysis, const InspectOptions& options) {
  Report report;
  describe_link_types(analysis->chain->files(), report, *analysis);
  describe_capture(*analysis, report);
  account_for(*analysis, report);
  std::vector<Tables*> own;
  for (const auto& worker : analysis->workers) own.push_back(&worker->tables());
  const std::vector<const Tables*> tables(own.begin(), own.end());
  const auto take = [](auto&& ranked, auto& rows, uint64_t& all) {
    rows = std::move(ranked.rows);
    all = ranked.all;
  };
  const RuleSet& rules = *analysis->rules;
  const auto runs = handshake_runs(*analysis);
  // Each fills parts of the report that no other touches; the costliest come first.
  const std::array<std::function<void()>, 7> tasks{
      [&] { take(handshakes_by_server(runs, options.most_rows), report.handshakes_by_server, report.handshake_server_count); },
      [&] { gather_flows(*analysis, report); },
      [&] { take(rank_destinations(tables, options.most_rows), report.destinations, report.destination_count); },
      [&] {
        bring_together(own, &Tables::conversations);
        take(rank_conversations(tables, rules, options.most_rows), report.conversations, report.conversation_count);
      },
      [&] {
        bring_together(own, &Tables::endpoints);
        take(rank_endpoints(tables, options.most_rows), report.endpoints, report.endpoint_count);
      },
      [&] {
        total_handshakes(runs, report);
        take(handshakes_by_port(runs, options.most_rows), report.handshakes_by_port, report.handshake_port_count);
      },
      [&] {
        gather_applications(*analysis, report);
        gather_services(*analysis, options, report);
        report.protocol_hierarchy = build_hierarchy(tables, rules, analysis->unsupported_link_type);
      },
  };
  run_all(tasks, analysis->workers.size());
  if (options.keep_handshakes) report.handshakes = take_handshakes(*analysis);
  report.policy_given = !options.unwanted.empty();
  report.hosts = options.hosts;
  report.rules_sha256 = analysis->rules->sha256();
  for (size_t id = 0; id <= analysis->rules->application_count(); ++id) {
    report.application_names.push_back(analysis->rules->application_name(static_cast<ApplicationId>(id)));
    report.application_categories.push_back(analysis->rules->application_category(static_cast<ApplicationId>(id)));
  }
  report.storage = analysis;
  return report;
}

}  // namespace wirewatch
