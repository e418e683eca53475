// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/live_pages.h"

#include "control/client/live_report.h"
#include "control/report/human.h"
#include "control/report/table.h"
#include "control/report/text_sections.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

std::string time_of_day(const Json& row, const char* key) {
  const auto time = time_of(row, key);
  return time ? utc_time_of_day(*time, kMillisecond_ns) : std::string();
}

std::string duration(const std::optional<int64_t>& ns, bool utf8) {
  return ns ? human_duration(*ns, utf8) : std::string();
}

/// "the last minute" for "1m".
std::string span_name(std::string_view window) {
  return window == "1m"   ? "the last minute"
         : window == "5m" ? "the last 5 minutes"
         : window == "1h" ? "the last hour"
                          : "this window";
}

Style style_of(HandshakeOutcome outcome) noexcept {
  return outcome == HandshakeOutcome::Established ? Style::Plain : Style::Warning;
}

void write_recent_handshakes(const Report& report, Page& page) {
  Table table({{"SYN at (UTC)", Align::Left},
               {"Client", Align::Left, Weight::Essential, 18, Shorten::Middle},
               {"Server", Align::Left, Weight::Essential, 18, Shorten::Middle},
               {"SYN,ACK"},
               {"Client's ACK", Align::Right, Weight::Useful},
               {"Outcome", Align::Left, Weight::Useful},
               {"Resent", Align::Right, Weight::Extra},
               {"Clock", Align::Left}});
  for (const HandshakeRecord& record : report.handshakes) {
    const uint64_t resent = uint64_t{record.syn_retransmissions} + record.syn_ack_retransmissions;
    table.add(
        {record.syn_time == kNoTimestamp ? std::string() : utc_time_of_day(record.syn_time, kMillisecond_ns),
         human_endpoint(record.client),
         human_endpoint(record.server),
         {duration(record.syn_ack_rtt_ns, page.utf8()), Style::Strong},
         duration(record.ack_rtt_ns, page.utf8()),
         {std::string(to_string(record.outcome)), style_of(record.outcome)},
         resent == 0 ? std::string() : human_count(resent),
         {record.clock_unsteady ? std::string("unsteady") : std::string(), Style::Warning}});
  }
  if (table.empty()) return;
  page.subheading("Most recent connections");
  table.print(page);
}

}  // namespace

std::string protocols_page(const Report& report, const TextOptions& options) {
  Page page(options.page);
  if (report.protocol_hierarchy.empty()) {
    page.heading("2  Which protocols run here, and which should not?");
    page.sentence("None yet: no packet was seen.");
  } else {
    write_protocols(report, options, page);
  }
  return page.take();
}

std::string destinations_page(const Report& report, const TextOptions& options) {
  Page page(options.page);
  if (report.destinations.empty() && report.conversations.empty() && !options.only_port) {
    page.heading("3  Who talks to which destinations and ports?");
    page.sentence("Nobody yet: no IP packet was seen.");
  } else {
    write_destinations(report, options, page);
  }
  return page.take();
}

std::string handshakes_page(const Json& answer, const Report& report, const TextOptions& options) {
  Page page(options.page);
  const std::string span = span_name(text_of(answer, "window"));
  if (report.handshake_totals.attempts == 0) {
    page.heading("1  How long do connections take to set up?");
    page.sentence("No TCP connection was opened in " + span + ".");
  } else {
    write_connection_set_up(report, options, page);
    page.blank();
    page.sentence("All of this is about " + span + ".", Style::Faint);
    for (const Json& port : rows_of(answer, "clocks")) {
      page.labelled("Clock", std::string(text_of(port, "port")) + ": " + clock_text(port, page.utf8()), Style::Faint);
    }
  }
  write_recent_handshakes(report, page);
  return page.take();
}

std::string flows_page(const Json& answer, const TextOptions& options) {
  Page page(options.page);
  const Json& flows = rows_of(answer, "flows");
  const uint64_t all = std::max<uint64_t>(count_of(answer, "flow_count"), flows.size());
  if (flows.empty()) {
    page.sentence("No flow to be shown.");
    return page.take();
  }
  Table table({{"", Align::Left},
               {"Client", Align::Left, Weight::Essential, 18, Shorten::Middle},
               {"Server", Align::Left, Weight::Essential, 18, Shorten::Middle},
               {"", Align::Left, Weight::Useful},
               {"Application", Align::Left, Weight::Essential, 11},
               {"Service", Align::Left, Weight::Useful, 8},
               {"Host", Align::Left, Weight::Extra, 16, Shorten::Middle},
               {"Evidence", Align::Left, Weight::Extra},
               {"To server", Align::Right, Weight::Useful},
               {"To client", Align::Right, Weight::Useful},
               {"Last (UTC)", Align::Right}});
  for (const Json& flow : flows) {
    table.add({{flag(flow, "active") ? (page.utf8() ? "●" : "*") : "", Style::Good},
               human_endpoint(endpoint_of(flow, "client")),
               human_endpoint(endpoint_of(flow, "server")),
               text_of(flow, "transport"),
               text_of(flow, "application"),
               text_of(flow, "service"),
               text_of(flow, "host"),
               text_of(flow, "evidence"),
               human_bytes(traffic_of(member(flow, "to_server")).bytes),
               human_bytes(traffic_of(member(flow, "to_client")).bytes),
               time_of_day(flow, "last_timestamp")});
  }
  table.print(page);
  write_rest(flows.size(), all, page);
  return page.take();
}

std::string alerts_page(const Json& answer, const TextOptions& options) {
  Page page(options.page);
  const Json& rows = rows_of(answer, "unwanted");
  const uint64_t all = std::max<uint64_t>(count_of(answer, "alert_count"), rows.size());
  if (all == 0) {
    page.sentence("No unwanted traffic was seen.", Style::Good);
    return page.take();
  }
  Table table({{"Raised (UTC)", Align::Left},
               {"Application", Align::Left, Weight::Essential, 10},
               {"Client", Align::Left, Weight::Essential, 18, Shorten::Middle},
               {"Server", Align::Left, Weight::Essential, 18, Shorten::Middle},
               {"Evidence", Align::Left, Weight::Useful},
               {"Host", Align::Left, Weight::Extra, 16, Shorten::Middle},
               {"Packets", Align::Right, Weight::Useful},
               {"Bytes"}});
  for (const Json& row : rows) {
    const Traffic traffic = traffic_of(row);
    table.add({time_of_day(row, "raised"),
               {std::string(text_of(row, "application")), Style::Alarm},
               human_endpoint(endpoint_of(row, "client")),
               human_endpoint(endpoint_of(row, "server")),
               text_of(row, "evidence"),
               text_of(row, "host"),
               human_count(traffic.packets),
               human_bytes(traffic.bytes)});
  }
  table.print(page);
  write_rest(rows.size(), all, page);
  if (const uint64_t forgotten = count_of(answer, "alerts_forgotten"); forgotten > 0) {
    page.sentence(human_count(forgotten) + " older ones were given up for want of room.", Style::Warning);
  }
  return page.take();
}

}  // namespace wirewatch
