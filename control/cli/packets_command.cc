// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/packets_command.h"

#include <memory>

#include "control/cli/options/option_checks.h"

namespace wirewatch {
namespace {

constexpr const char* kPacketsExamples =
    "Examples:\n"
    "  wirewatch packets office.pcapng -Y 'tcp.port == 111'\n"
    "  wirewatch packets office.pcapng -Y 'flow.application == \"bittorrent\"' -w torrents.pcapng\n"
    "  wirewatch packets office.pcapng -Y tls.handshake.type==1 -T fields -e ip.src\n"
    "  wirewatch packets office.pcapng --bpf 'tcp port 111' --count\n"
    "  tcpdump -w - | wirewatch packets - -w only-dns.pcapng -Y dns\n\n"
    "The list shows each packet under the application that its flow turns out to be, so that files\n"
    "are read twice, and a pipe is kept in a temporary file. --one-pass prints at once.\n\n";


}  // namespace

CommandRun declare_packets(Options options) {
  const auto request = std::make_shared<PacketsRequest>();
  options.value("FILE", request->files, "Captures (pcap, pcapng, NetMon), several are read as one; - is standard input")
      .required()
      .value_name("");
  const auto add = [&](const char* group, const char* name, auto& variable, const char* value, const char* description) {
    return options.value(name, variable, description).value_name(value).group(group);
  };
  const char *const choice = "Which packets", *const output = "Output", *const names = "Names of applications";
  add(choice, "-Y,--filter", request->filter, "FILTER", "Only packets for which this display filter holds, in Wireshark's syntax");
  add(choice, "--bpf", request->bpf, "EXPR", "Only packets for which this BPF expression holds, in tcpdump's syntax");
  add(choice, "-c,--limit", request->most, "N", "Stop after N packets that match").check(whole_number(1, UINT64_MAX));
  options.flag("--count", request->count, "Print how many packets match instead of the packets").group(output);
  add(output, "-T,--format", request->format, "FORMAT", "text, fields (those of -e) or json")
      .usual("text")
      .check(one_of({"text", "fields", "json"}));
  options.flag("--json", request->json, "The same as -T json").group(output);
  add(output, "-e,--field", request->fields, "FIELD", "A field to print, for -T fields and json; may be repeated").once_each();
  add(output, "-E", request->style, "NAME=VALUE",
      "How to print fields: header=y, separator=/t, quote=d|s|n, occurrence=f|l|a, aggregator=/s")
      .once_each();
  add(output, "-w,--write", request->write, "FILE",
      "Write the packets as pcapng instead of printing them, as pcap if the name ends in .pcap or .cap; - is standard output");
  options.flag("-x,--hex", request->bytes, "Print the bytes of each packet below its line").group(output);
  options.flag("--one-pass", request->one_pass,
               "Name protocols by their headers alone, so that packets are printed while they are read")
      .group(names);
  add(names, "--rules", request->rules, "DIR",
      "Rules in place of the shipped ones; given twice, the second folder adds to the first and wins")
      .once_each();
  add(names, "--max-flows", request->max_flows, "N", "Flows remembered at a time while applications are recognised")
      .usual(std::to_string(request->max_flows))
      .check(whole_number(1, 1'000'000'000));
  options.footer(kPacketsExamples + std::string(kExitStatusHelp));
  return [request] { return run_packets(*request); };
}

}  // namespace wirewatch
