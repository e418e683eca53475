// SPDX-License-Identifier: BSD-3-Clause
// TLS inside protocols over UDP that are known by their ports: OpenVPN and RDP. A conversation of one of them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "dataplane/filter/message_reader.h"
#include "dataplane/filter/openvpn.h"
#include "dataplane/filter/rdp_udp.h"
#include "dataplane/filter/stream_tracker.h"

namespace wirewatch::filter {

class DatagramTls {
 public:
  /// Null when the ports are of neither.
  static std::unique_ptr<DatagramTls> between(uint16_t port, uint16_t other);

  /// Tells what TLS a whole datagram shows. `forward`: sent by the end that compares lower.
  void observe(std::span<const uint8_t> datagram, bool forward, TransportFacts& facts);

 private:
  explicit DatagramTls(Application carrier) : carrier_(carrier) {}

  Application carrier_;
  std::array<OpenVpn, 2> openvpn_;
  RdpUdp rdp_;
  MessageReader reader_;
  std::array<bool, 2> encrypted_{};
};

}  // namespace wirewatch::filter
