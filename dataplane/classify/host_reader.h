// SPDX-License-Identifier: BSD-3-Clause
// Reads the names inside a flow's first packets: what it is meant for, what it is about to speak, and who asks. Runs the
// extractor that a signature names; a ClientHello that is not complete is awaited. One per classifier.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/base/host_source.h"
#include "dataplane/classify/extractor.h"
#include "dataplane/classify/hello_store.h"
#include "dataplane/classify/host_name.h"
#include "dataplane/classify/ja4.h"
#include "dataplane/classify/quic_initial.h"

namespace wirewatch {

/// Views that live until the next packet is read. Empty is: not known (yet).
struct FlowNames {
  std::string_view host;        // SNI, HTTP Host
  std::string_view alpn;        // the first protocol a TLS client offers: "h2"
  std::string_view ja4;         // "t13d1516h2_8daaf6152771_e5627efa2ab1"
  std::string_view user_agent;  // of the first HTTP request
  HostSource host_source = HostSource::None;
  bool encrypted_hello = false; // the ClientHello offers ECH: `host` may be a front
};

/// A stretch of what one side of a flow sent.
struct SentBytes {
  std::span<const uint8_t> bytes;
  uint32_t sequence = 0;      // TCP, of the first byte
  bool has_sequence = false;  // else they are taken to follow what came before
  uint8_t side = 0;
};

/// What a flow remembers while its ClientHello is incomplete: plain bytes, all zero is nothing awaited.
struct HelloWait {
  HelloTicket ticket;
  Extractor extractor;  // None: an early segment is kept, and nothing is known of it
  uint8_t side;
  uint8_t packets;  // seen since

  bool for_hello() const noexcept { return ticket.serial != 0 && extractor != Extractor::None; }
};

class HostReader {
 public:
  /// Empty when the payload holds no usable name; valid until the next call. For callers with one payload.
  std::string_view read(Extractor extractor, std::span<const uint8_t> payload) noexcept;

  /// Forgets the names of the packet before.
  void begin() noexcept { names_ = {}; }
  const FlowNames& names() const noexcept { return names_; }
  /// Reads what is there; `wait` is set when more of a ClientHello has to come.
  void read(Extractor extractor, const SentBytes& sent, HelloWait& wait) noexcept;
  /// The next payload of a flow that waits, whoever sent it.
  void resume(const SentBytes& sent, HelloWait& wait) noexcept;
  /// A segment that overtook the first one: kept, since it may be the rest of a ClientHello.
  void keep_early(const SentBytes& sent, uint32_t stream_begins, HelloWait& wait) noexcept;
  void give_up(HelloWait& wait) noexcept;

  uint64_t hellos_given_up() const noexcept { return store_.taken_over(); }

 private:
  void read_http(std::span<const uint8_t> request) noexcept;
  void take(const ClientHelloFields& fields, HelloTransport transport) noexcept;
  /// Whether the ClientHello is complete; what there is of it becomes names.
  bool take_tls(std::span<const uint8_t> stream) noexcept;
  bool take_quic(std::span<const uint8_t> message) noexcept;
  void wait_for_rest(Extractor extractor, const SentBytes& sent, HelloWait& wait) noexcept;
  void add(const SentBytes& sent, HelloPlace& place) noexcept;

  FlowNames names_;
  HostName host_;
  std::array<char, kLongestHostName> user_agent_{};
  std::array<char, 32> alpn_{};
  std::array<uint8_t, kLongestHello> message_{};  // put together from several records
  HelloBytes datagram_hello_;
  Ja4 ja4_;
  QuicInitial quic_;
  HelloStore store_;
};

}  // namespace wirewatch
