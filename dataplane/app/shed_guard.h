// SPDX-License-Identifier: BSD-3-Clause
// What must not pass even while an inline pair is too busy to inspect: by address and connection, which a look at the
// headers tells. Applications take a flow's state, and so pass until inspection has caught up.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/packet/parse.h"
#include "dataplane/pipeline/drop_list.h"
#include "dataplane/pipeline/prepared_rules.h"
#include "dataplane/source/source.h"

namespace wirewatch {

class ShedGuard {
 public:
  explicit ShedGuard(const ParseOptions& parse) noexcept : parse_(parse) {}

  /// The worker's thread: bit i of the answer keeps packets[i] back. Costs nothing while nothing is blocked.
  uint64_t operator()(std::span<const Packet> packets) noexcept {
    if (auto next = lists_.take()) {
      next.swap(list_);
      lists_.give_back(std::move(next));
    }
    if (!list_ || list_->empty()) return 0;
    parse_all(packets, parse_, layers_);
    uint64_t drop = 0;
    for (size_t i = 0; i < packets.size(); ++i) drop |= uint64_t{blocks(packets[i], layers_[i])} << i;
    return drop;
  }

  /// The main thread's end.
  Mailbox<DropList>& lists() noexcept { return lists_; }

 private:
  bool blocks(const Packet& packet, const Layers& layers) const noexcept {
    if (layers.has_flow) return list_->blocks(layers.key, kUnknownApplication, Evidence::None, packet.time);
    if (layers.outer_family == IpFamily::None) return false;
    const uint8_t* header = packet.data + layers.outer_offset;
    return list_->blocks(ip_source(header, layers.outer_family), ip_destination(header, layers.outer_family), packet.time);
  }

  ParseOptions parse_;
  Mailbox<DropList> lists_;
  std::unique_ptr<DropList> list_;
  std::array<Layers, kBurstSize> layers_;
};

}  // namespace wirewatch
