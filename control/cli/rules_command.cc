// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/rules_command.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>

#include "control/cli/explain_command.h"
#include "control/cli/live/live_commands.h"
#include "control/cli/rules_location.h"
#include "control/cli/small_file.h"
#include "control/cli/standard_streams.h"
#include "control/cli/terminal.h"
#include "control/report/human.h"
#include "control/report/table.h"
#include "control/rules/host_list_file.h"
#include "control/rules/rule_cache.h"
#include "control/rules/rule_compiler.h"
#include "control/rules/rule_costs.h"
#include "control/rules/rule_parser.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

struct RulesRequest {
  std::vector<std::string> checked;
  std::vector<std::string> rules;
  bool costs = false;
  ExplainRequest explain;
};

Result<void> append(const std::string& path, RuleSources& sources) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    auto text = read_small_file(path, "rule file");
    if (!text) return tl::unexpected(text.error());
    sources.files.push_back({path, std::move(*text), true});
    return {};
  }
  auto folder = RuleSources::read(path);
  if (!folder) return tl::unexpected(folder.error());
  for (RuleFile& file : folder->files) {
    file.from_operator = true;
    sources.files.push_back(std::move(file));
  }
  return {};
}

/// The shipped rules with the named files and folders on top, as a second --rules would have it; the shipped
/// rules alone when nothing is named, and left out when they are themselves what is checked.
Result<RuleSources> sources_to_check(const std::vector<std::string>& checked) {
  const auto shipped = locate_rules({});
  if (checked.empty() && !shipped) return tl::unexpected(shipped.error());
  std::error_code ignored;
  const bool itself = shipped && std::any_of(checked.begin(), checked.end(), [&](const std::string& path) {
                        return fs::equivalent(path, shipped->shipped, ignored);
                      });
  RuleSources sources;
  if (shipped && !itself) {
    auto read = RuleSources::read(shipped->shipped);
    if (!read) return read;
    sources = std::move(*read);
  }
  for (const std::string& path : checked) {
    if (const auto done = append(path, sources); !done) return tl::unexpected(done.error());
  }
  return sources;
}

/// Faults of the lists of hosts: of the shipped rules, and of every folder named.
Result<size_t> check_host_lists(const std::vector<std::string>& checked) {
  std::vector<fs::path> folders;
  if (const auto shipped = locate_rules({})) folders.push_back(shipped->shipped);
  std::error_code ignored;
  for (const std::string& path : checked) {
    const bool known = !folders.empty() && fs::equivalent(path, folders.front(), ignored);
    if (fs::is_directory(path, ignored) && !known) folders.emplace_back(path);
  }
  std::vector<RuleFile> files;
  for (const fs::path& folder : folders) {
    auto file = read_host_list(folder);
    if (!file) return tl::unexpected(file.error());
    files.push_back(std::move(*file));
  }
  Diagnostics diagnostics;
  const HostList list = compile_host_list(files, diagnostics);
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.to_error());
  return list.domain_count();
}

/// Ids of the signatures in the files that were named, or of all of them when none was.
std::set<std::string> checked_signatures(const RuleSources& sources, bool all) {
  RuleSources chosen;
  for (const RuleFile& file : sources.files) {
    if (all || file.from_operator) chosen.files.push_back(file);
  }
  Diagnostics ignored;
  std::vector<ProtocolRule> protocols;
  for (const RuleFile& file : chosen.files) parse_rules(file, protocols, ignored);
  std::set<std::string> ids;
  for (const ProtocolRule& protocol : protocols) {
    for (const SignatureRule& signature : protocol.signatures) ids.insert(signature.id);
  }
  return ids;
}

std::string where_text(ScannedWhere where) {
  switch (where) {
    case ScannedWhere::Shared:
      return "everywhere";
    case ScannedWhere::SharedHeadOnly:
      return "its beginning everywhere";
    case ScannedWhere::ItsPorts:
      return "on its ports";
  }
  return {};
}

/// What each rule costs, dearest first.
Result<std::string> cost_table(const RuleSources& sources, bool all) {
  constexpr size_t kMostDeltas = 12;  // each costs a compilation
  const auto ids = checked_signatures(sources, all);
  const bool deltas = ids.size() <= kMostDeltas;
  auto costs = measure_costs(sources, [&](const std::string& id) { return ids.contains(id); }, deltas);
  if (!costs) return tl::unexpected(costs.error());
  std::ranges::stable_sort(costs->signatures, std::greater{}, [](const SignatureCost& cost) {
    return std::pair(cost.shared_bytes.value_or(0), cost.alone_bytes);
  });
  const auto nanoseconds = [](double ns) { return human_duration(static_cast<int64_t>(ns + 0.5), false); };
  Page page(page_style({}));
  page.blank();
  page.sentence("A scan of a first payload with the shared databases takes " + nanoseconds(costs->shared.tcp_ns) + " for TCP and " +
                nanoseconds(costs->shared.udp_ns) + " for UDP (mean of a sample). Alone is the expression in a database of its own" +
                (deltas ? "; adds is by how much the shared ones would shrink without it." : "."));
  page.blank();
  std::vector<TableColumn> columns{{"Signature", Align::Left, Weight::Essential, 16}, {"Looked for", Align::Left, Weight::Useful, 10},
                              {"Alone"}, {"Scan"}};
  if (deltas) columns.push_back({"Adds"});
  Table table(columns);
  for (const SignatureCost& cost : costs->signatures) {
    std::vector<Cell> cells{cost.id, where_text(cost.where), human_bytes(cost.alone_bytes), nanoseconds(cost.alone_ns)};
    if (deltas) {
      const int64_t adds = cost.shared_bytes.value_or(0);
      cells.emplace_back(adds < 0 ? "-" + human_bytes(static_cast<uint64_t>(-adds)) : human_bytes(static_cast<uint64_t>(adds)));
    }
    table.add(std::move(cells));
  }
  table.print(page);
  return page.take();
}

ExitStatus check_rules(const RulesRequest& request) {
  const auto sources = sources_to_check(request.checked);
  if (!sources) return complain("rules check", sources.error().message);
  const auto compiled = compile_rules(*sources);
  if (!compiled) {
    say(compiled.error().message);
    return ExitStatus::No;
  }
  const auto domains = check_host_lists(request.checked);
  if (!domains) {
    say(domains.error().message);
    return ExitStatus::No;
  }
  std::string text = counted(compiled->protocols, "protocol", "protocols") + " with " +
                     counted(compiled->signatures, "signature", "signatures") + "; databases of " +
                     human_bytes(compiled->tcp_database_bytes) + " for TCP, " +
                     human_bytes(compiled->udp_database_bytes) + " for UDP, and " +
                     counted(compiled->own_databases, "small one", "small ones") + " of " +
                     human_bytes(compiled->own_database_bytes) + " in all; " +
                     counted(*domains, "domain", "domains") + " of hosts\nSHA-256 " + compiled->sha256 + "\n";
  if (request.costs || !request.checked.empty()) {
    const auto table = cost_table(*sources, request.costs);
    if (!table) return complain("rules check", table.error().message);
    text += *table;
  }
  return print(text);
}

ExitStatus list_rules(const RulesRequest& request) {
  const auto location = locate_rules(request.rules);
  if (!location) return complain("rules list", location.error().message);
  const auto rules = load_or_compile(location->shipped, default_rule_cache(), location->operators);
  if (!rules) return complain("rules list", rules.error().message);

  const RuleSet& set = **rules;
  std::vector<uint64_t> signatures(set.application_count() + 1);
  for (uint16_t i = 1; i < set.signature_count(); ++i) {
    if (const ApplicationId protocol = set.signature(i).protocol; protocol < signatures.size())
      ++signatures[protocol];
  }
  Table table({{"Application", Align::Left, Weight::Essential, 12},
               {"Category", Align::Left, Weight::Essential, 8},
               {"Signatures"}});
  for (ApplicationId id = 1; id <= set.application_count(); ++id) {
    table.add({set.application_name(id), set.application_category(id), human_count(signatures[id])});
  }
  Page page(page_style({}));
  table.print(page);
  return print(page.take());
}

}  // namespace

CommandRun declare_rules(Options options) {
  const auto request = std::make_shared<RulesRequest>();
  options.needs_a_command();
  const Options check = options.command("check", "Say what is wrong with rules, or how large they compile");
  check
      .value("PATH", request->checked,
                   "Folders or files to check together with the shipped rules; none: the shipped rules")
      .value_name("");
  check.flag("--costs", request->costs, "Size and scan cost of every rule, not only of those in PATH");
  check.footer(
      "Example:\n  wirewatch rules check own-rules/ draft.toml\n\nExit status: 0 no fault; 1 faults, each "
      "with file, line and column; 2 unreadable.");
  const auto take_rules = [](Options command, std::vector<std::string>& rules) {
    command
        .value("--rules", rules,
                    "Folder of rules in place of the shipped ones; given twice, the second adds to the first and wins")
        .once_each()
        .value_name("DIR");
  };
  const Options list = options.command("list", "Name the applications that can be recognised");
  take_rules(list, request->rules);
  const Options explain = options.command("explain", "Say why a flow of a capture has its name");
  explain.value("FILE", request->explain.files, "Captures, several are read as one").required().value_name("");
  explain
      .value("--flow", request->explain.flow,
                   "Number of the flow in the order of the report, or CLIENT:PORT-SERVER:PORT")
      .required()
      .value_name("FLOW");
  take_rules(explain, request->explain.rules);
  explain.footer(
      "Examples:\n  wirewatch rules explain office.pcapng --flow 12\n  wirewatch rules explain office.pcapng --flow "
      "10.0.0.5:50012-10.0.0.9:443");
  const Options reload = options.command("reload", "Let the daemon compile its rules again and put them in force");
  return [request, check, explain, reload, run_reload = declare_rules_reload(reload)] {
    if (explain.chosen()) return explain_rules(request->explain);
    if (reload.chosen()) return run_reload();
    return check.chosen() ? check_rules(*request) : list_rules(*request);
  };
}

}  // namespace wirewatch
