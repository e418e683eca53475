// SPDX-License-Identifier: BSD-3-Clause
// Conversations one after the other, and what a report calls each.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/pipeline/worker_run.h"
#include "tests/replay/scenario.h"

namespace wirewatch::testing {

class Conversations {
 public:
  /// A connection, or for UDP an exchange, in which each of `said` comes from the client, the server, and so on.
  void add(uint8_t ip_protocol, std::string_view client, std::string_view server, uint16_t port,
           const std::vector<std::string>& said) {
    const uint16_t from = next_port_++;
    const bool tcp = ip_protocol == 6;
    if (tcp) {
      put(eth().ipv4(client, server).tcp(from, port).syn().seq(1));
      put(eth().ipv4(server, client).tcp(port, from).syn_ack().seq(1).ack_number(2));
    }
    std::array<uint32_t, 2> sequence{2, 2};
    for (size_t i = 0; i < said.size(); ++i) {
      const bool back = i % 2 == 1;
      FrameBuilder frame = eth().ipv4(back ? server : client, back ? client : server);
      const uint16_t source = back ? port : from, destination = back ? from : port;
      if (tcp) {
        frame.tcp(source, destination).ack().seq(sequence[i % 2]);
      } else {
        frame.udp(source, destination);
      }
      put(frame.payload(said[i]));
      sequence[i % 2] += static_cast<uint32_t>(said[i].size());
    }
    if (tcp) put(eth().ipv4(client, server).tcp(from, port).rst());
  }
  /// Of the client of the next conversation; that of the one after it is one more.
  void next_port(uint16_t port) { next_port_ = port; }
  /// "server:port protocol application evidence" of each flow, in the order of the conversations.
  std::vector<std::string> named(unsigned jobs) const {
    const TemporaryFile file(pcap_.bytes());
    InspectOptions options = everything_of({file.path()});
    options.jobs = jobs;
    std::vector<std::string> names;
    for (const FlowRecord& flow : report_of(options).flows) {
      names.push_back(fmt::format("{}:{} {} {} {}", flow.server.address.to_string(), flow.server.port,
                                  flow.ip_protocol == 6 ? "tcp" : "udp", shipped_rules()->application_name(flow.application), to_string(flow.evidence)));
    }
    return names;
  }

 private:
  void put(const FrameBuilder& frame) { pcap_.record(1'700'000'000 + frames_++, 0, frame.bytes()); }

  PcapBuilder pcap_;
  uint32_t frames_ = 0;
  uint16_t next_port_ = 50000;
};

}  // namespace wirewatch::testing
