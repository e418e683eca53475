// SPDX-License-Identifier: BSD-3-Clause
// Question 1: how long do connections take to set up?
#include <algorithm>
#include <span>

#include "control/report/human.h"
#include "control/report/table.h"
#include "control/report/text_sections.h"

namespace wirewatch {
namespace {

std::string duration(const std::optional<int64_t>& ns, bool utf8) {
  return ns ? human_duration(*ns, utf8) : std::string();
}

std::string count_or_nothing(uint64_t count) { return count == 0 ? std::string() : human_count(count); }

void write_totals(const Report& report, Page& page) {
  const HandshakeGroup& totals = report.handshake_totals;
  std::string outcomes =
      human_count(totals.attempts) + ": " + human_count(totals.established) + " established";
  const auto add = [&](uint64_t count, const char* outcome) {
    if (count > 0) outcomes += ", " + human_count(count) + " " + outcome;
  };
  add(totals.refused, "refused");
  add(totals.unanswered, "unanswered");
  add(totals.half_open, "half-open");
  page.labelled("Attempts", outcomes);

  const RttSummary& rtt = report.rtt_overall;
  if (rtt.count == 0 || !rtt.p50_ns) {
    page.labelled("SYN,ACK after", "no SYN was answered in a way that can be timed");
  } else {
    const auto part = [&](const char* name, const std::optional<int64_t>& ns) {
      return ns ? ", " + std::string(name) + " " + human_duration(*ns, page.utf8()) : std::string();
    };
    page.labelled("SYN,ACK after", "p50 " + human_duration(*rtt.p50_ns, page.utf8()) +
                                       part("p90", rtt.p90_ns) + part("p99", rtt.p99_ns) +
                                       part("max", rtt.max_ns));
  }
  if (totals.ambiguous > 0) {
    page.labelled("Left out", human_count(totals.ambiguous) +
                                  " whose SYN or SYN,ACK was resent: their times are ambiguous");
  }
  if (totals.clock_unsteady > 0) {
    page.labelled("Left out", human_count(totals.clock_unsteady) + " timed while a clock was stepped or still being measured", Style::Warning);
  }
}

void write_groups(const std::vector<HandshakeGroup>& groups, uint64_t all, bool by_port, size_t top, Page& page) {
  Table table({{by_port ? "Port" : "Server", by_port ? Align::Right : Align::Left, Weight::Essential,
                by_port ? 0u : 18u, Shorten::Middle},
               {"Attempts"},
               {"Failed"},
               {"Refused", Align::Right, Weight::Extra},
               {"Unanswered", Align::Right, Weight::Extra},
               {"Half-open", Align::Right, Weight::Extra},
               {"Resent", Align::Right, Weight::Extra},
               {"p50"},
               {"p90", Align::Right, Weight::Useful},
               {"p99"},
               {"max", Align::Right, Weight::Useful},
               TableColumn::bars()});
  const size_t shown = std::min(top, groups.size());
  int64_t slowest = 0;
  for (size_t i = 0; i < shown; ++i) slowest = std::max(slowest, groups[i].rtt.p50_ns.value_or(0));
  for (size_t i = 0; i < shown; ++i) {
    const HandshakeGroup& group = groups[i];
    const uint64_t failed = group.refused + group.unanswered;
    table.add({by_port ? std::to_string(group.server.port) : human_endpoint(group.server),
               human_count(group.attempts),
               {count_or_nothing(failed), Style::Warning},
               count_or_nothing(group.refused),
               count_or_nothing(group.unanswered),
               count_or_nothing(group.half_open),
               count_or_nothing(group.ambiguous),
               {duration(group.rtt.p50_ns, page.utf8()), Style::Strong},
               duration(group.rtt.p90_ns, page.utf8()),
               duration(group.rtt.p99_ns, page.utf8()),
               duration(group.rtt.max_ns, page.utf8()),
               Cell::bar(static_cast<uint64_t>(std::max<int64_t>(group.rtt.p50_ns.value_or(0), 0)),
                         static_cast<uint64_t>(slowest))});
  }
  table.print(page);
  write_rest(shown, all, page);
}

void write_slowest(const Report& report, size_t top, Page& page) {
  const std::span slowest = std::span(report.slowest_handshakes).first(std::min(top, report.slowest_handshakes.size()));
  if (slowest.empty()) return;
  Table table({{"Client", Align::Left, Weight::Essential, 18, Shorten::Middle},
               {"Server", Align::Left, Weight::Essential, 18, Shorten::Middle},
               {"SYN,ACK"},
               {"Client's ACK", Align::Right, Weight::Useful},
               {"SYN at (UTC)", Align::Right, Weight::Useful},
               {"Frame", Align::Right, Weight::Extra}});
  for (const HandshakeRecord& record : slowest) {
    table.add({human_endpoint(record.client),
               human_endpoint(record.server),
               {duration(record.syn_ack_rtt_ns, page.utf8()), Style::Strong},
               duration(record.ack_rtt_ns, page.utf8()),
               utc_time_of_day(record.syn_time, report.capture.timestamp_resolution_ns),
               count_or_nothing(record.syn_frame)});
  }
  page.subheading("Slowest connections");
  table.print(page);
}

}  // namespace

void write_connection_set_up(const Report& report, const TextOptions& options, Page& page) {
  page.heading("1  How long do connections take to set up?");
  if (report.handshake_totals.attempts == 0)
    return page.sentence("No TCP connection was opened in this capture.");
  write_totals(report, page);
  if (!report.handshakes_by_server.empty()) {
    page.subheading("Servers");
    write_groups(report.handshakes_by_server, report.handshake_server_count, false, options.top, page);
  }
  if (!report.handshakes_by_port.empty()) {
    page.subheading("Server ports");
    write_groups(report.handshakes_by_port, report.handshake_port_count, true, options.top, page);
  }
  write_slowest(report, options.top, page);
}

}  // namespace wirewatch
