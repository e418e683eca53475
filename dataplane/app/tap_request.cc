// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/tap_request.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace wirewatch {
namespace {

using nlohmann::json;

tl::unexpected<TapFault> refused(std::string why, std::optional<uint8_t> slot = std::nullopt) {
  return tl::unexpected(TapFault{Error{std::move(why)}, slot});
}

/// A number from 0 to `most`; nothing when it is missing or another thing.
std::optional<uint64_t> number(const json& from, const char* key, uint64_t most) {
  const auto found = from.find(key);
  if (found == from.end() || !found->is_number_unsigned() || found->get<uint64_t>() > most) return std::nullopt;
  return found->get<uint64_t>();
}

}  // namespace

tl::expected<TapRequest, TapFault> read_tap_request(const json& request) {
  TapRequest read;
  const auto set = number(request, "set", std::numeric_limits<uint64_t>::max());
  const auto taps = request.find("taps");
  if (!set) return refused("taps need \"set\": the number of this set of taps, from 0");
  if (taps == request.end() || !taps->is_array()) return refused("taps need \"taps\": a list, empty for none");
  if (taps->size() > kMostTaps) return refused(std::to_string(taps->size()) + " taps are more than " + std::to_string(kMostTaps));
  read.set = *set;
  for (const json& each : *taps) {
    if (!each.is_object()) return refused("a tap is {\"slot\": ..., \"id\": ..., \"filter\": ...}");
    const auto slot = number(each, "slot", kMostTaps - 1);
    if (!slot) return refused("a tap needs \"slot\": 0 to " + std::to_string(kMostTaps - 1));
    TapSpec spec{.slot = static_cast<uint8_t>(*slot)};
    const auto id = number(each, "id", std::numeric_limits<uint64_t>::max());
    if (!id || *id == kNoTap) return refused("a tap needs \"id\": a number from 1 that no other tap has or had", spec.slot);
    spec.id = *id;
    for (const auto& [key, text] : {std::pair{"port", &spec.port}, {"filter", &spec.filter}, {"bpf", &spec.bpf}}) {
      const auto found = each.find(key);
      if (found == each.end() || found->is_null()) continue;
      if (!found->is_string()) return refused("\"" + std::string(key) + "\" of a tap is a text", spec.slot);
      *text = found->get<std::string>();
    }
    if (each.contains("snap_length")) {
      const auto snap = number(each, "snap_length", kMostSnapLength);
      if (!snap || *snap == 0) return refused("\"snap_length\" is a number from 1 to " + std::to_string(kMostSnapLength), spec.slot);
      spec.snap_length = static_cast<uint32_t>(*snap);
    }
    read.taps.push_back(std::move(spec));
  }
  return read;
}

}  // namespace wirewatch
