// SPDX-License-Identifier: BSD-3-Clause
// The same packets give the same answers: the bundled capture through the process, by DPDK, by file and replayed, against
// what `inspect` says of it.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "control/aggregate/hierarchy_tree.h"
#include "control/aggregate/rows.h"
#include "control/replay/inspect.h"
#include "control/rules/rule_cache.h"
#include "tests/app/data_plane_process.h"

namespace wirewatch::testing {
namespace {

using Lines = std::vector<std::string>;

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

std::string line_of(const HandshakeRecord& shake) {
  return fmt::format("handshake {} {} {} at {} after {} {} {} resent {} {}", text_of(shake.client), text_of(shake.server),
                     to_string(shake.outcome), shake.syn_time.ns, text_of(shake.syn_ack_rtt_ns), text_of(shake.ack_rtt_ns),
                     text_of(shake.initial_rtt_ns), shake.syn_retransmissions, shake.syn_ack_retransmissions);
}

void sort_from(size_t first, Lines& lines) { std::sort(lines.begin() + static_cast<long>(first), lines.end()); }

Lines by_inspect(const std::filesystem::path& capture) {
  InspectOptions options;
  options.paths = {capture.string()};
  options.rules = *load_or_compile(*RuleSources::read(std::getenv("WIREWATCH_RULES")), default_rule_cache());
  options.keep_handshakes = true;
  const auto report = inspect(options);
  if (!report) throw std::runtime_error(report.error().message);
  Lines lines;
  add_tree(report->protocol_hierarchy, 0, lines);
  add_tables(report->destinations, report->endpoints, report->conversations, lines);
  for (const ApplicationRow& row : report->applications) {
    lines.push_back(fmt::format("application {} {} {} flows {}", row.name, row.evidence == Evidence::Port ? "guessed" : "detected",
                                row.flows, text_of(row.traffic)));
  }
  const size_t first = lines.size();
  for (const HandshakeRecord& shake : report->handshakes) lines.push_back(line_of(shake));
  sort_from(first - report->applications.size(), lines);
  return lines;
}

/// What control would make of the shared memory, which outlives the process.
Lines by_shared_state(const SharedState& state) {
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
  std::map<std::pair<std::string, bool>, std::pair<uint64_t, Traffic>> applications;
  for (unsigned i = 0; i < state.worker_count(); ++i) {
    EventReader events = state.events(i);
    while (const auto event = events.pop()) {
      if (const auto* shake = std::get_if<HandshakeEvent>(&*event)) {
        lines.push_back(line_of(shake->record));
      } else if (const auto* flow = std::get_if<FlowEvent>(&*event);
                 flow != nullptr && flow->progress.final() && flow->record.application != 0) {
        auto& [flows, traffic] = applications[{kept[flow->record.application], flow->record.evidence == Evidence::Port}];
        ++flows;
        traffic += flow->progress.total_to_server;
        traffic += flow->progress.total_to_client;
      }
    }
    EXPECT_EQ(events.malformed(), 0u);
  }
  for (const auto& [key, value] : applications) {
    lines.push_back(fmt::format("application {} {} {} flows {}", key.first, key.second ? "guessed" : "detected", value.first, text_of(value.second)));
  }
  sort_from(first, lines);
  return lines;
}

std::string first_difference(const Lines& expected, const Lines& found) {
  std::string text;
  const std::multiset<std::string> theirs(expected.begin(), expected.end()), ours(found.begin(), found.end());
  for (const std::string& line : theirs) {
    if (text.size() < 2'000 && !ours.contains(line)) text += "missing: " + line + "\n";
  }
  for (const std::string& line : ours) {
    if (text.size() < 4'000 && !theirs.contains(line)) text += "extra:   " + line + "\n";
  }
  return text;
}

struct Way {
  std::string name;
  std::string port;  // of the configuration; CAPTURE stands for the file
  bool replayed = false;
};

class SameAnswers : public ::testing::TestWithParam<Way> {};

TEST_P(SameAnswers, AsInspect) {
  static const Lines expected = by_inspect(bundled_capture());
  constexpr uint64_t kPackets = 4'838;
  std::string port = GetParam().port;
  if (const size_t at = port.find("CAPTURE"); at != std::string::npos) port.replace(at, 7, bundled_capture().string());
  DataPlaneProcess process("[dataplane]\nrules = \"" + compiled_rules().string() + "\"\nmax_flows = 20000\nmax_pending_syns = 20000\nmemory_mb = 64\n" +
                           "[[dataplane.port]]\n" + port);
  ASSERT_TRUE(process.running()) << process.words();
  const SharedState state = process.shared();
  if (GetParam().replayed) {
    const FileDescriptor capture(::open(bundled_capture().c_str(), O_RDONLY | O_CLOEXEC));
    const auto answer = process.client().ask({{"command", "replay"}, {"speed", 0}, {"name", "scenario"}}, capture.get());
    ASSERT_TRUE(answer.json["ok"]) << answer.json;
  }
  ASSERT_TRUE(process.wait_for([](const nlohmann::json& status) { return status["ports"][0]["received"]["packets"] == kPackets; }));
  EXPECT_EQ(process.shut_down(), 0) << process.words();
  const Lines found = by_shared_state(state);
  EXPECT_EQ(first_difference(expected, found), "");
  EXPECT_EQ(found.size(), expected.size());
  EXPECT_GT(found.size(), 300u);
}

std::vector<Way> ways() {
  std::vector<Way> all{{"File", "source = \"file:CAPTURE,speed=max\"\n"}, {"Replay", "source = \"replay\"\n", true}};
#ifdef WIREWATCH_HAS_DPDK
  all.push_back({"NetPcap", "source = \"dpdk:net_pcap0,rx_pcap=CAPTURE\"\n"});
  all.push_back({"TwoWorkersOverRings", "source = \"dpdk:net_pcap0,rx_pcap=CAPTURE\"\nworkers = 2\nsteering = \"software\"\n"});
#endif
  return all;
}

INSTANTIATE_TEST_SUITE_P(Ways, SameAnswers, ::testing::ValuesIn(ways()), [](const auto& way) { return way.param.name; });

}  // namespace
}  // namespace wirewatch::testing
