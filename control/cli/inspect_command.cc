// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/inspect_command.h"

#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "control/cli/inspect_request.h"

namespace wirewatch {
namespace {

const std::map<std::string, SortKey> kSortKeys{
    {"packets", SortKey::Packets}, {"bytes", SortKey::Bytes}, {"connections", SortKey::Connections}};

constexpr const char* kExamples =
    "Examples:\n"
    "  wirewatch inspect office.pcapng               the report, for people\n"
    "  wirewatch inspect office.pcapng --port 111    who talks to port 111\n"
    "  wirewatch inspect *.cap --unwanted bittorrent,p2p && echo clean\n"
    "  wirewatch inspect office.pcapng --json | jq '.handshake_totals.p99_ns'\n"
    "  tcpdump -w - | wirewatch inspect -            from a pipe\n\n";

constexpr size_t kWidestPage = 10'000;

/// Lists are given by repeating an option; by default CLI11 would let it swallow the files behind it.
CLI::Option* once_each(CLI::Option* option) { return option->allow_extra_args(false)->take_all(); }

void declare_output(CLI::App& app, InspectRequest& request) {
  app.add_flag("--json", request.json, "Print one JSON document, schema wirewatch/report/1, instead of the report")->group("Output");
  app.add_option("--csv", request.csv_directory, "Write the tables as CSV files into DIR instead of printing the report")
      ->type_name("DIR")
      ->group("Output");
  app.add_option("--top", request.top, "Rows of each table of the report")->capture_default_str()->type_name("N")->check(CLI::Range(1, 1'000'000))->group("Output");
  app.add_option("--sort", request.sort, "Order of its tables: packets, bytes or connections")
      ->transform(CLI::CheckedTransformer(kSortKeys).description(""))
      ->default_str("packets")
      ->type_name("KEY")
      ->group("Output");
  app.add_option("--port", request.port, "Restrict destinations and conversations to this port")
      ->type_name("N")
      ->check(CLI::Range(1, 65535).description(""))
      ->group("Output");
  app.add_option("--width", request.width, "Columns of the report; else those of $COLUMNS or the terminal")
      ->type_name("N")
      ->check(CLI::Range(size_t{40}, kWidestPage).description(""))
      ->group("Output");
}

void declare_analysis(CLI::App& app, InspectRequest& request) {
  once_each(app.add_option("--local", request.local, "What counts as sent and received is seen from this network; may be repeated"))
      ->type_name("NET")
      ->group("Analysis");
  app.add_flag("--inner", request.inner, "Destinations by the innermost IP header of a tunnel instead of the outermost")->group("Analysis");
  once_each(app.add_option("--unwanted", request.unwanted, "Applications or categories that should not be there, with commas"))
      ->delimiter(',')
      ->type_name("LIST")
      ->group("Analysis");
  app.add_option("--policy", request.policy, "The same from a TOML file: unwanted = [\"bittorrent\", \"p2p\"]")->type_name("FILE")->group("Analysis");
  once_each(app.add_option("--rules", request.rules, "Folder of rules in place of the shipped ones; given twice, the second adds to the first and wins"))
      ->type_name("DIR")
      ->group("Analysis");
  app.add_option("--jobs", request.jobs, "Worker threads; as many as there are cores when not given")
      ->type_name("N")
      ->check(CLI::Range(1, 256).description(""))
      ->group("Analysis");
  app.add_option("--max-flows", request.max_flows, "Flows remembered at a time; the oldest idle one gives way and is counted")
      ->capture_default_str()
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, size_t{1'000'000'000}).description(""))
      ->group("Analysis");
}

}  // namespace

CommandRun declare_inspect(CLI::App& app) {
  const auto request = std::make_shared<InspectRequest>();
  app.add_option("FILE", request->files, "Captures (pcap, pcapng, NetMon), read one after the other as one; - is standard input")
      ->required()
      ->type_name("");
  declare_output(app, *request);
  declare_analysis(app, *request);
  app.footer(kExamples + std::string(kExitStatusHelp));
  return [request] { return run_inspect(*request); };
}

}  // namespace wirewatch
