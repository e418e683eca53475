// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/live_commands.h"

#include <memory>

#include "control/cli/live/api_session.h"
#include "control/cli/live/live_pages.h"
#include "control/cli/options/option_checks.h"
#include "control/cli/terminal.h"
#include "control/client/live_report.h"

namespace wirewatch {
namespace {

constexpr size_t kUsualRows = 10;
constexpr uint64_t kMostRows = 10'000;  // what the API gives at most

struct ViewRequest : ApiOptions {
  size_t top = kUsualRows;
  std::string sort;
  std::optional<uint16_t> port;
  std::string window;
  std::string application;
};

void declare_top(Options options, ViewRequest& request) {
  options.value("--top", request.top, "Rows of each table")
      .value_name("N")
      .usual(std::to_string(request.top))
      .check(whole_number(1, kMostRows));
}

void declare_port(Options options, ViewRequest& request, const char* description) {
  options.value("--port", request.port, description).value_name("N").check(whole_number(1, 65'535));
}

void declare_sort(Options options, ViewRequest& request, const std::vector<std::string>& keys) {
  request.sort = keys.front();
  options.value("--sort", request.sort, "Order of the rows: " + listed(keys))
      .value_name("KEY")
      .usual(request.sort)
      .check(one_of(keys));
}

TextOptions text_options(const ViewRequest& request, const PageStyle& style) {
  TextOptions options;
  options.page = style;
  options.top = request.top;
  options.sort = request.sort == "bytes"         ? SortKey::Bytes
                 : request.sort == "connections" ? SortKey::Connections
                                                 : SortKey::Packets;
  options.only_port = request.port;
  return options;
}

Report report_of(const std::vector<Document>& documents) {
  Report report;
  for (const Document& document : documents) add_sections(document, report);
  if (report.capture.traffic.packets == 0) {  // shares are of all that was seen
    for (const HierarchyNode& root : report.protocol_hierarchy) report.capture.traffic += root.traffic;
  }
  return report;
}

/// What of the options goes into the question; those that a command does not declare are empty.
std::string target_of(std::string_view path, const ViewRequest& request) {
  TargetText query(path);
  query.add("top", request.top);
  if (request.port) query.add("port", uint64_t{*request.port});
  if (!request.sort.empty()) query.add("sort", request.sort);
  if (!request.window.empty()) query.add("window", request.window);
  if (!request.application.empty()) query.add("application", request.application);
  return query.target();
}

/// A command whose options are all of ViewRequest's.
using Declared = std::shared_ptr<ViewRequest>;
Declared declare_view(Options options) {
  auto request = std::make_shared<ViewRequest>();
  declare_api_options(options, *request);
  options.footer(std::string(kExitStatusHelp));
  return request;
}

}  // namespace

CommandRun declare_status(Options options) {
  const Declared request = declare_view(options);
  return [request] {
    return ask_and_print(
        "status", *request, {"/api/v1/status"},
        [](const auto& documents, const PageStyle& style) { return status_page(*documents[0], style); });
  };
}

CommandRun declare_protocols(Options options) {
  const Declared request = declare_view(options);
  declare_top(options, *request);
  return [request] {
    return ask_and_print("protocols", *request, {"/api/v1/protocols", target_of("/api/v1/alerts", *request)},
                         [&](const auto& documents, const PageStyle& style) {
                           return protocols_page(report_of(documents), text_options(*request, style));
                         });
  };
}

CommandRun declare_destinations(Options options) {
  const Declared request = declare_view(options);
  declare_top(options, *request);
  declare_port(options, *request, "Only this port");
  declare_sort(options, *request, {"packets", "bytes"});
  return [request] {
    return ask_and_print(
        "destinations", *request,
        {target_of("/api/v1/destinations", *request), target_of("/api/v1/conversations", *request)},
        [&](const auto& documents, const PageStyle& style) {
          return destinations_page(report_of(documents), text_options(*request, style));
        });
  };
}

CommandRun declare_handshakes(Options options) {
  const Declared request = declare_view(options);
  declare_top(options, *request);
  declare_port(options, *request, "Only servers on this port");
  request->window = "1m";
  options.value("--window", request->window, "How far back: 1m, 5m or 1h")
      .value_name("TIME")
      .usual(request->window)
      .check(one_of({"1m", "5m", "1h"}));
  return [request] {
    return ask_and_print("handshakes", *request, {target_of("/api/v1/handshakes", *request)},
                         [&](const auto& documents, const PageStyle& style) {
                           return handshakes_page(*documents[0], report_of(documents),
                                                  text_options(*request, style));
                         });
  };
}

CommandRun declare_flows(Options options) {
  const Declared request = declare_view(options);
  declare_top(options, *request);
  declare_port(options, *request, "Only flows to or from this port");
  declare_sort(options, *request, {"recent", "packets", "bytes"});
  options.value("--application", request->application, "Only flows of this application").value_name("NAME");
  return [request] {
    return ask_and_print("flows", *request, {target_of("/api/v1/flows", *request)},
                         [&](const auto& documents, const PageStyle& style) {
                           return flows_page(*documents[0], text_options(*request, style));
                         });
  };
}

CommandRun declare_alerts(Options options) {
  const Declared request = declare_view(options);
  declare_top(options, *request);
  return [request] {
    return ask_and_print("alerts", *request, {target_of("/api/v1/alerts", *request)},
                         [&](const auto& documents, const PageStyle& style) {
                           return alerts_page(*documents[0], text_options(*request, style));
                         });
  };
}

}  // namespace wirewatch
