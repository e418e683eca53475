// SPDX-License-Identifier: BSD-3-Clause
// What is worth a comment on a packet in a file: the application of its flow where it becomes known, and how long the SYN,ACK
// took where that is. Said once a flow, as far as a small table remembers.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "control/captures/arrival.h"

namespace wirewatch {

class FlowNotes {
 public:
  FlowNotes();

  /// Nothing, or a line in the words of the filter fields: "flow.application: tls, flow.category: web, flow.evidence: payload,
  /// handshake.syn_ack_rtt: 0.005410000". Valid until the next call.
  std::string_view comment(Arrival& arrival) noexcept;
  /// A new file: everything is news again.
  void forget() noexcept;

 private:
  struct Said {
    uint32_t flow = 0;         // upper half of its hash
    ApplicationId application = kUnknownApplication;
    bool rtt = false;
  };
  static constexpr size_t kFlows = 16'384;  // two flows in one place only say the same twice

  std::unique_ptr<std::array<Said, kFlows>> said_;
  std::array<char, 512> text_;
};

}  // namespace wirewatch
