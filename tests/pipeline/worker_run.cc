// SPDX-License-Identifier: BSD-3-Clause
#include "tests/pipeline/worker_run.h"

#include <fmt/format.h>

#include "control/aggregate/hierarchy_tree.h"
#include "control/rules/rule_compiler.h"

namespace wirewatch::testing {

std::shared_ptr<const RuleSet> rules_of(std::string_view text) {
  const auto compiled = compile_rules(RuleSources{{{"test.toml", std::string(text), false}}});
  if (!compiled) throw std::runtime_error(compiled.error().message);
  auto loaded = RuleSet::load(compiled->blob);
  if (!loaded) throw std::runtime_error(loaded.error().message);
  return *loaded;
}

std::shared_ptr<const RuleSet> small_rules() {
  static const auto rules = [] {
    constexpr std::string_view kText = R"(
schema = 1
[[protocol]]
name = "greeting"
category = "test"
  [[protocol.sig]]
  id = "greeting.hello"
  l4 = "tcp"
  dir = "any"
  regex = '^hello'
  strength = "strong"
[[protocol]]
name = "asking"
category = "test"
udp_ports = [53]
  [[protocol.sig]]
  id = "asking.query"
  l4 = "udp"
  dir = "any"
  regex = '^query'
  strength = "strong"
)";
    return rules_of(kText);
  }();
  return rules;
}

std::string check_sums(const WorkerRun& run, const Traffic& given, const Traffic& without_flow) {
  const WorkerCounters& counters = run.worker.counters();
  const Tables& tables = run.worker.tables();
  const auto differ = [](std::string_view what, const Traffic& is, const Traffic& wanted) {
    return fmt::format("{}: {} packets and {} bytes, wanted {} and {}", what, is.packets, is.bytes, wanted.packets, wanted.bytes);
  };
  if (counters.total != given) return differ("total", counters.total, given);
  const uint64_t statuses = std::accumulate(counters.by_status.begin(), counters.by_status.end(), uint64_t{0});
  if (statuses != given.packets) return fmt::format("{} frames have a status, {} were given", statuses, given.packets);
  Traffic paths;
  for (uint16_t path = 0; path < tables.paths.size(); ++path) paths += tables.by_path[path].total();
  if (paths != given) return differ("paths", paths, given);
  const Tables* const all[] = {&tables};
  Traffic roots;
  for (const HierarchyNode& node : build_hierarchy(all, *small_rules(), "unsupported")) roots += node.traffic;
  if (roots != given) return differ("roots of the hierarchy", roots, given);
  Traffic in_flows = run.in_flows();
  if ((in_flows += without_flow) != given) return differ("flows and frames without one", in_flows, given);
  for (const FlowRecord& flow : run.flows) {
    if (flow.total().packets == 0) return "a flow without a frame";
    if (flow.first_time > flow.last_time) return "a flow that ends before it begins";
  }
  Traffic connections;
  uint64_t opened = 0;
  tables.conversations.for_each([&](const ConversationKey&, const ConversationCounts& counts) {
    connections += counts.to_server;
    connections += counts.to_client;
    opened += counts.connections;
  });
  const bool rows_missing = tables.conversations.refused() > 0;
  if (!rows_missing && opened != run.flows.size()) return fmt::format("{} connections of {} flows", opened, run.flows.size());
  if (!rows_missing && connections != run.in_flows()) return differ("conversations", connections, run.in_flows());
  return "";
}

}  // namespace wirewatch::testing
