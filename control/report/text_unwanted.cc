// SPDX-License-Identifier: BSD-3-Clause
// Traffic that the policy does not want: the warning at the top of the page, and who spoke with whom.
#include <algorithm>
#include <map>

#include "control/report/human.h"
#include "control/report/table.h"
#include "control/report/text_sections.h"

namespace wirewatch {
namespace {

struct Group {
  uint64_t flows = 0;
  uint64_t bytes = 0;
  std::map<IpAddress, uint64_t> bytes_of_clients;
};

constexpr size_t kMostBannerLines = 4;

}  // namespace

void write_unwanted_banner(const Report& report, Page& page) {
  if (report.unwanted.empty()) return;
  std::map<std::string_view, Group> groups;
  for (const UnwantedRow& row : report.unwanted) {
    Group& group = groups[row.application];
    ++group.flows;
    group.bytes += row.traffic.bytes;
    group.bytes_of_clients[row.client.address] += row.traffic.bytes;
  }
  std::vector<std::pair<std::string_view, const Group*>> ranked;
  for (const auto& [application, group] : groups) ranked.emplace_back(application, &group);
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.second->bytes > b.second->bytes; });

  page.blank();
  page.sentence("UNWANTED TRAFFIC: " + counted(report.unwanted.size(), "flow", "flows"), Style::Alarm);
  const size_t shown = std::min(ranked.size(), kMostBannerLines);
  for (size_t i = 0; i < shown; ++i) {
    const auto& [application, group] = ranked[i];
    const auto& clients = group->bytes_of_clients;
    const auto busiest = std::max_element(clients.begin(), clients.end(),
                                          [](const auto& a, const auto& b) { return a.second < b.second; });
    std::string who = busiest->first.to_string();
    if (clients.size() > 1) who = counted(clients.size(), "address", "addresses") + ", most from " + who;
    page.sentence(std::string(application) + ": " + counted(group->flows, "flow", "flows") + ", " +
                      human_bytes(group->bytes) + " from " + who,
                  Style::Alarm, 2 * kPageIndent);
  }
  write_rest(shown, ranked.size(), page);
}

void write_unwanted(const Report& report, const TextOptions& options, Page& page) {
  if (report.unwanted.empty()) {
    page.blank();
    return report.policy_given
               ? page.labelled("Unwanted", "none of what the policy names was seen", Style::Good)
               : page.labelled("Unwanted", "not asked for; --unwanted bittorrent,p2p would look for these");
  }
  page.blank();
  page.line(kPageIndent, {{"Unwanted", Style::Alarm}});
  Table table({{"Client", Align::Left, Weight::Essential, 16, Shorten::Middle},
               {"Server", Align::Left, Weight::Essential, 16, Shorten::Middle},
               {"Application", Align::Left, Weight::Essential, 10},
               {"Evidence", Align::Left},
               {"Transport", Align::Left, Weight::Extra},
               {"Packets", Align::Right, Weight::Extra},
               {"Bytes"},
               {"First seen (UTC)", Align::Left, Weight::Extra},
               {"Host", Align::Left, Weight::Extra, 20, Shorten::Middle}});
  const auto shown = top_rows(report.unwanted, options.top, [&](const UnwantedRow& row) {
    return options.sort == SortKey::Packets ? row.traffic.packets : row.traffic.bytes;
  });
  for (const UnwantedRow* row : shown) {
    table.add({human_endpoint(row->client),
               human_endpoint(row->server),
               {std::string(row->application), Style::Alarm},
               to_string(row->evidence),
               transport_name(row->ip_protocol),
               human_count(row->traffic.packets),
               human_bytes(row->traffic.bytes),
               row->first_time == kNoTimestamp ? std::string() : utc_time(row->first_time, 1'000'000'000),
               row->host});
  }
  table.print(page);
  write_rest(shown.size(), report.unwanted.size(), page);
}

}  // namespace wirewatch
