// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/inspect_command.h"

#include <algorithm>
#include <array>
#include <memory>

#include "control/cli/inspect_request.h"
#include "control/cli/options/option_checks.h"
#include "control/report/page.h"

namespace wirewatch {
namespace {

struct SortName {
  std::string_view name;
  SortKey key;
};
constexpr std::array kSortNames{SortName{"packets", SortKey::Packets}, SortName{"bytes", SortKey::Bytes},
                                SortName{"connections", SortKey::Connections}};

constexpr const char* kInspectExamples =
    "Examples:\n"
    "  wirewatch inspect office.pcapng               the report, for people\n"
    "  wirewatch inspect office.pcapng --port 111    who talks to port 111\n"
    "  wirewatch inspect office.pcapng -Y 'ip.addr == 10.0.0.0/8'\n"
    "  wirewatch inspect *.cap --unwanted bittorrent,p2p && echo clean\n"
    "  wirewatch inspect office.pcapng --json | jq '.handshake_totals.p99_ns'\n"
    "  tcpdump -w - | wirewatch inspect -            from a pipe\n\n";

ValueCheck sort_key(InspectRequest& request) {
  return [&request](const std::string& text) -> std::string {
    const auto found = std::find_if(kSortNames.begin(), kSortNames.end(),
                                    [&](const SortName& each) { return each.name == text; });
    if (found == kSortNames.end()) return "expected packets, bytes or connections, not '" + text + "'";
    request.sort = found->key;
    return {};
  };
}

void declare_output(Options options, InspectRequest& request) {
  const auto add = [&](const char* name, auto& variable, const char* value, const char* description) {
    return options.value(name, variable, description).value_name(value).group("Output");
  };
  options.flag("--json", request.json, "One JSON document, schema wirewatch/report/1, instead of the report")
      .group("Output");
  add("--csv", request.csv_directory, "DIR",
      "Write the tables into DIR as CSV files instead of printing the report");
  add("--top", request.top, "N", "Rows of each table of the report")
      .usual(std::to_string(request.top))
      .check(whole_number(1, 1'000'000));
  add("--sort", request.sort_name, "KEY", "Order of the tables: packets, bytes or connections")
      .usual("packets")
      .check(sort_key(request));
  add("--port", request.port, "N", "Show only this port of destinations and conversations")
      .check(whole_number(1, 65'535));
  add("--width", request.width, "N", "Columns of the report, instead of those of $COLUMNS or the terminal")
      .check(whole_number(kNarrowestPage, 10'000));
}

void declare_analysis(Options options, InspectRequest& request) {
  const auto add = [&](const char* name, auto& variable, const char* value, const char* description) {
    return options.value(name, variable, description).value_name(value).group("Analysis");
  };
  add("-Y,--filter", request.filter, "FILTER", "Report on the packets alone for which this display filter holds");
  add("--bpf", request.bpf, "EXPR", "Report on the packets alone for which this BPF expression holds");
  add("--local", request.local, "NET", "Network from which sent and received are seen, such as 10.0.0.0/8; may be repeated")
      .once_each();
  options.flag("--inner", request.inner,
               "Destinations by the innermost IP header of a tunnel instead of the outermost")
      .group("Analysis");
  add("--unwanted", request.unwanted, "LIST", "Applications or categories that should not be there, separated by commas")
      .once_each()
      .split_at(',');
  add("--policy", request.policy, "FILE", "The same from a TOML file: unwanted = [\"bittorrent\", \"p2p\"]");
  add("--rules", request.rules, "DIR",
      "Rules in place of the shipped ones; given twice, the second folder adds to the first and wins")
      .once_each();
  add("--jobs", request.jobs, "N", "Worker threads; as many as there are cores unless given")
      .check(whole_number(1, 256));
  add("--max-flows", request.max_flows, "N",
      "Flows remembered at a time; the one idle longest gives way and is counted")
      .usual(std::to_string(request.max_flows))
      .check(whole_number(1, 1'000'000'000));
}

}  // namespace

CommandRun declare_inspect(Options options) {
  const auto request = std::make_shared<InspectRequest>();
  options.value("FILE", request->files,
                 "Captures (pcap, pcapng, NetMon), several are read as one; - is standard input")
      .required()
      .value_name("");
  declare_output(options, *request);
  declare_analysis(options, *request);
  options.footer(kInspectExamples + std::string(kExitStatusHelp));
  return [request] { return run_inspect(*request); };
}

}  // namespace wirewatch
