// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/view.h"

namespace wirewatch {
namespace {

std::string_view name_at(const std::vector<std::string_view>& names, ApplicationId id) noexcept {
  return id != kUnknownApplication && id < names.size() ? names[id] : std::string_view();
}

}  // namespace

std::string_view application_name(const Report& report, const FlowRecord& flow) noexcept {
  return name_at(report.application_names, flow.application);
}

std::string_view application_category(const Report& report, const FlowRecord& flow) noexcept {
  return name_at(report.application_categories, flow.application);
}

const HostService* service_of(const Report& report, const FlowRecord& flow) noexcept {
  return report.hosts == nullptr || flow.host.empty() ? nullptr : report.hosts->find(flow.host);
}

void restrict_to_port(Report& report, uint16_t port) {
  for (Destination& destination : report.destinations) {
    std::erase_if(destination.ports, [&](const DestinationPort& row) { return row.port != port; });
    destination.traffic = {};
    for (const DestinationPort& row : destination.ports) destination.traffic += row.traffic;
  }
  std::erase_if(report.destinations, [](const Destination& row) { return row.ports.empty(); });
  std::stable_sort(
      report.destinations.begin(), report.destinations.end(),
      [](const Destination& a, const Destination& b) { return a.traffic.packets > b.traffic.packets; });
  std::erase_if(report.conversations, [&](const Conversation& row) { return row.server.port != port; });
  report.destination_count = report.destinations.size();
  report.conversation_count = report.conversations.size();
}

}  // namespace wirewatch
