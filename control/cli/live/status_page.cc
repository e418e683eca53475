// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch status`: one look that tells whether the numbers can be trusted at this moment.
#include <algorithm>

#include "control/cli/live/live_pages.h"
#include "control/report/human.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {


std::string at_time(const Json& object, const char* key) {
  const auto time = time_of(object, key);
  return time ? utc_time(*time, kSecond_ns) + " UTC" : std::string();
}

void write_processes(const Json& status, Page& page) {
  const Json &control = member(status, "control"), &dataplane = member(status, "dataplane");
  std::string text = "Wirewatch " + std::string(text_of(control, "version"));
  if (const auto up = real(control, "uptime_s"))
    text += ", up " + human_span(static_cast<int64_t>(*up * 1e9), page.utf8());
  if (const uint64_t memory = count_of(control, "memory_bytes"); memory > 0)
    text += ", " + human_bytes(memory);
  page.labelled("Control", text);

  const std::string_view state = text_of(dataplane, "state");
  text = std::string(state);
  if (const uint64_t workers = count_of(dataplane, "workers"); workers > 0)
    text += ", " + counted(workers, "worker", "workers");
  if (const auto idle = real(dataplane, "idle_share"))
    text +=
        ", " + human_percent(static_cast<uint64_t>(std::clamp(*idle, 0.0, 1.0) * 1e6), 1'000'000) + " idle";
  if (const std::string since = at_time(dataplane, "started"); !since.empty()) text += ", since " + since;
  if (const uint64_t restarts = count_of(dataplane, "restarts"); restarts > 0)
    text += ", restarted " + counted(restarts, "time", "times");
  page.labelled("Data plane", text, state == "running" ? Style::Good : Style::Alarm);
  if (const std::string_view error = text_of(dataplane, "error"); !error.empty())
    page.labelled("", error, Style::Alarm);
}

void write_traffic(const Json& status, Page& page) {
  const Json &capture = member(status, "capture"), &rates = member(status, "rates");
  std::string text =
      human_count(count_of(capture, "packets")) + ", " + human_bytes(count_of(capture, "bytes"));
  if (const std::string since = at_time(capture, "first_timestamp"); !since.empty())
    text += " since " + since;
  page.labelled("Packets", text, Style::Strong);
  const auto packets = real(rates, "packets_per_second"), bits = real(rates, "bits_per_second");
  if (packets && bits) {
    text = human_rate(*packets) + " packets/s, " + human_bit_rate(*bits);
    if (const auto handshakes = real(rates, "handshakes_per_second"))
      text += ", " + human_rate(*handshakes) + " handshakes/s";
    page.labelled("Now", text);
  }
}

void write_handshakes(const Json& status, Page& page) {
  const Json& totals = member(status, "handshake_totals");
  const uint64_t attempts = count_of(totals, "attempts");
  if (attempts == 0) return;
  std::string text =
      human_count(attempts) + " tried, " + human_count(count_of(totals, "established")) + " established";
  const auto part = [&](const char* name, const char* key) {
    if (const auto ns = integer(totals, key))
      text += ", " + std::string(name) + " " + human_duration(*ns, page.utf8());
  };
  part("p50", "p50_ns");
  part("p99", "p99_ns");
  page.labelled("Connections", text);
}

void write_ports(const Json& status, Page& page) {
  for (const Json& port : rows_of(status, "ports")) {
    std::string text(text_of(port, "name"));
    if (const std::string_view source = text_of(port, "source"); !source.empty())
      text += " (" + std::string(source) + ")";
    const std::string_view link = text_of(port, "link");
    if (!link.empty()) text += ", link " + std::string(link);
    page.labelled("Port", text, link == "down" ? Style::Warning : Style::Strong);
    page.labelled("", clock_text(port, page.utf8()));
    const std::string lost = losses_text(member(port, "loss"));
    page.labelled("", lost.empty() ? "nothing lost" : "lost: " + lost,
                  lost.empty() ? Style::Good : Style::Warning);
    if (const std::string remarks = losses_text(member(port, "remarks")); !remarks.empty())
      page.labelled("", "also counted: " + remarks, Style::Faint);
  }
}

void write_rules(const Json& status, Page& page) {
  const Json& rules = member(status, "rules");
  const std::string_view running = text_of(rules, "sha256"), wanted = text_of(rules, "wanted_sha256");
  constexpr size_t kShown = 16;
  if (running.empty()) {
    page.labelled("Rules", "none in force: nothing is recognised", Style::Warning);
  } else if (flag(rules, "in_force") || wanted.empty()) {
    page.labelled("Rules", "SHA-256 " + std::string(running.substr(0, kShown)) + " in force");
  } else {
    page.labelled("Rules",
                  "SHA-256 " + std::string(running.substr(0, kShown)) + " in force, not yet the newer " +
                      std::string(wanted.substr(0, kShown)),
                  Style::Warning);
  }
  if (const std::string_view error = text_of(rules, "error"); !error.empty())
    page.labelled("", error, Style::Alarm);
}

void write_replay(const Json& status, Page& page) {
  const Json& replay = member(status, "replay");
  const std::string_view state = text_of(replay, "state");
  if (state.empty() || state == "none" || state == "idle") return;
  std::string text = std::string(text_of(replay, "name")) + ": " + std::string(state);
  if (const uint64_t packets = count_of(replay, "packets"); packets > 0)
    text += ", " + counted(packets, "packet", "packets");
  if (const std::string_view error = text_of(replay, "error"); !error.empty())
    text += ": " + std::string(error);
  page.labelled("Replay", text);
}

void write_gaps(const Json& status, Page& page) {
  constexpr size_t kMostGaps = 3;
  const Json& gaps = rows_of(status, "gaps");
  const size_t first = gaps.size() - std::min(gaps.size(), kMostGaps);
  for (size_t i = first; i < gaps.size(); ++i) {
    page.labelled(i == first ? "Not watched" : "",
                  at_time(gaps[i], "from") + " to " + at_time(gaps[i], "to") + ": " +
                      std::string(text_of(gaps[i], "reason")),
                  Style::Warning);
  }
  if (first > 0) page.labelled("", "and " + human_count(first) + " times before", Style::Faint);
}

}  // namespace

std::string clock_text(const Json& port, bool utf8) {
  std::string text = "stamped by the " + std::string(text_of(port, "timestamp_source"));
  if (const auto resolution = integer(port, "timestamp_resolution_ns"); resolution && *resolution > 0)
    text += " to " + human_resolution(*resolution, utf8);
  if (const auto error = integer(port, "clock_error_ns"))
    text += ", at most " + human_duration(*error, utf8) + " off";
  if (const std::string_view state = text_of(port, "clock_state"); !state.empty())
    text += " (" + std::string(state) + ")";
  return text;
}

std::string losses_text(const Json& counters) {
  std::string text;
  if (!counters.is_object()) return text;
  for (const auto& [name, value] : counters.items()) {
    const uint64_t count = count_of(counters, name.c_str());
    if (count > 0) text += (text.empty() ? "" : ", ") + name + " " + human_count(count);
  }
  return text;
}

uint64_t lost_packets(const Json& status) {
  uint64_t lost = 0;
  for (const Json& port : rows_of(status, "ports")) {
    const Json& counters = member(port, "loss");
    if (!counters.is_object()) continue;
    for (const auto& [name, value] : counters.items()) lost += count_of(counters, name.c_str());
  }
  return lost;
}

std::string status_page(const Json& status, const PageStyle& style) {
  Page page(style);
  write_processes(status, page);
  write_ports(status, page);
  write_traffic(status, page);
  write_handshakes(status, page);
  const uint64_t alerts = count_of(status, "alert_count");
  page.labelled(
      "Alerts",
      alerts == 0 ? "none" : counted(alerts, "unwanted flow", "unwanted flows") + ": 'wirewatch alerts'",
      alerts == 0 ? Style::Plain : Style::Alarm);
  write_rules(status, page);
  write_replay(status, page);
  write_gaps(status, page);
  return page.take();
}

}  // namespace wirewatch
