// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/top_page.h"

#include <algorithm>

#include "control/cli/live/live_pages.h"
#include "control/client/live_report.h"
#include "control/report/human.h"
#include "control/report/table.h"

namespace wirewatch {
namespace {

constexpr size_t kTableFrame = 3;  // blank line, title, names of the columns
constexpr LabelStyle kLabels{12, Style::Faint};

void write_state(const Json& status, const TopView& view, Page& page) {
  const Json& dataplane = member(status, "dataplane");
  const std::string_view state = text_of(dataplane, "state");
  std::string ports;
  for (const Json& port : rows_of(status, "ports"))
    ports += (ports.empty() ? "" : ", ") + std::string(text_of(port, "name"));
  const auto time = time_of(status, "timestamp");
  std::vector<Span> spans{{"wirewatch", Style::Title}, {"  data plane ", Style::Faint}};
  spans.push_back({std::string(state), state == "running" ? Style::Good : Style::Alarm});
  if (!ports.empty()) spans.push_back({"  on " + ports, Style::Faint});
  if (time) spans.push_back({"  " + utc_time_of_day(*time, 1'000'000'000) + " UTC", Style::Faint});
  if (view.paused) spans.push_back({"  PAUSED", Style::Warning});
  page.line(kPageIndent, spans);
}

void write_rates(const TopModel& model, Page& page) {
  const Json& status = model.latest().status;
  const Json &rates = member(status, "rates"), &capture = member(status, "capture");
  std::string text = human_rate(real(rates, "packets_per_second").value_or(0)) + " packets/s, " +
                     human_bit_rate(real(rates, "bits_per_second").value_or(0)) + "; in all " +
                     human_count(count_of(capture, "packets")) + ", " +
                     human_bytes(count_of(capture, "bytes"));
  page.labelled("Traffic", text, Style::Strong, kLabels);
  const uint64_t lost = lost_packets(status), lately = model.newly_lost();
  text = lost == 0 ? "nothing" : human_count(lost) + " packets";
  if (lost > 0 && lately > 0) text += ", " + human_count(lately) + " of them in the last seconds";
  page.labelled("Lost", text, lost == 0 ? Style::Good : lately > 0 ? Style::Alarm : Style::Warning, kLabels);
}

void write_set_up(const TopModel& model, Page& page) {
  const Json& totals = member(model.latest().handshakes, "handshake_totals");
  const uint64_t attempts = count_of(totals, "attempts");
  std::string text = counted(attempts, "connection", "connections") + " in the last minute";
  const auto part = [&](const char* name, const char* key) {
    if (const auto ns = integer(totals, key))
      text += ", " + std::string(name) + " " + human_duration(*ns, page.utf8());
  };
  part("p50", "p50_ns");
  part("p99", "p99_ns");
  const uint64_t failed = count_of(totals, "refused") + count_of(totals, "unanswered");
  if (failed > 0) text += ", " + human_count(failed) + " failed";
  page.labelled("Set-up", text, Style::Plain, kLabels);
}

void write_rows(const char* title, const char* first, const char* second, const std::vector<TopRow>& rows,
                size_t room, Page& page) {
  page.subheading(title);
  Table table({{first, Align::Left, Weight::Essential, 15, Shorten::Middle},
               {second, Align::Left, Weight::Useful, 8},
               {"packets/s"},
               {"bit/s"},
               {"Packets", Align::Right, Weight::Useful},
               {"Bytes"},
               TableColumn::bars()});
  const size_t shown = std::min(room, rows.size());
  double most = 0;
  for (size_t i = 0; i < shown; ++i) most = std::max(most, rows[i].bits_per_second);
  for (size_t i = 0; i < shown; ++i) {
    const TopRow& row = rows[i];
    table.add({row.name,
               row.detail,
               row.packets_per_second > 0 ? human_rate(row.packets_per_second) : std::string(),
               {row.bits_per_second > 0 ? human_bit_rate(row.bits_per_second) : std::string(), Style::Strong},
               human_count(row.total.packets),
               human_bytes(row.total.bytes),
               Cell::bar(most > 0 ? row.bits_per_second / most : 0)});
  }
  table.print(page);
}

void write_alerts(const Json& alerts, size_t room, Page& page) {
  const uint64_t all = count_of(alerts, "alert_count");
  page.subheading("Alerts", all == 0 ? "none" : counted(all, "unwanted flow", "unwanted flows"));
  const Json& rows = rows_of(alerts, "unwanted");
  for (size_t i = 0; i < std::min(room, rows.size()); ++i) {
    const auto raised = time_of(rows[i], "raised");
    page.line(kPageIndent, {{raised ? utc_time_of_day(*raised, 1'000'000'000) + "  " : std::string()},
                            {std::string(text_of(rows[i], "application")) + "  ", Style::Alarm},
                            {human_endpoint(endpoint_of(rows[i], "client")) + (page.utf8() ? " → " : " -> ") +
                             human_endpoint(endpoint_of(rows[i], "server")) + "  " +
                             human_bytes(traffic_of(rows[i]).bytes)}});
  }
}

const char* name_of(TopSort sort) noexcept {
  return sort == TopSort::Rate ? "what is busy now" : sort == TopSort::Packets ? "packets" : "bytes";
}

/// The lines that fit, each whole.
std::string first_lines(const std::string& text, size_t count) {
  size_t at = 0;
  for (; count > 0 && at < text.size(); --count) at = std::min(text.find('\n', at), text.size() - 1) + 1;
  return text.substr(0, at);
}

size_t lines_of(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

std::string top_page(const TopModel& model, const TopView& view) {
  Page head(view.page);
  if (!view.trouble.empty()) head.labelled("Trouble", view.trouble, Style::Alarm, kLabels);
  if (model.empty()) return first_lines(head.take(), view.rows);
  const TopAnswers& answers = model.latest();
  write_state(answers.status, view, head);
  write_rates(model, head);
  write_set_up(model, head);
  std::string text = head.take();

  const size_t foot = view.keys ? 2 : 0;
  const auto applications = model.applications(view.sort), destinations = model.destinations(view.sort);
  const size_t alerts_wanted = std::min<size_t>(rows_of(answers.alerts, "unwanted").size(), 5);
  // Alerts have a title, but no names of columns.
  const size_t fixed = lines_of(text) + foot + 2 * kTableFrame + (kTableFrame - 1) + alerts_wanted;
  const size_t room = view.rows > fixed ? view.rows - fixed : 2;
  const size_t for_applications =
      std::min(applications.size(), std::max(room / 2, room - std::min(room, destinations.size())));

  Page tables(view.page);
  write_rows("Protocols", "Application", "Category", applications, for_applications, tables);
  write_rows("Destinations", "Address", "Port", destinations, room - std::min(room, for_applications),
             tables);
  write_alerts(answers.alerts, alerts_wanted, tables);
  text = first_lines(text + tables.take(), view.rows - std::min(view.rows, foot));
  if (view.keys) {
    Page keys(view.page);
    keys.blank();
    keys.line(kPageIndent, {{std::string("sorted by ") + name_of(view.sort), Style::Faint},
                            {"   n", Style::Strong},
                            {" now  ", Style::Faint},
                            {"p", Style::Strong},
                            {" packets  ", Style::Faint},
                            {"b", Style::Strong},
                            {" bytes  ", Style::Faint},
                            {"space", Style::Strong},
                            {" pause  ", Style::Faint},
                            {"q", Style::Strong},
                            {" quit", Style::Faint}});
    text += keys.take();
  }
  return text;
}

}  // namespace wirewatch
