// SPDX-License-Identifier: BSD-3-Clause
// What a worker hands on as it happens, as records of its shared ring and back again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

#include "dataplane/flow/records.h"
#include "dataplane/pipeline/shared_layout.h"

namespace wirewatch {

/// Of a flow that began, went on or ended. Application and signature are the registry's ids.
struct FlowEvent {
  static constexpr size_t kLongestHost = 88;

  FlowRecord record;  // traffic since the flow's last event; its `host` is empty: see host()
  FlowProgress progress;
  bool host_cut = false;
  uint8_t host_length = 0;
  std::array<char, kLongestHost> host_bytes{};

  std::string_view host() const noexcept { return {host_bytes.data(), host_length}; }
};

struct HandshakeEvent {
  HandshakeRecord record;
};

using Event = std::variant<FlowEvent, HandshakeEvent>;

SharedEvent encode(const FlowRecord& record, const FlowProgress& progress) noexcept;
SharedEvent encode(const HandshakeRecord& record) noexcept;
/// Nothing when the bytes are none that encode() makes.
std::optional<Event> decode(const SharedEvent& event) noexcept;

}  // namespace wirewatch
