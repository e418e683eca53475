// SPDX-License-Identifier: BSD-3-Clause
// Question 3: who talks to which destinations and ports?
#include <map>

#include "control/report/human.h"
#include "control/report/table.h"
#include "control/report/text_sections.h"

namespace wirewatch {
namespace {

constexpr size_t kMostPorts = 8;

std::string only(const TextOptions& options) {
  return options.only_port ? "only port " + std::to_string(*options.only_port) : std::string();
}

uint64_t measure(const Traffic& traffic, uint64_t connections, SortKey sort) noexcept {
  return sort == SortKey::Connections ? connections
         : sort == SortKey::Bytes     ? traffic.bytes
                                      : traffic.packets;
}

Traffic sum(Traffic one, const Traffic& other) noexcept { return one += other; }

/// "tcp/443 82.1 %, udp/53 10.0 %, other 7.9 %"
std::string ports_text(const Destination& destination) {
  std::string text;
  const size_t shown = std::min(destination.ports.size(), kMostPorts);
  for (size_t i = 0; i < shown; ++i) {
    const DestinationPort& row = destination.ports[i];
    const std::string_view transport = transport_name(row.ip_protocol);
    if (!text.empty()) text += ", ";
    text += transport == "none" ? std::string("no port")
                                : std::string(transport) + "/" + std::to_string(row.port);
    if (destination.ports.size() > 1)
      text += " " + human_percent(row.traffic.packets, destination.traffic.packets);
  }
  if (shown < destination.ports.size())
    text += ", " + human_count(destination.ports.size() - shown) + " more";
  return text;
}

void write_destination_table(const Report& report, const TextOptions& options, Page& page) {
  std::map<IpAddress, uint64_t> accepted;
  if (options.sort == SortKey::Connections) {
    for (const EndpointRow& row : report.endpoints) accepted[row.address] = row.connections_accepted;
  }
  uint64_t all = 0;
  for (const Destination& row : report.destinations) all += row.traffic.packets;
  const auto shown = top_rows(report.destinations, options.top, [&](const Destination& row) {
    const auto found = accepted.find(row.address);
    return measure(row.traffic, found == accepted.end() ? 0 : found->second, options.sort);
  });
  page.subheading("Destinations", only(options));
  Table table({{"Address", Align::Left, Weight::Essential, 15, Shorten::Middle},
               {"Packets"},
               {"Share", Align::Right, Weight::Useful},
               {"Bytes"},
               {"Ports", Align::Left, Weight::Essential, 16, Shorten::Items},
               TableColumn::bars()});
  for (const Destination* row : shown) {
    table.add({row->address.to_string(), human_count(row->traffic.packets),
               human_percent(row->traffic.packets, all), human_bytes(row->traffic.bytes), ports_text(*row),
               Cell::bar(row->traffic.packets, all)});
  }
  table.print(page);
  write_rest(shown.size(), std::max<size_t>(report.destination_count, report.destinations.size()), page);
}

void write_conversation_table(const Report& report, const TextOptions& options, Page& page) {
  page.subheading("Who opened connections to whom", only(options));
  Table table({{"Client", Align::Left, Weight::Essential, 15, Shorten::Middle},
               {"Server", Align::Left, Weight::Essential, 15, Shorten::Middle},
               {"Port", Align::Right, Weight::Essential},
               {"Application", Align::Left, Weight::Useful, 11},
               {"Flows"},
               {"Packets", Align::Right, Weight::Extra},
               {"Bytes"},
               {"To server", Align::Right, Weight::Extra},
               {"To client", Align::Right, Weight::Extra}});
  const auto shown = top_rows(report.conversations, options.top, [&](const Conversation& row) {
    return measure(sum(row.to_server, row.to_client), row.connections, options.sort);
  });
  for (const Conversation* row : shown) {
    const Traffic both = sum(row->to_server, row->to_client);
    table.add({row->client.to_string(), row->server.address.to_string(),
               std::string(transport_name(row->ip_protocol)) + "/" + std::to_string(row->server.port),
               row->application == kUnknownName ? std::string_view() : row->application,
               human_count(row->connections), human_count(both.packets), human_bytes(both.bytes),
               human_bytes(row->to_server.bytes), human_bytes(row->to_client.bytes)});
  }
  table.print(page);
  write_rest(shown.size(), std::max<size_t>(report.conversation_count, report.conversations.size()), page);
}

void write_service_table(const Report& report, const TextOptions& options, Page& page) {
  page.subheading("Who talks to which services", "by host names and DNS answers");
  Table table({{"Client", Align::Left, Weight::Essential, 15, Shorten::Middle},
               {"Service", Align::Left, Weight::Essential, 12},
               {"Category", Align::Left, Weight::Useful, 8},
               {"Flows"},
               {"Packets", Align::Right, Weight::Extra},
               {"Bytes"},
               {"To server", Align::Right, Weight::Useful},
               {"To client", Align::Right, Weight::Useful}});
  const auto shown = top_rows(report.services, options.top,
                              [&](const ServiceRow& row) { return measure(row.traffic(), row.flows, options.sort); });
  for (const ServiceRow* row : shown) {
    table.add({row->client.to_string(), row->service, row->category, human_count(row->flows),
               human_count(row->traffic().packets), human_bytes(row->traffic().bytes), human_bytes(row->to_server.bytes),
               human_bytes(row->to_client.bytes)});
  }
  table.print(page);
  write_rest(shown.size(), std::max<size_t>(report.service_count, report.services.size()), page);
}

void write_endpoint_table(const Report& report, const TextOptions& options, Page& page) {
  page.subheading("Endpoints");
  Table table({{"Address", Align::Left, Weight::Essential, 15, Shorten::Middle},
               {"Packets"},
               {"Bytes sent"},
               {"Bytes received"},
               {"Flows opened", Align::Right, Weight::Useful},
               {"accepted", Align::Right, Weight::Useful},
               TableColumn::bars()});
  const auto shown = top_rows(report.endpoints, options.top, [&](const EndpointRow& row) {
    return measure(sum(row.sent, row.received), row.connections_opened + row.connections_accepted,
                   options.sort);
  });
  uint64_t most = 0;
  for (const EndpointRow* row : shown) most = std::max(most, sum(row->sent, row->received).packets);
  for (const EndpointRow* row : shown) {
    const uint64_t packets = sum(row->sent, row->received).packets;
    table.add({row->address.to_string(), human_count(packets), human_bytes(row->sent.bytes),
               human_bytes(row->received.bytes), human_count(row->connections_opened),
               human_count(row->connections_accepted), Cell::bar(packets, most)});
  }
  table.print(page);
  write_rest(shown.size(), std::max<size_t>(report.endpoint_count, report.endpoints.size()), page);
}

}  // namespace

void write_destinations(const Report& report, const TextOptions& options, Page& page) {
  page.heading("3  Who talks to which destinations and ports?");
  const bool nothing = report.destinations.empty() && report.conversations.empty();
  if (nothing && options.only_port)
    return page.sentence("Nobody: no packet was sent to port " + std::to_string(*options.only_port) + ".");
  if (nothing && report.endpoints.empty()) return page.sentence("Nobody: the capture holds no IP packets.");
  if (!report.destinations.empty()) write_destination_table(report, options, page);
  if (!report.conversations.empty()) write_conversation_table(report, options, page);
  if (!report.services.empty() && !options.only_port) write_service_table(report, options, page);
  if (!report.endpoints.empty() && !options.only_port) write_endpoint_table(report, options, page);
}

}  // namespace wirewatch
