// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/capture_request.h"

#include <charconv>

#include "control/cli/options/option_checks.h"
#include "control/client/quantities.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {


ValueCheck a_size() {
  return [](const std::string& text) {
    const auto size = parse_size(text);
    if (!size) return size.error().message;
    return *size > 0 ? std::string() : "expected a size above 0, not '" + text + "'";
  };
}

ValueCheck a_time() {
  return [](const std::string& text) {
    const auto time = parse_duration(text);
    if (!time) return time.error().message;
    return *time > 0 ? std::string() : "expected a time above 0, not '" + text + "'";
  };
}

struct RttLimit {
  double percentile = 0;
  int64_t above_ns = 0;
};

/// "p99 > 50ms"
std::optional<RttLimit> parse_rtt_limit(std::string text) {
  std::erase(text, ' ');
  const size_t above = text.find('>');
  if (!text.starts_with('p') || above == std::string::npos) return std::nullopt;
  RttLimit limit;
  const auto [end, fault] = std::from_chars(text.data() + 1, text.data() + above, limit.percentile);
  const auto time = parse_duration(std::string_view(text).substr(above + 1));
  const bool good = fault == std::errc() && end == text.data() + above && limit.percentile >= 1 && limit.percentile <= 100 && time && *time > 0;
  if (!good) return std::nullopt;
  limit.above_ns = *time;
  return limit;
}

std::string check_rtt_limit(const std::string& text) {
  if (parse_rtt_limit(text)) return {};
  return "expected a percentile from 1 to 100 and a limit, such as 'p99 > 50ms', not '" + text + "'";
}

/// These were checked when they were given.
uint64_t bytes_of(const std::string& text) { return parse_size(text).value_or(0); }
int64_t seconds_of(const std::string& text) { return (parse_duration(text).value_or(0) + kSecond_ns - 1) / kSecond_ns; }

void add_size(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = bytes_of(text);
}
void add_seconds(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = seconds_of(text);
}
void add_text(Json& json, const char* key, const std::string& text) {
  if (!text.empty()) json[key] = text;
}
template <typename Number>
void add_number(Json& json, const char* key, const std::optional<Number>& number) {
  if (number) json[key] = *number;
}

Json names_in(const std::string& list) {
  Json names = Json::array();
  for (size_t at = 0; at < list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    names.push_back(list.substr(at, comma - at));
    at = comma + 1;
  }
  return names;
}

/// Null without one.
Result<Json> trigger_of(const CaptureRequest& request) {
  Json trigger = Json::object();
  add_seconds(trigger, "every_s", request.every);
  add_text(trigger, "calendar", request.calendar);
  if (request.unwanted) trigger["unwanted"] = names_in(*request.unwanted);
  if (request.on_loss) trigger["loss"] = true;
  if (const auto limit = parse_rtt_limit(request.rtt)) {
    Json& rtt = trigger["rtt"] = {{"percentile", limit->percentile}, {"above_ms", static_cast<double>(limit->above_ns) / 1e6}};
    add_text(rtt, "window", request.window);
    add_number(rtt, "port", request.rtt_port);
  }
  if (trigger.size() > 1) return fail("a session has one trigger: --every, --calendar, --on-unwanted, --on-rtt or --on-loss");
  if (trigger.empty()) {
    for (const auto& [option, given] : {std::pair("--before", !request.before.empty()),
                                        std::pair("--before-size", !request.before_size.empty()),
                                        std::pair("--at-most-every", !request.at_most_every.empty()),
                                        std::pair("--keep", request.keep.has_value())}) {
      if (given) return fail(std::string(option) + " needs a trigger: --every, --calendar, --on-unwanted, --on-rtt or --on-loss");
    }
    return Json();
  }
  add_seconds(trigger, "for_s", request.duration);
  add_seconds(trigger, "at_most_every_s", request.at_most_every);
  add_number(trigger, "most", request.keep);
  return trigger;
}

}  // namespace

void declare_capture_options(Options options, CaptureRequest& request) {
  options.value("NAME", request.name, "Name of the session: letters, digits and _ . -").required().value_name("");
  const auto add = [&](const char* group, const char* name, auto& variable, const char* value, const char* description) {
    return options.value(name, variable, description).value_name(value).group(group);
  };
  const char *const which = "Which packets", *const most = "How much", *const files = "Files", *const when = "When: one trigger at most";
  add(which, "--port", request.port, "PORT", "Only packets of this port of the data plane");
  const Option filter = add(which, "-Y,--filter", request.filter, "FILTER", "Only packets for which this display filter holds, in Wireshark's syntax");
  add(which, "--bpf", request.bpf, "EXPR", "Only packets for which this BPF expression holds, in tcpdump's syntax").excludes(filter);
  add(which, "--snap", request.snap_length, "N", "Keep the first N bytes of each packet").check(whole_number(1, 262'144));
  add(most, "--max-bytes", request.max_bytes, "SIZE", "Stop after so many bytes of files").check(a_size());
  add(most, "--max-packets", request.max_packets, "N", "Stop after N packets").check(whole_number(1, uint64_t{1} << 60));
  add(most, "--for", request.duration, "TIME", "Stop after this time; with a trigger: how long each firing records").check(a_time());
  add(files, "--ring-size", request.ring_size, "SIZE", "Begin another file at this size").check(a_size());
  add(files, "--ring-time", request.ring_time, "TIME", "Begin another file after this time").check(a_time());
  add(files, "--ring-files", request.ring_files, "N", "Keep the newest N files").check(whole_number(1, 10'000));
  add(files, "--directory", request.directory, "NAME", "Folder of the files inside the daemon's capture directory (NAME unless given)");
  add(when, "--every", request.every, "TIME", "Again and again").check(a_time());
  add(when, "--calendar", request.calendar, "WHEN", "At times of the calendar as systemd writes them: 'Mon..Fri 09:00'");
  add(when, "--on-unwanted", request.unwanted, "NAMES", "On an alert about these applications or categories; about any without NAMES")
      .takes(0, 1)
      .usual("");
  const Option rtt = add(when, "--on-rtt", request.rtt, "LIMIT", "When SYN,ACKs take longer: 'p99 > 50ms'").check(check_rtt_limit);
  add(when, "--window", request.window, "TIME", "Of --on-rtt: over the last 1m, 5m or 1h").check(one_of({"1m", "5m", "1h"})).needs(rtt);
  add(when, "--on-port", request.rtt_port, "N", "Of --on-rtt: only servers on this port").check(whole_number(1, 65'535)).needs(rtt);
  options.flag("--on-loss", request.on_loss, "When packets get lost before Wirewatch sees them").group(when);
  add(when, "--before", request.before, "TIME", "With a trigger: the packets of this time before it, too").check(a_time());
  add(when, "--before-size", request.before_size, "SIZE", "Memory for these packets").check(a_size());
  add(when, "--at-most-every", request.at_most_every, "TIME", "Ignore the trigger for this time once it fired").check(a_time());
  add(when, "--keep", request.keep, "N", "Keep the files of the newest N firings").check(whole_number(1, 10'000));
}

Result<Json> capture_body(const CaptureRequest& request) {
  Json body{{"name", request.name}};
  add_text(body, "port", request.port);
  add_text(body, "filter", request.filter);
  add_text(body, "bpf", request.bpf);
  add_number(body, "snap_length", request.snap_length);
  add_size(body, "max_bytes", request.max_bytes);
  add_number(body, "max_packets", request.max_packets);
  add_text(body, "directory", request.directory);
  Json ring = Json::object();
  add_size(ring, "file_bytes", request.ring_size);
  add_seconds(ring, "file_seconds", request.ring_time);
  if (request.ring_files && ring.empty()) return fail("--ring-files needs --ring-size or --ring-time: what ends one file and begins the next");
  add_number(ring, "files", request.ring_files);
  if (!ring.empty()) body["ring"] = std::move(ring);
  auto trigger = trigger_of(request);
  if (!trigger) return tl::unexpected(trigger.error());
  if (trigger->is_null()) {
    add_seconds(body, "max_seconds", request.duration);
    return body;
  }
  if (body.contains("ring")) return fail("a session with a trigger makes a file a firing, and takes no --ring-size or --ring-time");
  add_seconds(body, "before_seconds", request.before);
  add_size(body, "before_bytes", request.before_size);
  body["trigger"] = std::move(*trigger);
  return body;
}

}  // namespace wirewatch
