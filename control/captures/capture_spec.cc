// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/capture_spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "control/captures/calendar.h"
#include "control/captures/host_words.h"
#include "control/captures/strict_json.h"
#include "dataplane/capture/bpf_filter.h"

namespace wirewatch {
namespace {

using Json = nlohmann::json;

constexpr size_t kLongestFilter = 4096, kMostNames = 64, kLongestSpec = 64 * 1024;
constexpr uint32_t kYear = 366 * 24 * 3600;
constexpr uint64_t kMostBytes = uint64_t{1} << 50;
constexpr std::array<std::string_view, 5> kKinds{"every_s", "calendar", "unwanted", "rtt", "loss"};
constexpr std::array<std::string_view, 3> kWindows{"1m", "5m", "1h"};  // of the handshake history

bool is_text(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char letter) { return letter < 0x20 || letter == 0x7f; });
}

void read_ring(const Json& json, FileRing& ring, StrictJson& outer) {
  StrictJson reader(json, "'ring'");
  reader.read("file_bytes", ring.file_bytes, 64 * 1024, kMostBytes);
  reader.read("file_seconds", ring.file_seconds, 1, kYear);
  reader.read("files", ring.files, 0, 10'000);
  if (!reader.failed() && !ring.rotates()) {
    reader.complain("'ring' needs 'file_bytes' or 'file_seconds': what ends one file and begins the next");
  }
  if (auto fault = reader.finish(); !fault.empty()) outer.complain(std::move(fault));
}

void read_rtt(const Json& json, TriggerSpec::Rtt& rtt, StrictJson& outer) {
  StrictJson reader(json, "'rtt'");
  reader.read("percentile", rtt.percentile, 1, 100);
  reader.read("above_ms", rtt.above_ms, 0.000001, 3'600'000);
  reader.read("window", rtt.window);
  uint16_t port = 0;
  reader.read("port", port, 1, 65'535);
  if (port != 0) rtt.port = port;
  if (std::ranges::find(kWindows, rtt.window) == kWindows.end()) reader.complain("'window' must be 1m, 5m or 1h, found '" + rtt.window + "'");
  if (rtt.above_ms == 0) reader.complain("'rtt' needs 'above_ms', the threshold in milliseconds");
  if (auto fault = reader.finish(); !fault.empty()) outer.complain(std::move(fault));
}

void read_unwanted(const Json& json, std::vector<std::string>& names, StrictJson& outer) {
  const bool are_names = json.is_array() && json.size() <= kMostNames && std::ranges::all_of(json, [](const Json& name) {
    return name.is_string() && !name.get_ref<const std::string&>().empty() && name.get_ref<const std::string&>().size() <= 64 &&
           is_text(name.get_ref<const std::string&>());
  });
  if (!are_names) return outer.complain("'unwanted' must be a list of at most 64 names of applications or categories; empty for all");
  names = json.get<std::vector<std::string>>();
}

/// What sets it off, without the keys that every kind has.
void read_kind(StrictJson& reader, TriggerSpec& trigger) {
  std::array<const Json*, kKinds.size()> found{};
  size_t given = 0;
  for (size_t i = 0; i < kKinds.size(); ++i) {
    found[i] = reader.find(kKinds[i]);
    if (found[i] == nullptr) continue;
    ++given;
    trigger.kind = static_cast<TriggerSpec::Kind>(i);
  }
  if (given != 1) return reader.complain("'trigger' needs exactly one of 'every_s', 'calendar', 'unwanted', 'rtt' and 'loss'");
  const Json& value = *found[static_cast<size_t>(trigger.kind)];
  switch (trigger.kind) {
    case TriggerSpec::Kind::Every:
      return reader.read("every_s", trigger.every_s, 1, kYear);
    case TriggerSpec::Kind::Calendar: {
      reader.read("calendar", trigger.calendar);
      if (reader.failed()) return;
      if (auto calendar = Calendar::parse(trigger.calendar); !calendar) reader.complain(calendar.error().message);
      return;
    }
    case TriggerSpec::Kind::Unwanted:
      return read_unwanted(value, trigger.unwanted, reader);
    case TriggerSpec::Kind::Rtt:
      return read_rtt(value, trigger.rtt, reader);
    case TriggerSpec::Kind::Loss:
      if (value != true) reader.complain("'loss' must be true, or left out");
      return;
  }
}

void read_trigger(const Json& json, CaptureSpec& spec, StrictJson& outer) {
  TriggerSpec trigger;
  StrictJson reader(json, "'trigger'");
  read_kind(reader, trigger);
  if (trigger.is_schedule()) trigger.at_most_every_s = 0;
  reader.read("for_s", trigger.for_s, 1, kYear);
  reader.read("at_most_every_s", trigger.at_most_every_s, 0, kYear);
  reader.read("most", trigger.most, 1, 10'000);
  if (!reader.failed() && trigger.kind == TriggerSpec::Kind::Every && trigger.for_s >= trigger.every_s) {
    reader.complain(fmt::format("recording for {} s every {} s would never stop: leave the trigger out", trigger.for_s, trigger.every_s));
  }
  if (auto fault = reader.finish(); !fault.empty()) outer.complain(std::move(fault));
  spec.trigger = std::move(trigger);
}

void check_filters(const CaptureSpec& spec, const FilterNames& names, StrictJson& reader) {
  if (!spec.filter.empty() && !spec.bpf.empty()) return reader.complain("a session takes 'filter' or 'bpf', not both");
  for (const auto& [key, text] : {std::pair("filter", &spec.filter), std::pair("bpf", &spec.bpf)}) {
    if (text->size() > kLongestFilter || !is_text(*text)) {
      return reader.complain(fmt::format("'{}' must be one line of at most {} characters", key, kLongestFilter));
    }
  }
  if (auto filter = Filter::compile(spec.filter, names); !filter) return reader.complain("'filter': " + filter.error().message);
  if (spec.bpf.empty()) return;
  if (const auto name = host_word(spec.bpf)) {
    return reader.complain(fmt::format("'bpf': '{}' would have to be looked up as a host; a session waits for no name server: give the address", *name));
  }
  if (auto prepared = BpfFilter(spec.bpf).prepare(1); !prepared) reader.complain("'bpf': " + prepared.error().message);
}

std::string spoken(uint32_t seconds) {
  if (seconds != 0 && seconds % 3600 == 0) return fmt::format("{} h", seconds / 3600);
  if (seconds != 0 && seconds % 60 == 0) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} s", seconds);
}

}  // namespace

bool is_capture_name(std::string_view name, size_t longest) noexcept {
  return !name.empty() && name.size() <= longest && name.front() != '.' && std::ranges::all_of(name, [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || letter == '_' ||
           letter == '.' || letter == '-';
  });
}

Result<CaptureSpec> read_capture_spec(std::string_view text, const FilterNames& names) {
  if (text.size() > kLongestSpec) return fail("a capture session is described in at most 64 KiB");
  const auto json = parse_json(text);
  if (!json) return tl::unexpected(json.error());
  CaptureSpec spec;
  StrictJson reader(*json, "a capture session");
  reader.read("name", spec.name);
  reader.read("port", spec.port);
  reader.read("filter", spec.filter);
  reader.read("bpf", spec.bpf);
  reader.read("snap_length", spec.snap_length, 1, CaptureSpec::kWholePackets);
  reader.read("max_bytes", spec.max_bytes, 0, kMostBytes);
  reader.read("max_packets", spec.max_packets, 0, uint64_t{1} << 60);
  reader.read("max_seconds", spec.max_seconds, 0, 10 * kYear);
  reader.read("directory", spec.directory);
  if (const Json* ring = reader.find("ring")) read_ring(*ring, spec.ring, reader);
  if (const Json* trigger = reader.find("trigger")) read_trigger(*trigger, spec, reader);
  constexpr uint32_t kBefore = 10;
  if (spec.trigger && !spec.trigger->is_schedule()) spec.before_seconds = kBefore;
  const bool has_before = reader.find("before_seconds") != nullptr || reader.find("before_bytes") != nullptr;
  reader.read("before_seconds", spec.before_seconds, 0, 3600);
  reader.read("before_bytes", spec.before_bytes, 64 * 1024, uint64_t{256} << 20);
  if (reader.find("name") == nullptr) reader.complain("a capture session needs a 'name'");
  if (spec.directory.empty()) spec.directory = spec.name;
  for (const auto& [key, value] : {std::pair("name", &spec.name), std::pair("directory", &spec.directory)}) {
    if (is_capture_name(*value)) continue;
    reader.complain(fmt::format("'{}' must be 1 to 64 letters, digits or any of _ . - and not begin with a dot", key));
  }
  if (spec.port.size() > 128 || !is_text(spec.port)) reader.complain("'port' must be the name of a port");
  if (has_before && !spec.trigger) reader.complain("'before_seconds' and 'before_bytes' need a 'trigger'");
  if (spec.trigger && spec.ring.rotates()) reader.complain("a session with a 'trigger' makes a file a firing, and takes no 'ring'");
  if (!reader.failed()) check_filters(spec, names, reader);
  if (std::string fault = reader.finish(); !fault.empty()) return fail(std::move(fault));
  return spec;
}

std::string describe(const TriggerSpec& trigger) {
  std::string when;
  switch (trigger.kind) {
    case TriggerSpec::Kind::Every:
      when = "every " + spoken(trigger.every_s);
      break;
    case TriggerSpec::Kind::Calendar:
      when = "at " + trigger.calendar;
      break;
    case TriggerSpec::Kind::Unwanted:
      when = "on unwanted " + (trigger.unwanted.empty() ? std::string("applications") : fmt::format("{}", fmt::join(trigger.unwanted, ", ")));
      break;
    case TriggerSpec::Kind::Rtt:
      when = fmt::format("when the SYN,ACK's p{:g} of {} is over {:g} ms", trigger.rtt.percentile, trigger.rtt.window, trigger.rtt.above_ms);
      if (trigger.rtt.port) when += fmt::format(" on port {}", *trigger.rtt.port);
      break;
    case TriggerSpec::Kind::Loss:
      when = "on loss";
      break;
  }
  return when + " for " + spoken(trigger.for_s);
}

}  // namespace wirewatch
