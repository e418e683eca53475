// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/flow_notes.h"

#include <fmt/format.h>

#include "dataplane/base/timestamp.h"

namespace wirewatch {

FlowNotes::FlowNotes() : said_(std::make_unique<std::array<Said, kFlows>>()) {}

void FlowNotes::forget() noexcept { said_->fill({}); }

std::string_view FlowNotes::comment(Arrival& arrival) noexcept {
  const TappedPacket& head = arrival.head();
  const bool has_rtt = head.has(TappedPacket::kHasHandshake) && head.syn_ack_rtt_ns >= 0;
  if (head.application == kUnknownApplication && !has_rtt) return {};
  const Layers& layers = arrival.layers();
  if (!layers.has_flow) return {};
  Said& said = (*said_)[layers.flow_hash % kFlows];
  const auto flow = static_cast<uint32_t>(layers.flow_hash >> 32);
  if (said.flow != flow) said = {.flow = flow};
  char* at = text_.data();
  const auto put = [&](auto format, const auto&... values) {
    if (at != text_.data()) {
      *at++ = ',';
      *at++ = ' ';
    }
    const auto room = static_cast<size_t>(text_.data() + text_.size() - 2 - at);
    at = fmt::format_to_n(at, room, format, values...).out;
  };
  const FlowContext facts = arrival.flow();
  if (!facts.application.empty() && said.application != head.application) {
    constexpr size_t kLongestName = 64;
    put(FMT_STRING("flow.application: {}, flow.category: {}, flow.evidence: {}"), facts.application.substr(0, kLongestName),
        facts.category.substr(0, kLongestName), to_string(facts.evidence));
    said.application = head.application;
  }
  if (has_rtt && !said.rtt) {
    put(FMT_STRING("handshake.syn_ack_rtt: {}.{:09}"), head.syn_ack_rtt_ns / kSecond_ns, head.syn_ack_rtt_ns % kSecond_ns);
    if (facts.ambiguous) put(FMT_STRING("handshake.ambiguous: {}"), 1);
    said.rtt = true;
  }
  return {text_.data(), static_cast<size_t>(at - text_.data())};
}

}  // namespace wirewatch
