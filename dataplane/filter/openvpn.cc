// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/openvpn.h"

#include <algorithm>

#include "dataplane/base/byte_reader.h"

namespace wirewatch::filter {
namespace {

/// With tls-auth a digest stands where the number of acknowledged packets would. Only its looks tell: the number is small and
/// followed by zeros, a digest hardly holds two of them in its first four bytes.
bool begins_with_digest(uint32_t word) noexcept {
  unsigned zeros = 0;
  for (unsigned shift = 0; shift < 32; shift += 8) zeros += (word >> shift & 0xff) == 0;
  return word >> 24 != 0 && zeros < 2;
}

/// Behind the header of a control packet.
struct Control {
  uint32_t session = 0;
  std::span<const uint8_t> fragment;
};

/// doc/doxygen/doc_protocol_overview.h of OpenVPN: session, with tls-auth digest, packet and time, acknowledged packets with
/// the session of the other end, number of the message.
std::optional<Control> read_control(std::span<const uint8_t> packet) noexcept {
  constexpr uint8_t kControl = 4;
  constexpr size_t kDigest = 20, kReplay = 8, kSession = 8, kNumber = 4;
  ByteReader reader(packet);
  const auto type = reader.u8();
  if (!type || *type >> 3 != kControl || !reader.skip(4)) return std::nullopt;
  const auto session = reader.be32();
  if (!session || reader.remaining() < 4) return std::nullopt;
  if (begins_with_digest(load_be32(reader.rest().data()))) {
    if (!reader.skip(kDigest)) return std::nullopt;
    reader.skip(kReplay);
  }
  if (const auto acknowledged = reader.u8(); acknowledged && *acknowledged > 0) {
    if (!reader.skip(size_t{4} * *acknowledged)) return std::nullopt;
    reader.skip(kSession);
  }
  reader.skip(kNumber);
  return Control{*session, reader.rest()};
}

}  // namespace

std::optional<std::span<const uint8_t>> OpenVpn::open(std::span<const uint8_t> packet) {
  const auto control = read_control(packet);
  if (!control || control->fragment.empty()) return std::nullopt;
  constexpr size_t kUnfinished = 100;  // as OpenVPN cuts messages by default; Wireshark takes any other length for an end
  const bool ends = control->fragment.size() != kUnfinished;
  auto session = std::ranges::find(sessions_, control->session, &Session::id);
  if (session == sessions_.end()) {
    if (ends) return control->fragment;
    if (sessions_.size() == kMostSessions) sessions_.erase(sessions_.begin());
    session = sessions_.insert(sessions_.end(), Session{control->session, {}});
  }
  if (session->bytes.size() + control->fragment.size() > kMostBytes) {
    sessions_.erase(session);
    return std::nullopt;
  }
  session->bytes.insert(session->bytes.end(), control->fragment.begin(), control->fragment.end());
  if (!ends) return std::nullopt;
  message_ = std::move(session->bytes);
  sessions_.erase(session);
  return message_;
}

}  // namespace wirewatch::filter
