// SPDX-License-Identifier: BSD-3-Clause
// Where the first bytes of streams are kept whose ClientHello is not complete in one packet, while the rest is awaited:
// segments in any order, QUIC CRYPTO frames over several datagrams. A fixed number of places; when all are taken, the one
// opened first is given to the newcomer. One per classifier.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/classify/hello_bytes.h"
#include "dataplane/classify/quic_initial.h"

namespace wirewatch {

struct HelloPlace {
  HelloBytes* bytes = nullptr;
  std::optional<quic::InitialKeys> keys;  // of a QUIC client's Initial packets
  uint32_t begins = 0;                  // TCP sequence number of the stream's first byte
  uint16_t serial = 0;
  bool has_sequence = false;            // else bytes are taken in the order in which they come
  bool open = false;
};

/// A flow's claim to a place; all zero is none.
struct HelloTicket {
  uint16_t place;
  uint16_t serial;
};

class HelloStore {
 public:
  explicit HelloStore(size_t places = 128);

  HelloTicket open() noexcept;
  /// Null when there is no ticket or the place was given to another.
  HelloPlace* at(HelloTicket ticket) noexcept;
  void close(HelloTicket& ticket) noexcept;
  /// Places taken from somebody who still waited.
  uint64_t taken_over() const noexcept { return taken_over_; }

 private:
  std::unique_ptr<HelloBytes[]> bytes_;
  std::vector<HelloPlace> places_;
  size_t next_ = 0;
  uint64_t taken_over_ = 0;
};

}  // namespace wirewatch
