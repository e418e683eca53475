// SPDX-License-Identifier: BSD-3-Clause
// What a worker hands on as it happens, as records of its shared ring and back again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "dataplane/classify/dns_answer.h"
#include "dataplane/flow/records.h"
#include "dataplane/pipeline/shared_layout.h"

namespace wirewatch {

/// Of a flow that began, went on or ended. Application and signature are the registry's ids.
struct FlowEvent {
  static constexpr size_t kLongestHost = 88;

  FlowRecord record;  // traffic since the flow's last event; its `host` and `names` are empty: see host() and NamesEvent
  FlowProgress progress;
  bool host_cut = false;
  uint8_t host_length = 0;
  std::array<char, kLongestHost> host_bytes{};

  std::string_view host() const noexcept { return {host_bytes.data(), host_length}; }
};

struct HandshakeEvent {
  HandshakeRecord record;
};

/// What was read inside a flow, beside its host. Comes once, right before a record of the flow.
struct NamesEvent {
  FlowId id;
  uint8_t length = 0;
  std::array<char, NameSheet::kMostWithoutHost> bytes{};

  NameSheet sheet() const noexcept { return NameSheet({bytes.data(), length}); }
};

/// Addresses that a client was given for a name, or some of them.
struct AnswerEvent {
  static constexpr size_t kMostAddresses = 6, kLongestName = 96;

  IpAddress client;
  Timestamp time;
  size_t count = 0;
  std::array<DnsAddress, kMostAddresses> addresses{};
  uint8_t name_length = 0;
  std::array<char, kLongestName> name_bytes{};

  std::string_view name() const noexcept { return {name_bytes.data(), name_length}; }
};

using Event = std::variant<FlowEvent, HandshakeEvent, NamesEvent, AnswerEvent>;

SharedEvent encode(const FlowRecord& record, const FlowProgress& progress) noexcept;
SharedEvent encode(const HandshakeRecord& record) noexcept;
SharedEvent encode(const NameSheet& names, const FlowId& id) noexcept;
/// At most AnswerEvent's many addresses, and characters of the name.
SharedEvent encode(std::string_view name, std::span<const DnsAddress> addresses, const IpAddress& client, Timestamp time) noexcept;
/// Nothing when the bytes are none that encode() makes.
std::optional<Event> decode(const SharedEvent& event) noexcept;

}  // namespace wirewatch
