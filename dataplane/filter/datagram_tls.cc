// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/datagram_tls.h"

#include <algorithm>

namespace wirewatch::filter {

std::unique_ptr<DatagramTls> DatagramTls::between(uint16_t port, uint16_t other) {
  const uint16_t low = std::min(port, other), high = std::max(port, other);
  constexpr std::array<uint16_t, 7> kOthers{53, 67, 68, 123, 137, 138, 1900};  // whose own readers take everything
  for (const uint16_t one : {low, high}) {
    if (std::ranges::find(kOthers, one) != kOthers.end()) return nullptr;
    if (one == kOpenVpnPort) return std::unique_ptr<DatagramTls>(new DatagramTls(Application::OpenVpn));
    if (one == kRdpPort) return std::unique_ptr<DatagramTls>(new DatagramTls(Application::RdpUdp));
  }
  return nullptr;
}

void DatagramTls::observe(std::span<const uint8_t> datagram, bool forward, TransportFacts& facts) {
  const size_t side = forward ? 0 : 1;
  const auto tls = carrier_ == Application::OpenVpn ? openvpn_[side].open(datagram) : rdp_.open(datagram);
  facts.carrier = carrier_;
  if (!tls || tls->empty()) return;
  facts.tls_encrypted = encrypted_[side];
  const auto shown = reader_.read_whole_records(*tls, encrypted_[side]);
  if (!shown) return;
  facts.application = Application::Tls;
  facts.tls13 = reader_.tls13();
  facts.begins_pdu = shown->empty();
  facts.pdus = *shown;
}

}  // namespace wirewatch::filter
