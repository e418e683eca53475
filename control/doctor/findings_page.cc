// SPDX-License-Identifier: BSD-3-Clause
#include "control/doctor/findings_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/doctor/doctor.h"
#include "control/report/human.h"
#include "control/report/printable.h"

namespace wirewatch {
namespace {

constexpr size_t kHealthWidth = 6;  // "warn  "
constexpr size_t kCommandIndent = 8;

Style style_of(Health health) noexcept {
  return health == Health::Ok ? Style::Good : health == Health::Warn ? Style::Warning : Style::Alarm;
}

/// A command in lines that a shell joins again.
void write_command(const std::string& command, Page& page) {
  const size_t room = page.width() - kCommandIndent - 4;  // "$ " before, " \" behind
  std::string rest = command;
  bool first = true;
  while (!rest.empty()) {
    size_t taken = rest.size();
    if (rest.size() > room) {
      const size_t space = rest.rfind(' ', room);
      if (space != std::string::npos && space > 0) taken = space;
    }
    const bool last = taken == rest.size();
    page.line(kCommandIndent, {{first ? "$ " : "  ", Style::Faint},
                               {rest.substr(0, taken) + (last ? "" : " \\"), Style::Strong}});
    rest.erase(0, std::min(rest.size(), taken + 1));
    first = false;
  }
}

uint64_t count(const Findings& findings, Health health) {
  return static_cast<uint64_t>(std::count_if(findings.begin(), findings.end(),
                                             [&](const Finding& each) { return each.health == health; }));
}

void write_sum(const Findings& findings, Page& page) {
  const uint64_t fails = count(findings, Health::Fail), warns = count(findings, Health::Warn);
  page.blank();
  if (fails > 0) {
    page.sentence(counted(fails, "fault keeps", "faults keep") + " live capture from working; " +
                      counted(warns, "warning", "warnings") + " besides.",
                  Style::Alarm);
  } else if (warns > 0) {
    page.sentence("Live capture works; " + counted(warns, "thing", "things") + " could be better.",
                  Style::Warning);
  } else {
    page.sentence("Live capture works, and nothing could be better.", Style::Good);
  }
}

}  // namespace

std::string findings_text(const Findings& findings, const PageStyle& style) {
  Page page(style);
  std::string subject;
  for (const Finding& finding : findings) {
    if (finding.subject != subject) {
      subject = finding.subject;
      page.subheading(subject == kMachine ? "This machine" : subject);
    }
    page.labelled(to_string(finding.health), finding.check + ": " + finding.says, Style::Plain,
                  {kHealthWidth, style_of(finding.health)});
    for (const std::string& command : finding.mend) write_command(command, page);
  }
  write_sum(findings, page);
  return page.take();
}

std::string findings_json(const Findings& findings) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    rows.push_back({{"subject", finding.subject},
                    {"check", finding.check},
                    {"health", to_string(finding.health)},
                    {"says", finding.says},
                    {"mend", finding.mend}});
  }
  const nlohmann::ordered_json document{
      {"schema", "wirewatch/doctor/1"}, {"health", to_string(overall(findings))}, {"findings", rows}};
  // Whatever a driver called itself, the document is valid UTF-8.
  return document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace wirewatch
