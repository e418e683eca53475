// SPDX-License-Identifier: BSD-3-Clause
// What must hold for any bytes at all that are taken for a capture session's description, its record on a disk, or a
// calendar expression. Run by the fuzzer and, over its past crashes, by the unit tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "control/captures/calendar.h"
#include "control/captures/capture_json.h"

namespace wirewatch::fuzz {

inline std::string check_spec(const std::string& text) {
  // libpcap asks a name server for host names in BPF expressions; that is not what is tried here.
  if (text.find("bpf") != std::string::npos || text.find("\\u") != std::string::npos) return {};
  const auto spec = read_capture_spec(text);
  if (!spec) return spec.error().message.empty() ? "a spec was refused without a word" : "";
  const auto again = read_capture_spec(to_json(*spec).dump());
  if (!again) return "a spec that was written was refused: " + again.error().message;
  if (!(*again == *spec)) return "a spec reads back as another: " + to_json(*again).dump();
  if (!is_capture_name(spec->name) || !is_capture_name(spec->directory)) return "a name that leads elsewhere";
  return {};
}

inline std::string check_view(const std::string& text) {
  if (text.find("bpf") != std::string::npos || text.find("\\u") != std::string::npos) return {};
  const auto view = read_capture_view(text);
  if (!view) return view.error().message.empty() ? "a record was refused without a word" : "";
  for (const CaptureFile& file : view->files) {
    if (file.name.find('/') != std::string::npos || file.name.starts_with('.')) return "a file that leads elsewhere";
  }
  return {};
}

inline std::string check_calendar(const std::string& text) {
  const auto calendar = Calendar::parse(text);
  if (!calendar) return calendar.error().message.empty() ? "an expression was refused without a word" : "";
  int64_t at = 1'795'402'800;
  for (int i = 0; i < 3; ++i) {
    const auto next = calendar->next(at);
    if (!next) return {};
    if (*next <= at) return "time went back in " + text;
    at = *next;
  }
  return {};
}

/// Empty when all is well.
inline std::string check_sessions(std::span<const uint8_t> bytes) {
  const std::string text(bytes.begin(), bytes.end());
  for (const auto check : {check_spec, check_view, check_calendar}) {
    if (std::string fault = check(text); !fault.empty()) return fault;
  }
  return {};
}

}  // namespace wirewatch::fuzz
