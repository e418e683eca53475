// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/tap_set.h"

#include <algorithm>
#include <utility>

#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

constexpr uint16_t kEthernet = 1;
/// A BPF program is for one link type, and packets of a replay may be of any that the parser knows.
constexpr std::array<uint16_t, 13> kOtherLinkTypes{113, 276, 101, 12, 228, 229, 0, 108, 9, 50, 51, 104, 105};

Result<BpfFilter> compile_bpf(const std::string& expression) {
  BpfFilter filter(expression);
  // What is no expression is refused after the first try: a name of a host that nobody knows takes seconds to look up.
  if (const auto ready = filter.prepare(kEthernet); !ready) return tl::unexpected(ready.error());
  // Some expressions say nothing about the other ones (Ethernet addresses, VLANs): those packets do not match.
  for (const uint16_t type : kOtherLinkTypes) static_cast<void>(filter.prepare(type));
  return filter;
}

Result<Filter> compile_filter(const std::string& text, const FilterNames& names) {
  auto filter = Filter::compile(text, names);
  if (!filter) return filter;
  const Needs& needs = filter->needs();
  const char* asked = nullptr;
  if (needs.whole_flow) asked = "about the whole of a flow, of which only the beginning is known here";
  if (needs.times) asked = "about the time since other packets";
  if (needs.streams) asked = "about the packets of a stream before this one";
  if (asked != nullptr) return fail("the filter '" + text + "' asks " + asked + "; tap without it and filter what comes");
  return filter;
}

}  // namespace

tl::expected<TapSet, TapFault> TapSet::compile(std::span<const TapSpec> specs, uint64_t number, std::shared_ptr<const TapNames> names,
                                               std::span<const uint16_t> ports) {
  TapSet set(number, std::move(names));
  std::array<bool, kMostTaps> used{};
  const auto refused = [](const TapSpec& spec, std::string why) { return tl::unexpected(TapFault{Error{std::move(why)}, spec.slot}); };
  for (const TapSpec& spec : specs) {
    if (spec.slot >= kMostTaps) return refused(spec, "slot " + std::to_string(spec.slot) + " is not in 0 to " + std::to_string(kMostTaps - 1));
    if (std::exchange(used[spec.slot], true)) return refused(spec, "slot " + std::to_string(spec.slot) + " is used twice");
    auto tap = set.compile_one(spec);
    if (!tap) return refused(spec, tap.error().message);
    if (tap->port && !ports.empty() && std::ranges::find(ports, *tap->port) == ports.end()) continue;
    if (const auto* filter = std::get_if<Filter>(&tap->asks)) set.needs_flow_ |= filter->needs().flow;
    set.ids_[spec.slot] = spec.id;
    set.taps_.push_back(std::move(*tap));
  }
  return set;
}

Result<TapSet::Tap> TapSet::compile_one(const TapSpec& spec) {
  if (spec.id == kNoTap) return fail("a tap needs an id other than 0");
  if (spec.snap_length < 1 || spec.snap_length > kMostSnapLength) {
    return fail("the snap length " + std::to_string(spec.snap_length) + " is not in 1 to " + std::to_string(kMostSnapLength));
  }
  if (!spec.filter.empty() && !spec.bpf.empty()) return fail("a tap has a display filter or a BPF expression, not both");
  Tap tap;
  tap.slot = spec.slot;
  tap.snap_length = spec.snap_length;
  if (!spec.port.empty()) {
    const auto port = std::ranges::find(names_->ports, spec.port);
    if (port == names_->ports.end()) return fail("no port is called '" + spec.port + "'" + did_you_mean(spec.port, names_->ports));
    tap.port = static_cast<uint16_t>(port - names_->ports.begin());
  }
  if (!spec.filter.empty()) {
    auto filter = compile_filter(spec.filter, names_->filter);
    if (!filter) return tl::unexpected(filter.error());
    tap.asks = std::move(*filter);
  } else if (!spec.bpf.empty()) {
    auto filter = compile_bpf(spec.bpf);
    if (!filter) return tl::unexpected(filter.error());
    tap.asks = std::move(*filter);
  }
  return tap;
}

FlowContext TapSet::context(const FlowFacts& facts) const noexcept {
  FlowContext flow;
  flow.evidence = facts.evidence;
  flow.packets = facts.packets;
  flow.bytes = facts.bytes;
  const size_t row = facts.application - size_t{1};  // of kUnknownApplication: beyond all
  if (row < names_->filter.applications.size()) flow.application = names_->filter.applications[row];
  if (row < names_->categories.size()) flow.category = names_->categories[row];
  return flow;
}

TapSet::Match TapSet::match(const Packet& packet, const Layers& layers, const FlowFacts& facts) noexcept {
  const bool has_flow = facts.packets > 0;
  FlowContext flow;
  if (has_flow) flow = context(facts);
  const Frame frame{.packet = packet, .layers = layers, .flow = has_flow ? &flow : nullptr};
  Match match;
  for (Tap& tap : taps_) {
    if (tap.port && *tap.port != packet.interface) continue;
    if (auto* filter = std::get_if<Filter>(&tap.asks); filter != nullptr && !filter->matches(frame)) continue;
    if (const auto* bpf = std::get_if<BpfFilter>(&tap.asks); bpf != nullptr && !bpf->matches(packet)) continue;
    match.taps |= uint64_t{1} << tap.slot;
    match.snap_length = std::max(match.snap_length, tap.snap_length);
  }
  return match;
}

}  // namespace wirewatch
