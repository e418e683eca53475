// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/stats/port_rtts.h"

#include <limits>

namespace wirewatch {

PortRtts::PortRtts(size_t most_ports) : ports_(std::min<size_t>(most_ports, kNowhere)) {
  if (ports_.empty()) return;
  place_.assign(size_t{1} << 16, kNowhere);
  seen_.assign(size_t{1} << 16, 0);
}

void PortRtts::record(uint16_t server_port, int64_t rtt_ns) noexcept {
  if (ports_.empty()) return;
  all_.record(rtt_ns);
  if (seen_[server_port] < std::numeric_limits<uint32_t>::max()) ++seen_[server_port];
  const uint16_t place = place_for(server_port);
  (place == kNowhere ? other_ : ports_[place].rtt).record(rtt_ns);
}

uint16_t PortRtts::place_for(uint16_t server_port) noexcept {
  if (place_[server_port] != kNowhere) return place_[server_port];
  if (used_ < ports_.size()) {
    ports_[used_].port = server_port;
    return place_[server_port] = static_cast<uint16_t>(used_++);
  }
  size_t least = 0;
  for (size_t i = 1; i < ports_.size(); ++i) {
    if (seen_[ports_[i].port] < seen_[ports_[least].port]) least = i;
  }
  Port& given_up = ports_[least];
  if (seen_[server_port] <= seen_[given_up.port]) return kNowhere;
  other_ += given_up.rtt;
  place_[given_up.port] = kNowhere;
  given_up = {.port = server_port, .rtt = {}};
  place_[server_port] = static_cast<uint16_t>(least);
  return place_[server_port];
}

}  // namespace wirewatch
