// SPDX-License-Identifier: BSD-3-Clause
// Question 4: can I trust these numbers? Every loss is a named number, and the sums are shown so that they
// can be checked.
#include "control/report/human.h"
#include "control/report/text_sections.h"

namespace wirewatch {
namespace {

uint64_t sum(const NamedCounts& counts) noexcept {
  uint64_t total = 0;
  for (const auto& [name, count] : counts) total += count;
  return total;
}

std::string list(const NamedCounts& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    text += (text.empty() ? "" : ", ") + name + " " + human_count(count);
  return text;
}

std::string plus(const NamedCounts& counts) {
  std::string text;
  for (const auto& [name, count] : counts) text += " + " + human_count(count) + " " + name;
  return text;
}

/// "n read = n processed", with the losses by name; an alarm when the two sides differ, since then a frame
/// was lost without a name.
void write_balance(Page& page, std::string_view label, uint64_t total, const char* of, uint64_t part,
                   const char* is, const NamedCounts& rest) {
  const bool balanced = total == part + sum(rest);
  page.labelled(label,
                human_count(total) + " " + of + (balanced ? " = " : " is not ") + human_count(part) + " " +
                    is + plus(rest),
                balanced ? Style::Plain : Style::Alarm);
}

std::string clock_text(const CaptureSection& capture, bool utf8) {
  return "time stamps from the " + capture.timestamp_source + ", to " +
         human_resolution(capture.timestamp_resolution_ns, utf8);
}

void write_flow_counts(const Report& report, Page& page) {
  const AccountingSection& accounting = report.accounting;
  if (report.flow_count == 0) return;
  std::string kinds;
  const auto add = [&](uint64_t count, const char* kind) {
    if (count > 0) kinds += (kinds.empty() ? ": " : ", ") + human_count(count) + " " + kind;
  };
  add(accounting.classified, "known from their payload");
  add(accounting.guessed, "guessed from the port");
  add(accounting.unclassified, "with payload but no name");
  add(accounting.without_payload, "without payload");
  page.labelled("Flows", human_count(report.flow_count) + kinds);
}

}  // namespace

void write_trust(const Report& report, Page& page) {
  const AccountingSection& accounting = report.accounting;
  page.heading("4  Can I trust these numbers?");
  page.labelled("Clock", clock_text(report.capture, page.utf8()));
  if (!report.capture.damage.empty()) {
    page.labelled("File", report.capture.damage, Style::Warning);
  } else {
    page.labelled("File", report.capture.truncated ? "breaks off before its end" : "read to its end",
                  report.capture.truncated ? Style::Warning : Style::Good);
  }
  write_balance(page, "Frames", accounting.read, "read", accounting.processed, "processed", {});
  write_balance(page, "Processed", accounting.processed, "processed", accounting.understood, "understood",
                accounting.malformed);
  if (!report.capture.unread.empty()) page.labelled("Not read", list(report.capture.unread), Style::Warning);
  page.labelled("Given up",
                accounting.evicted.empty() ? "nothing for want of room"
                                           : list(accounting.evicted) + " for want of room",
                accounting.evicted.empty() ? Style::Plain : Style::Warning);
  write_flow_counts(report, page);
  if (!report.rules_sha256.empty()) page.labelled("Rules", "SHA-256 " + report.rules_sha256.substr(0, 16));
}

}  // namespace wirewatch
