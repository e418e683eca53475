// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/capture_command.h"

#include <memory>

#include "control/cli/live/api_session.h"
#include "control/cli/live/capture_download.h"
#include "control/cli/live/capture_pages.h"
#include "control/cli/live/capture_request.h"
#include "control/cli/standard_streams.h"
#include "control/cli/terminal.h"
#include "dataplane/filter/filter.h"
#include "dataplane/pipeline/tap_set.h"

namespace wirewatch {
namespace {

constexpr const char* kCaptures = "/api/v1/captures";

constexpr const char* kStartExamples =
    "Sizes are 512K, 100M, 1.5G (1024 each); times are 50ms, 60s, 5m, 1h.\n\n"
    "Examples:\n"
    "  wirewatch capture start portmap -Y 'tcp.port == 111' --for 10m --max-bytes 1G\n"
    "  wirewatch capture start last-day --ring-time 1h --ring-files 24 --snap 128\n"
    "  wirewatch capture start torrents -Y 'flow.application == \"bittorrent\"' \\\n"
    "      --on-unwanted bittorrent --before 30s --for 60s\n"
    "  wirewatch capture start slow --bpf 'tcp port 443' --on-rtt 'p99 > 50ms' --before 10s\n"
    "  wirewatch capture start office-hours --calendar 'Mon..Fri 09:00' --for 5m\n\n";

struct CaptureOrders : ApiOptions {
  CaptureRequest start;
  std::string name;
  DownloadRequest download;
};

std::string target_of(const std::string& name) { return TargetText(kCaptures).segment(name).target(); }

/// Prints the answer as it is, or what `show` makes of it.
ExitStatus show(std::string_view command, const CaptureOrders& orders, const ApiResult<std::string>& answer,
                std::string (*show)(const Json&)) {
  if (!answer) return complain(command, answer.error());
  if (orders.json) return print(*answer + (answer->ends_with('\n') ? "" : "\n"));
  const auto document = parse_answer(*answer);
  if (!document) return complain(command, document.error().message);
  return print(show(*document));
}

/// A worker decides by one packet and its flow so far. Bare names of applications, which only the daemon knows all of, are about the
/// whole of a flow.
bool filtered_in_control(const std::string& filter) {
  if (filter.empty()) return false;
  const auto compiled = Filter::compile(filter);
  return !compiled || !TapSet::takes(compiled->needs());
}

ExitStatus start(const CaptureOrders& orders) {
  const auto body = capture_body(orders.start);
  if (!body) return complain("capture start", body.error().message);
  ApiClient client({.socket = api_socket_path(orders.socket)});
  const ExitStatus done = show("capture start", orders, client.post(kCaptures, body->dump(-1, ' ', false, Json::error_handler_t::replace)), capture_line);
  if (done == ExitStatus::Done && filtered_in_control(orders.start.filter)) {
    return complain("capture start",
                    "the filter asks for more than a packet and its flow so far tell: every packet of the port is copied to the daemon, which "
                    "filters there; 'wirewatch capture show' counts those under \"not matching after all\"",
                    ExitStatus::Done);
  }
  return done;
}

ExitStatus stop(const CaptureOrders& orders) {
  ApiClient client({.socket = api_socket_path(orders.socket)});
  const std::string target = TargetText(kCaptures).segment(orders.name).segment("stop").target();
  return show("capture stop", orders, client.post(target, "{}"), capture_line);
}

ExitStatus erase(const CaptureOrders& orders) {
  ApiClient client({.socket = api_socket_path(orders.socket)});
  return show("capture delete", orders, client.erase(target_of(orders.name)), [](const Json&) { return std::string("Deleted.\n"); });
}

ExitStatus download(const CaptureOrders& orders) {
  ApiClient client({.socket = api_socket_path(orders.socket)});
  return download_capture(client, orders.download);
}

}  // namespace

CommandRun declare_capture(Options options) {
  const auto orders = std::make_shared<CaptureOrders>();
  options.needs_a_command();
  const auto add = [&](const char* name, const char* summary) {
    const Options command = options.command(name, summary);
    declare_api_options(command, *orders);
    command.footer(std::string(kExitStatusHelp));
    return command;
  };
  const auto name_of = [&](Options command, std::string& variable) {
    command.value("NAME", variable, "The session").required().value_name("");
  };
  const Options starts = add("start", "Save packets of live traffic that match, now or when something happens");
  declare_capture_options(starts, orders->start);
  starts.footer(kStartExamples + std::string(kExitStatusHelp));
  const Options stops = add("stop", "End a session; its files stay");
  add("list", "All sessions: what they save, how much, what got lost");
  const Options shows = add("show", "One session: its counts, files and firings, and why it ended");
  const Options erases = add("delete", "Forget a session and delete its files");
  for (const Options each : {stops, shows, erases}) name_of(each, orders->name);
  const Options downloads = options.command("download", "Bring the files of a session here");
  name_of(downloads, orders->download.session);
  downloads.value("FILE", orders->download.file, "One of its files; all of them without it").value_name("");
  downloads.value("-o,--output", orders->download.output, "File or folder to write to, or - for standard output").value_name("PATH");
  declare_socket_option(downloads, *orders);
  downloads.footer("Example:\n  wirewatch capture download portmap -o - | tshark -r -\n\n" + std::string(kExitStatusHelp));
  return [=] {
    if (starts.chosen()) return start(*orders);
    if (stops.chosen()) return stop(*orders);
    if (erases.chosen()) return erase(*orders);
    if (downloads.chosen()) return download(*orders);
    const bool one = shows.chosen();
    return ask_and_print(one ? "capture show" : "capture list", *orders, {one ? target_of(orders->name) : kCaptures},
                         [one](const auto& documents, const PageStyle& style) {
                           return one ? capture_page(*documents[0], style) : captures_page(*documents[0], style);
                         });
  };
}

}  // namespace wirewatch
