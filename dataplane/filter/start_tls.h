// SPDX-License-Identifier: BSD-3-Clause
// Conversations in lines of text that change to TLS when the server agrees to it: mail, news and file transfer. As in
// Wireshark, such a port carries TLS only behind that agreement, and then whatever comes is read as TLS.
#pragma once

#include <cstdint>
#include <span>

namespace wirewatch::filter {

/// Is it a port whose protocol changes to TLS by a command that `StartTls` knows?
bool may_start_tls(uint16_t port) noexcept;

class StartTls {
 public:
  /// Takes a segment from where a message begins; true when it is the one that agrees, and what follows is TLS.
  bool observe(uint16_t source_port, uint16_t destination_port, std::span<const uint8_t> payload) noexcept;

 private:
  bool asked_ = false;
};

}  // namespace wirewatch::filter
