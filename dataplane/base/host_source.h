// SPDX-License-Identifier: BSD-3-Clause
// Where the host name of a flow was read: inside the flow, or in an answer its client was given before.
#pragma once

#include <cstdint>
#include <string_view>

namespace wirewatch {

enum class HostSource : uint8_t {
  None,
  Sni,   // a TLS ClientHello
  Http,  // a request's Host or authority
  Quic,  // the ClientHello in a QUIC Initial
  Dns,   // the name for which the client was told the server's address
};
inline constexpr HostSource kLastHostSource = HostSource::Dns;

constexpr std::string_view to_string(HostSource source) noexcept {
  switch (source) {
    case HostSource::None:
      return "none";
    case HostSource::Sni:
      return "sni";
    case HostSource::Http:
      return "http";
    case HostSource::Quic:
      return "quic";
    case HostSource::Dns:
      return "dns";
  }
  return "none";
}

}  // namespace wirewatch
