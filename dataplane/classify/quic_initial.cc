// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/classify/quic_initial.h"

#include <array>

#include "dataplane/classify/hello_bytes.h"

namespace wirewatch {

struct QuicInitial::State {
  quic::InitialOpener opener;
  std::array<uint8_t, 2048> clear{};  // an Initial fits a datagram of 1200 to 1500 bytes
  HelloBytes hello;
};

QuicInitial::QuicInitial() : state_(std::make_unique<State>()) {}
QuicInitial::~QuicInitial() = default;
QuicInitial::QuicInitial(QuicInitial&&) noexcept = default;
QuicInitial& QuicInitial::operator=(QuicInitial&&) noexcept = default;

bool QuicInitial::gather(std::span<const uint8_t> datagram, std::optional<quic::InitialKeys>& keys, HelloBytes& hello) noexcept {
  bool opened = false;
  while (const auto packet = quic::read_long_packet(datagram)) {
    const quic::Version* const version = packet->type == quic::LongType::Initial ? quic::find_version(packet->version) : nullptr;
    if (version == nullptr) break;
    std::span<const uint8_t> frames;
    if (keys) frames = state_->opener.open(*packet, *keys, state_->clear);
    if (frames.empty()) {  // the first one, or one that follows a Retry
      const quic::InitialKeys derived = state_->opener.derive(*version, packet->connection_id, quic::Side::Client);
      frames = state_->opener.open(*packet, derived, state_->clear);
      if (!frames.empty()) keys = derived;
    }
    if (frames.empty()) break;
    // They may come in any order; some clients shuffle them on purpose.
    quic::for_each_crypto_frame(frames, *version, [&](uint64_t offset, uint64_t, std::span<const uint8_t> bytes) noexcept {
      if (offset >= kLongestHello) return false;
      hello.put(offset, bytes);
      return true;
    });
    opened = true;
    datagram = datagram.subspan(packet->bytes.size());
  }
  return opened;
}

std::span<const uint8_t> QuicInitial::client_hello(std::span<const uint8_t> datagram) noexcept {
  std::optional<quic::InitialKeys> keys;
  state_->hello.clear();
  gather(datagram, keys, state_->hello);
  return state_->hello.beginning();
}

}  // namespace wirewatch
