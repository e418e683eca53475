// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/text.h"

#include <algorithm>

#include "control/report/human.h"
#include "control/report/text_sections.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

std::string time_text(const CaptureSection& capture, bool utf8) {
  if (!capture.first_timestamp || !capture.last_timestamp) return "none of the frames has a time";
  const int64_t lasted = capture.last_timestamp->since(*capture.first_timestamp);
  const int64_t shown =
      lasted > 86'400 * kSecond_ns ? kSecond_ns : std::max<int64_t>(capture.timestamp_resolution_ns, 1'000);
  const std::string first = utc_time(*capture.first_timestamp, shown);
  std::string last = utc_time(*capture.last_timestamp, shown);
  if (first == last) return first + " UTC";
  constexpr size_t kDate = 11;  // "2026-03-01 ": said once when the capture stays within a day
  if (first.compare(0, kDate, last, 0, kDate) == 0) last.erase(0, kDate);
  return first + " to " + last + " UTC (" + human_span(lasted, utf8) + ")";
}

std::string rate_text(const CaptureSection& capture) {
  if (!capture.first_timestamp || !capture.last_timestamp) return {};
  const double seconds = static_cast<double>(capture.last_timestamp->since(*capture.first_timestamp)) / 1e9;
  const double packets = static_cast<double>(capture.traffic.packets);
  if (seconds <= 0 || packets / seconds < 0.1) return {};  // an average over days of nothing says nothing
  return ", on average " + human_rate(packets / seconds) + " packets/s and " +
         human_bit_rate(static_cast<double>(capture.traffic.bytes) * 8 / seconds);
}

std::string source_text(const CaptureSection& capture, std::span<const std::string> files) {
  std::string text = capture.path;
  if (files.size() > 1) {
    text = human_count(files.size()) + " files read as one:";
    for (const std::string& file : files) text += " " + file;
  }
  if (capture.format.empty()) return text;
  text += " (" + capture.format;
  if (!capture.link_type.empty()) text += ", " + capture.link_type;
  return text + ")";
}

}  // namespace

void write_headline(const Report& report, const TextOptions& options, Page& page) {
  const CaptureSection& capture = report.capture;
  page.labelled("Capture", source_text(capture, options.files), Style::Strong);
  if (capture.traffic.packets == 0) {
    page.labelled("Packets", "none");
  } else {
    page.labelled("Packets", human_count(capture.traffic.packets) + ", " +
                                 human_bytes(capture.traffic.bytes) + rate_text(capture));
    page.labelled("Time", time_text(capture, page.utf8()));
  }
  if (capture.truncated || !capture.damage.empty()) {
    page.labelled("Damaged", "what follows is what could be read of it, see 4", Style::Warning);
  }
}

void write_rest(size_t shown, size_t all, Page& page) {
  if (shown < all) page.sentence("and " + human_count(all - shown) + " more", Style::Faint);
}

std::string text_report(const Report& report, const TextOptions& options) {
  Page page(options.page);
  write_headline(report, options, page);
  write_unwanted_banner(report, page);
  if (report.capture.traffic.packets > 0) {
    write_connection_set_up(report, options, page);
    write_protocols(report, options, page);
    write_destinations(report, options, page);
  }
  write_trust(report, page);
  return page.take();
}

}  // namespace wirewatch
