// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/capture_json.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "control/captures/strict_json.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;
using Document = nlohmann::ordered_json;

struct CountRow {
  const char* key;
  uint64_t CaptureCounts::*value;
};
constexpr std::array<CountRow, 14> kCounts{{{"matched", &CaptureCounts::matched},
                                            {"matched_bytes", &CaptureCounts::matched_bytes},
                                            {"ring_full", &CaptureCounts::ring_full},
                                            {"in_ring", &CaptureCounts::in_ring},
                                            {"received", &CaptureCounts::received},
                                            {"not_matching", &CaptureCounts::not_matching},
                                            {"in_memory", &CaptureCounts::in_memory},
                                            {"forgotten", &CaptureCounts::forgotten},
                                            {"after_limit", &CaptureCounts::after_limit},
                                            {"write_failed", &CaptureCounts::write_failed},
                                            {"written", &CaptureCounts::written},
                                            {"from_before", &CaptureCounts::from_before},
                                            {"deleted", &CaptureCounts::deleted},
                                            {"written_bytes", &CaptureCounts::written_bytes}}};
static_assert(sizeof(CaptureCounts) == kCounts.size() * sizeof(uint64_t), "every count has its row");


void put_time(Document& json, const char* key, Timestamp time) {
  if (time == kNoTimestamp) return;
  const bool negative = time.ns < 0;
  const auto magnitude = negative ? uint64_t{0} - static_cast<uint64_t>(time.ns) : static_cast<uint64_t>(time.ns);
  json[key] = fmt::format("{}{}.{:09}", negative ? "-" : "", magnitude / kSecond_ns, magnitude % kSecond_ns);
}

/// "12.000000345"; nothing when it is not that.
std::optional<Timestamp> time_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos || text.size() != dot + 10) return std::nullopt;
  int64_t seconds = 0, fraction = 0;
  const auto whole = std::from_chars(text.data(), text.data() + dot, seconds);
  const auto rest = std::from_chars(text.data() + dot + 1, text.data() + text.size(), fraction);
  constexpr int64_t kMost = 9'000'000'000;  // beyond it nanoseconds do not fit
  if (whole.ec != std::errc{} || whole.ptr != text.data() + dot || seconds < 0 || seconds > kMost) return std::nullopt;
  if (rest.ec != std::errc{} || rest.ptr != text.data() + text.size() || fraction < 0) return std::nullopt;
  return Timestamp{(negative ? -1 : 1) * (seconds * kSecond_ns + fraction)};
}

void read_time(StrictJson& reader, std::string_view key, Timestamp& time) {
  std::string text;
  reader.read(key, text);
  if (text.empty()) return;
  if (const auto found = time_of(text)) {
    time = *found;
  } else {
    reader.complain("'" + std::string(key) + "' must be seconds with nine digits behind the point");
  }
}

template <typename Value, size_t N>
void read_word(StrictJson& reader, std::string_view key, Value& value, const std::array<std::pair<Value, std::string_view>, N>& words) {
  std::string text;
  reader.read(key, text);
  for (const auto& [meaning, word] : words) {
    if (word == text) {
      value = meaning;
      return;
    }
  }
  reader.complain("'" + std::string(key) + "' is '" + text.substr(0, 64) + "', which is none of its words");
}

Document trigger_json(const TriggerSpec& trigger) {
  Document json = Document::object();
  switch (trigger.kind) {
    case TriggerSpec::Kind::Every:
      json["every_s"] = trigger.every_s;
      break;
    case TriggerSpec::Kind::Calendar:
      json["calendar"] = trigger.calendar;
      break;
    case TriggerSpec::Kind::Unwanted:
      json["unwanted"] = trigger.unwanted;
      break;
    case TriggerSpec::Kind::Rtt: {
      Document& rtt = json["rtt"] = {
          {"percentile", trigger.rtt.percentile}, {"above_ms", trigger.rtt.above_ms}, {"window", trigger.rtt.window}};
      if (trigger.rtt.port) rtt["port"] = *trigger.rtt.port;
      break;
    }
    case TriggerSpec::Kind::Loss:
      json["loss"] = true;
      break;
  }
  json["for_s"] = trigger.for_s;
  json["at_most_every_s"] = trigger.at_most_every_s;
  json["most"] = trigger.most;
  return json;
}

Document file_json(const CaptureFile& file) {
  Document json{{"name", file.name}, {"bytes", file.bytes}, {"packets", file.packets}};
  put_time(json, "first", file.first);
  put_time(json, "last", file.last);
  if (file.open) json["open"] = true;
  return json;
}

Document firing_json(const Firing& firing) {
  Document json = Document::object();
  put_time(json, "at", firing.at);
  json["why"] = firing.why;
  json["file"] = firing.file;
  json["from_before"] = firing.from_before;
  return json;
}

constexpr uint64_t kAny = UINT64_MAX;

CaptureFile read_file(const Json& json, StrictJson& outer) {
  CaptureFile file;
  StrictJson reader(json, "a file");
  reader.read("name", file.name);
  reader.read("bytes", file.bytes, 0, kAny);
  reader.read("packets", file.packets, 0, kAny);
  read_time(reader, "first", file.first);
  read_time(reader, "last", file.last);
  reader.read("open", file.open);
  if (!is_capture_name(file.name, kLongestCaptureFileName) && !reader.failed()) reader.complain("a file has a name that no session gives");
  if (auto fault = reader.finish(); !fault.empty()) outer.complain(std::move(fault));
  return file;
}

Firing read_firing(const Json& json, StrictJson& outer) {
  Firing firing;
  StrictJson reader(json, "a firing");
  read_time(reader, "at", firing.at);
  reader.read("why", firing.why);
  reader.read("file", firing.file);
  reader.read("from_before", firing.from_before, 0, kAny);
  if (auto fault = reader.finish(); !fault.empty()) outer.complain(std::move(fault));
  return firing;
}

template <typename Row, typename Read>
void read_rows(StrictJson& reader, std::string_view key, std::vector<Row>& rows, Read read) {
  const Json* list = reader.find(key);
  if (list == nullptr) return;
  if (!list->is_array()) return reader.complain("'" + std::string(key) + "' must be a list");
  for (const Json& each : *list) rows.push_back(read(each, reader));
}

}  // namespace

CaptureCounts& operator+=(CaptureCounts& sum, const CaptureCounts& more) noexcept {
  for (const CountRow& row : kCounts) sum.*row.value += more.*row.value;
  return sum;
}

nlohmann::ordered_json to_json(const CaptureSpec& spec) {
  const CaptureSpec plain;
  Document json{{"name", spec.name}};
  if (!spec.port.empty()) json["port"] = spec.port;
  if (!spec.filter.empty()) json["filter"] = spec.filter;
  if (!spec.bpf.empty()) json["bpf"] = spec.bpf;
  if (spec.snap_length != plain.snap_length) json["snap_length"] = spec.snap_length;
  if (spec.max_bytes != 0) json["max_bytes"] = spec.max_bytes;
  if (spec.max_packets != 0) json["max_packets"] = spec.max_packets;
  if (spec.max_seconds != 0) json["max_seconds"] = spec.max_seconds;
  if (spec.ring.rotates()) {
    Document& ring = json["ring"] = Document::object();
    if (spec.ring.file_bytes != 0) ring["file_bytes"] = spec.ring.file_bytes;
    if (spec.ring.file_seconds != 0) ring["file_seconds"] = spec.ring.file_seconds;
    ring["files"] = spec.ring.files;
  }
  if (spec.directory != spec.name) json["directory"] = spec.directory;
  if (spec.trigger) {
    json["trigger"] = trigger_json(*spec.trigger);
    json["before_seconds"] = spec.before_seconds;
    json["before_bytes"] = spec.before_bytes;
  }
  return json;
}

nlohmann::ordered_json to_json(const CaptureView& view) {
  Document json{{"spec", to_json(view.spec)}, {"state", to_string(view.state)}};
  if (view.spec.trigger) json["trigger"] = describe(*view.spec.trigger);
  if (view.stop_reason != StopReason::None) {
    json["stop_reason"] = to_string(view.stop_reason);
    json["stopped_because"] = view.stopped_because;
  }
  if (!view.problem.empty()) json["problem"] = view.problem;
  put_time(json, "started", view.started);
  put_time(json, "stopped", view.stopped);
  Document& counts = json["counts"] = Document::object();
  for (const CountRow& row : kCounts) counts[row.key] = view.counts.*row.value;
  Document& files = json["files"] = Document::array();
  for (const CaptureFile& file : view.files) files.push_back(file_json(file));
  if (!view.spec.trigger) return json;
  Document& firings = json["firings"] = Document::array();
  for (const Firing& firing : view.firings) firings.push_back(firing_json(firing));
  json["fired"] = view.fired;
  json["suppressed"] = view.suppressed;
  put_time(json, "next", view.next);
  return json;
}

Result<CaptureView> read_capture_view(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return tl::unexpected(json.error());
  CaptureView view;
  StrictJson reader(*json, "a capture session's record");
  if (const Json* spec = reader.find("spec")) {
    // Applications come and go with the rules: a filter that used one is still what was asked for.
    Json known = *spec;
    std::string filter;
    if (known.is_object() && known.contains("filter") && known["filter"].is_string()) {
      filter = known["filter"].get<std::string>();
      known.erase("filter");
    }
    auto found = read_capture_spec(known.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (!found) return tl::unexpected(found.error());
    view.spec = std::move(*found);
    view.spec.filter = std::move(filter);
  } else {
    reader.complain("there is no 'spec'");
  }
  read_word(reader, "state", view.state, kCaptureStates);
  read_word(reader, "stop_reason", view.stop_reason, kStopReasons);
  reader.find("trigger");
  reader.read("stopped_because", view.stopped_because);
  reader.read("problem", view.problem);
  read_time(reader, "started", view.started);
  read_time(reader, "stopped", view.stopped);
  if (const Json* counts = reader.find("counts")) {
    StrictJson rows(*counts, "'counts'");
    for (const CountRow& row : kCounts) rows.read(row.key, view.counts.*row.value, 0, kAny);
    if (auto fault = rows.finish(); !fault.empty()) reader.complain(std::move(fault));
  }
  read_rows(reader, "files", view.files, read_file);
  read_rows(reader, "firings", view.firings, read_firing);
  reader.read("fired", view.fired, 0, kAny);
  reader.read("suppressed", view.suppressed, 0, kAny);
  read_time(reader, "next", view.next);
  if (std::string fault = reader.finish(); !fault.empty()) return fail(std::move(fault));
  return view;
}

}  // namespace wirewatch
