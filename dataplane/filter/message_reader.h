// SPDX-License-Identifier: BSD-3-Clause
// Which application a TCP conversation is read as, and where its messages end: by ports, by what a first segment looks
// like, and by what the conversation has shown so far, in the order in which Wireshark's dissectors come.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/filter/message_parts.h"
#include "dataplane/filter/start_tls.h"
#include "dataplane/filter/stream_tracker.h"

namespace wirewatch::filter {

class MessageReader {
 public:
  /// Decides from the first segment with payload that tells.
  void recognise(uint16_t source_port, uint16_t destination_port, std::span<const uint8_t> payload) noexcept;
  /// Reads messages from where one begins. `may_wait`: what is not whole yet may come in later segments. `encrypted`: of the
  /// direction, whether its TLS records are encrypted.
  Reading read(std::span<const uint8_t> bytes, bool may_wait, bool& encrypted) noexcept;

  /// The whole records that a message of another protocol carries. What is left of one is passed over; nullopt when it is no TLS.
  std::optional<std::span<const uint8_t>> read_whole_records(std::span<const uint8_t> message, bool& encrypted) noexcept;

  Application application() const noexcept { return application_; }
  bool inside_http() const noexcept { return inside_http_; }
  bool tls13() const noexcept { return tls13_; }

 private:
  Reading read_tls(std::span<const uint8_t> bytes, bool& encrypted) noexcept;
  Reading read_http(std::span<const uint8_t> bytes) noexcept;
  static Reading read_counted(std::span<const uint8_t> bytes) noexcept;

  Application application_ = Application::None;
  StartTls start_tls_;
  bool starts_tls_ = false;     // the server agreed: what follows is TLS
  bool asked_ = false;          // a request for something was seen: whatever comes is HTTP
  bool asked_for_head_ = false;
  bool asked_to_connect_ = false;
  bool inside_http_ = false;    // a proxy made a connection
  bool changed_ = false;        // to a protocol that is not read here
  bool knows_version_ = false;  // a TLS record said it: from there on records are believed
  bool tls13_ = false;
};

/// What a conversation's first segment is read as: the lower port decides, then the other, then what it looks like.
Application application_of_segment(uint16_t source_port, uint16_t destination_port, std::span<const uint8_t> payload) noexcept;

}  // namespace wirewatch::filter
