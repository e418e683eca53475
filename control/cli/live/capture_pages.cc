// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/capture_pages.h"

#include <array>
#include <utility>
#include <vector>

#include "control/report/human.h"
#include "control/report/table.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

std::string when(const Json& row, const char* key, int64_t resolution_ns = kSecond_ns) {
  const auto time = time_of(row, key);
  return time ? utc_time(*time, resolution_ns) : std::string();
}

std::string span(const Json& row, const char* key, bool utf8) {
  return human_span(integer(row, key).value_or(0) * kSecond_ns, utf8);
}

std::string state_text(const Json& capture) {
  const std::string state(text_of(capture, "state")), reason(text_of(capture, "stop_reason"));
  return reason.empty() ? state : state + " (" + reason + ")";
}

Style style_of(const Json& capture) {
  const std::string_view reason = text_of(capture, "stop_reason");
  if (reason == "error" || reason == "disk-full" || reason == "quota" || reason == "interrupted") return Style::Warning;
  if (!text_of(capture, "problem").empty()) return Style::Warning;
  return text_of(capture, "state") == "recording" ? Style::Good : Style::Plain;
}

std::string what(const Json& spec) {
  if (const auto filter = text_of(spec, "filter"); !filter.empty()) return std::string(filter);
  if (const auto bpf = text_of(spec, "bpf"); !bpf.empty()) return "BPF " + std::string(bpf);
  return "every packet";
}

void join(std::string& sentence, const std::string& part) { sentence += (sentence.empty() ? "" : ", ") + part; }

std::string limits(const Json& spec, bool utf8) {
  std::string all;
  if (const uint64_t bytes = count_of(spec, "max_bytes"); bytes > 0) join(all, human_bytes(bytes));
  if (const uint64_t packets = count_of(spec, "max_packets"); packets > 0) join(all, counted(packets, "packet", "packets"));
  if (count_of(spec, "max_seconds") > 0) join(all, span(spec, "max_seconds", utf8));
  return all;
}

std::string ring(const Json& spec, bool utf8) {
  const Json& ring = member(spec, "ring");
  std::string all;
  if (const uint64_t bytes = count_of(ring, "file_bytes"); bytes > 0) join(all, "another file every " + human_bytes(bytes));
  if (count_of(ring, "file_seconds") > 0) join(all, "another file every " + span(ring, "file_seconds", utf8));
  if (const uint64_t files = count_of(ring, "files"); files > 0) join(all, "the newest " + human_count(files) + " are kept");
  return all;
}

using Terms = std::vector<std::pair<const char*, const char*>>;  // key of a count, words for it

/// "1,234 = 1,200 written + 34 forgotten": the terms that are not zero, and so nothing hidden.
std::string sum(const Json& counts, const char* whole, const Terms& terms) {
  std::string text = human_count(count_of(counts, whole));
  bool first = true;
  for (const auto& [key, words] : terms) {
    const uint64_t count = count_of(counts, key);
    if (count == 0) continue;
    text += (first ? " = " : " + ") + human_count(count) + " " + words;
    first = false;
  }
  return text;
}

void write_counts_of(const Json& capture, Page& page) {
  const Json& counts = member(capture, "counts");
  const bool lost = count_of(counts, "ring_full") + count_of(counts, "write_failed") > 0;
  page.labelled("Matched", sum(counts, "matched", {{"received", "received"}, {"in_ring", "on the way"}, {"ring_full", "dropped: the ring was full"}}),
                lost ? Style::Warning : Style::Plain);
  page.labelled("Received", sum(counts, "received",
                                {{"written", "written"},
                                 {"not_matching", "not matching after all"},
                                 {"in_memory", "kept for the trigger"},
                                 {"forgotten", "forgotten before it"},
                                 {"after_limit", "after the end"},
                                 {"write_failed", "not written: no room"}}));
  if (count_of(counts, "written") == 0) return;
  std::string written = human_count(count_of(counts, "written")) + " packets, " + human_bytes(count_of(counts, "written_bytes"));
  if (const uint64_t before = count_of(counts, "from_before"); before > 0) join(written, human_count(before) + " from before the trigger");
  if (const uint64_t deleted = count_of(counts, "deleted"); deleted > 0) join(written, human_count(deleted) + " in files that gave way to newer ones");
  page.labelled("Written", written);
}

void write_firings(const Json& capture, Page& page) {
  const Json& firings = rows_of(capture, "firings");
  if (firings.empty()) return;
  page.subheading("Fired");
  Table table({{"At (UTC)", Align::Left},
               {"Why", Align::Left, Weight::Essential, 20},
               {"From before"},
               {"File", Align::Left, Weight::Useful, 16, Shorten::Middle}});
  for (const Json& firing : firings) {
    table.add({when(firing, "at", kMillisecond_ns), text_of(firing, "why"), human_count(count_of(firing, "from_before")), text_of(firing, "file")});
  }
  table.print(page);
}

void write_files(const Json& capture, Page& page) {
  const Json& files = rows_of(capture, "files");
  if (files.empty()) return;
  page.subheading("Files");
  Table table({{"Name", Align::Left, Weight::Essential, 16, Shorten::Middle},
               {"Packets"},
               {"Bytes"},
               {"First (UTC)", Align::Left, Weight::Useful},
               {"Last (UTC)", Align::Left, Weight::Extra},
               {"", Align::Left, Weight::Extra}});
  for (const Json& file : files) {
    table.add({text_of(file, "name"), human_count(count_of(file, "packets")), human_bytes(count_of(file, "bytes")),
               when(file, "first", kMillisecond_ns), when(file, "last", kMillisecond_ns), flag(file, "open") ? "being written" : ""});
  }
  table.print(page);
}

}  // namespace

std::string captures_page(const Json& answer, const PageStyle& style) {
  Page page(style);
  const Json& captures = rows_of(answer, "captures");
  if (captures.empty()) page.sentence("No capture session; 'wirewatch capture start --help' says how to begin one.");
  Table table({{"Name", Align::Left, Weight::Essential, 8},
               {"State", Align::Left},
               {"Packets"},
               {"Bytes"},
               {"Lost"},
               {"Files", Align::Right, Weight::Useful},
               {"Fired", Align::Right, Weight::Extra},
               {"Started (UTC)", Align::Left, Weight::Extra},
               {"What", Align::Left, Weight::Useful, 12}});
  for (const Json& capture : captures) {
    const Json &spec = member(capture, "spec"), &counts = member(capture, "counts");
    const uint64_t lost = count_of(counts, "ring_full") + count_of(counts, "write_failed");
    table.add({text_of(spec, "name"),
               {state_text(capture), style_of(capture)},
               human_count(count_of(counts, "written")),
               human_bytes(count_of(counts, "written_bytes")),
               {human_count(lost), lost > 0 ? Style::Warning : Style::Plain},
               human_count(rows_of(capture, "files").size()),
               spec.contains("trigger") ? human_count(count_of(capture, "fired")) : std::string(),
               when(capture, "started"),
               what(spec)});
  }
  if (!table.empty()) table.print(page);
  const Json& disk = member(answer, "disk");
  if (count_of(disk, "quota_bytes") > 0) {
    page.sentence("Files take " + human_bytes(count_of(disk, "bytes")) + " of the " + human_bytes(count_of(disk, "quota_bytes")) + " they may.", Style::Faint);
  }
  return page.take();
}

std::string capture_page(const Json& answer, const PageStyle& style) {
  Page page(style);
  const Json &capture = member(answer, "capture"), &spec = member(capture, "spec");
  std::string state = state_text(capture) + ", begun " + when(capture, "started") + " UTC";
  if (const std::string stopped = when(capture, "stopped"); !stopped.empty()) state += ", ended " + stopped + " UTC";
  page.labelled("Session", std::string(text_of(spec, "name")), Style::Strong);
  page.labelled("State", state, style_of(capture));
  const std::array<std::pair<const char*, std::string>, 8> lines{
      {{"Because", std::string(text_of(capture, "stopped_because"))},
       {"Problem", std::string(text_of(capture, "problem"))},
       {"Packets", what(spec)},
       {"Port", std::string(text_of(spec, "port"))},
       {"Bytes of each", spec.contains("snap_length") ? "the first " + human_count(count_of(spec, "snap_length")) : std::string()},
       {"At most", limits(spec, page.utf8())},
       {"Ring", ring(spec, page.utf8())},
       {"Trigger", std::string(text_of(capture, "trigger"))}}};
  for (const auto& [label, text] : lines) {
    if (!text.empty()) page.labelled(label, text);
  }
  if (spec.contains("trigger")) {
    std::string fired = counted(count_of(capture, "fired"), "time", "times");
    if (const uint64_t suppressed = count_of(capture, "suppressed"); suppressed > 0) join(fired, counted(suppressed, "occasion", "occasions") + " came too soon after");
    if (const std::string next = when(capture, "next"); !next.empty()) join(fired, "next " + next + " UTC");
    page.labelled("Fired", fired);
  }
  write_counts_of(capture, page);
  write_firings(capture, page);
  write_files(capture, page);
  return page.take();
}

std::string capture_line(const Json& answer) {
  const Json &capture = member(answer, "capture"), &spec = member(capture, "spec");
  std::string line = "'" + std::string(text_of(spec, "name")) + "' is " + state_text(capture) + ": " + what(spec);
  if (const auto trigger = text_of(capture, "trigger"); !trigger.empty()) line += ", " + std::string(trigger);
  if (const auto problem = text_of(capture, "problem"); !problem.empty()) line += "; " + std::string(problem);
  Page page({.width = 10'000, .colour = false, .utf8 = true});  // nothing of a stranger's reaches the terminal unescaped
  page.line(0, {{line}});
  return page.take();
}

}  // namespace wirewatch
