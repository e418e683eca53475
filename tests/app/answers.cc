// SPDX-License-Identifier: BSD-3-Clause
#include "tests/app/answers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>

#include "control/aggregate/hierarchy_tree.h"
#include "control/aggregate/rows.h"
#include "control/replay/inspect.h"

namespace wirewatch::testing {
namespace {

std::string text_of(const Endpoint& end) { return end.address.to_string() + "#" + std::to_string(end.port); }
std::string text_of(const Traffic& traffic) { return fmt::format("{}/{}", traffic.packets, traffic.bytes); }
std::string text_of(const std::optional<Traffic>& traffic) { return traffic ? text_of(*traffic) : "-"; }
std::string text_of(const std::optional<int64_t>& number) { return number ? std::to_string(*number) : "-"; }

void add_tree(const std::vector<HierarchyNode>& nodes, size_t depth, Lines& lines) {
  for (const HierarchyNode& node : nodes) {
    lines.push_back(fmt::format("{}{} {} sent {} received {}", std::string(depth * 2, ' '), node.protocol, text_of(node.traffic),
                                text_of(node.sent), text_of(node.received)));
    add_tree(node.children, depth + 1, lines);
  }
}

void add_tables(const std::vector<Destination>& destinations, const std::vector<EndpointRow>& endpoints,
                const std::vector<Conversation>& conversations, Lines& lines) {
  for (const Destination& row : destinations) {
    std::string line = fmt::format("to {} {}", row.address.to_string(), text_of(row.traffic));
    for (const DestinationPort& port : row.ports) line += fmt::format(" {}:{} {}", port.ip_protocol, port.port, text_of(port.traffic));
    lines.push_back(line);
  }
  for (const EndpointRow& row : endpoints) {
    lines.push_back(fmt::format("end {} {} {} {} {}", row.address.to_string(), text_of(row.sent), text_of(row.received),
                                row.connections_opened, row.connections_accepted));
  }
  for (const Conversation& row : conversations) {
    lines.push_back(fmt::format("{} opened {} to {}:{} as {} {} {}", row.client.to_string(), row.connections, row.ip_protocol,
                                text_of(row.server), row.application, text_of(row.to_server), text_of(row.to_client)));
  }
}

std::string line_of(const HandshakeRecord& shake, Times times) {
  std::string line = fmt::format("handshake {} {} {} resent {} {}", text_of(shake.client), text_of(shake.server), to_string(shake.outcome),
                                 shake.syn_retransmissions, shake.syn_ack_retransmissions);
  if (times == Times::AreTheSame) {
    line += fmt::format(" at {} after {} {} {}", shake.syn_time.ns, text_of(shake.syn_ack_rtt_ns), text_of(shake.ack_rtt_ns),
                        text_of(shake.initial_rtt_ns));
  } else {
    line += fmt::format(" timed {} {} {}", shake.syn_ack_rtt_ns.has_value(), shake.ack_rtt_ns.has_value(), shake.initial_rtt_ns.has_value());
  }
  if (shake.clock_unsteady) line += " unsteady";
  return line;
}

void sort_from(size_t first, Lines& lines) { std::sort(lines.begin() + static_cast<long>(first), lines.end()); }

/// Live, a SYN that nothing followed is told as an attempt alone, since a flood of them is no news of flows: guesses at what
/// it was after are made for saved captures only, and not compared.
bool may_be_a_bare_syn(const FlowRecord& flow, const Traffic& total) {
  constexpr uint8_t kTcp = 6;
  return flow.ip_protocol == kTcp && flow.evidence == Evidence::Port && total.packets == 1 && !flow.has_payload;
}

/// By name, and whether it was guessed.
class ApplicationSums {
 public:
  void add(std::string_view name, bool guessed, uint64_t flows, const Traffic& traffic) {
    auto& [count, sum] = sums_[{std::string(name), guessed}];
    count += flows;
    sum += traffic;
  }
  void take_off(std::string_view name, bool guessed, const Traffic& traffic) {
    const auto row = sums_.find({std::string(name), guessed});
    if (row == sums_.end()) return;
    row->second.second.packets -= traffic.packets;
    row->second.second.bytes -= traffic.bytes;
    if (--row->second.first == 0) sums_.erase(row);
  }
  void add_to(Lines& lines) const {
    for (const auto& [key, sum] : sums_) {
      lines.push_back(fmt::format("application {} {} {} flows {}", key.first, key.second ? "guessed" : "detected", sum.first, text_of(sum.second)));
    }
  }

 private:
  std::map<std::pair<std::string, bool>, std::pair<uint64_t, Traffic>> sums_;
};

}  // namespace

Lines answers_of_inspect(const std::filesystem::path& capture, std::shared_ptr<const RuleSet> rules, Times times) {
  InspectOptions options;
  options.paths = {capture.string()};
  options.rules = std::move(rules);
  options.keep_handshakes = true;
  options.keep_flows = true;
  const auto report = inspect(options);
  if (!report) throw std::runtime_error(report.error().message);
  Lines lines;
  add_tree(report->protocol_hierarchy, 0, lines);
  add_tables(report->destinations, report->endpoints, report->conversations, lines);
  ApplicationSums applications;
  for (const ApplicationRow& row : report->applications) applications.add(row.name, row.evidence == Evidence::Port, row.flows, row.traffic);
  for (const FlowRecord& flow : report->flows) {
    if (may_be_a_bare_syn(flow, flow.total())) applications.take_off(report->application_names[flow.application], true, flow.total());
  }
  const size_t first = lines.size();
  applications.add_to(lines);
  for (const HandshakeRecord& shake : report->handshakes) lines.push_back(line_of(shake, times));
  sort_from(first, lines);
  return lines;
}

Lines answers_of(const SharedState& state, Times times) {
  std::vector<WorkerSnapshot> workers;
  std::vector<const Tables*> tables;
  for (unsigned i = 0; i < state.worker_count(); ++i) {
    auto worker = state.read_worker(i);
    if (!worker) throw std::runtime_error(worker.error().message);
    EXPECT_EQ(worker->live.not_yet_folded.packets, 0u);
    EXPECT_EQ(worker->events_dropped, 0u);
    workers.push_back(std::move(*worker));
  }
  for (const WorkerSnapshot& worker : workers) tables.push_back(&worker.tables);
  std::vector<std::string> kept;
  for (size_t id = 0; id <= state.application_count(); ++id) kept.push_back(state.application_name(static_cast<ApplicationId>(id)));
  ApplicationNames names;
  for (const std::string& name : kept) {
    names.names.push_back(name);
    names.categories.emplace_back();
  }
  Lines lines;
  add_tree(build_hierarchy(tables, names, "unsupported"), 0, lines);
  add_tables(rank_destinations(tables, SIZE_MAX).rows, rank_endpoints(tables, SIZE_MAX).rows,
             rank_conversations(tables, names, SIZE_MAX).rows, lines);
  const size_t first = lines.size();
  ApplicationSums applications;
  for (unsigned i = 0; i < state.worker_count(); ++i) {
    EventReader events = state.events(i);
    while (const auto event = events.pop()) {
      if (const auto* shake = std::get_if<HandshakeEvent>(&*event)) {
        lines.push_back(line_of(shake->record, times));
      } else if (const auto* flow = std::get_if<FlowEvent>(&*event);
                 flow != nullptr && flow->progress.final() && flow->record.application != 0) {
        Traffic total = flow->progress.total_to_server;
        total += flow->progress.total_to_client;
        if (!may_be_a_bare_syn(flow->record, total)) applications.add(kept[flow->record.application], flow->record.evidence == Evidence::Port, 1, total);
      }
    }
    EXPECT_EQ(events.malformed(), 0u);
  }
  applications.add_to(lines);
  sort_from(first, lines);
  return lines;
}

std::string first_difference(const Lines& expected, const Lines& found) {
  constexpr size_t kMost = 2'000;
  std::string text;
  const std::multiset<std::string> theirs(expected.begin(), expected.end()), ours(found.begin(), found.end());
  const auto add = [&](const char* what, const std::multiset<std::string>& of, const std::multiset<std::string>& not_of) {
    Lines lines;
    std::set_difference(of.begin(), of.end(), not_of.begin(), not_of.end(), std::back_inserter(lines));
    std::string all;
    for (const std::string& line : lines) {
      if (all.size() < kMost) all += what + line + "\n";
    }
    text += all;
  };
  add("missing: ", theirs, ours);
  add("extra:   ", ours, theirs);
  return text;
}

}  // namespace wirewatch::testing
