// SPDX-License-Identifier: BSD-3-Clause
// An answer says neither which interface gives it nor to which operation, so all that is redundant in its form has to
// agree: both counts of towers, both lengths of each tower, and the five floors.
#include "dataplane/classify/endpoint_map.h"

#include <algorithm>
#include <array>
#include <optional>

#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

using Bytes = std::span<const uint8_t>;

constexpr uint8_t kResponse = 2, kFirstFragment = 1;  // C706, 12.6.4 and 12.6.3.1
constexpr uint8_t kUuid = 0x0d, kConnectionOriented = 0x0b, kTcpPort = 0x07, kIpv4 = 0x09;  // C706, appendices I and L
constexpr uint32_t kMostTowers = 500;  // more may not be asked for: range(0,500) in MS-RPCE, 6

struct Pdu {
  uint8_t type;
  uint8_t flags;
  Bytes body;  // as far as it was captured
};

/// The next PDU of a stream: version 5, integers little-endian and text ASCII.
std::optional<Pdu> take_pdu(ByteReader& stream) noexcept {
  constexpr size_t kHeader = 16;
  const auto header = stream.take(kHeader);
  if (!header) return std::nullopt;
  const uint8_t* const at = header->data();
  const size_t length = load_le16(at + 8);
  if (at[0] != 5 || at[1] > 1 || at[4] != 0x10 || length < kHeader) return std::nullopt;
  const size_t captured = std::min(length - kHeader, stream.remaining());
  return Pdu{at[2], at[3], *stream.take(captured)};
}

/// Parameters as NDR lays them out. In NDR64 pointers and counts of arrays have eight bytes, and stand at multiples of eight.
class Parameters {
 public:
  Parameters(Bytes bytes, bool ndr64) noexcept : reader_(bytes), unit_(ndr64 ? 8 : 4) {}

  bool skip(size_t count) noexcept { return reader_.skip(count); }
  std::optional<uint32_t> integer() noexcept { return reader_.le32(); }
  /// A pointer or a count; nothing when it is more than 32 bits tell.
  std::optional<uint32_t> wide() noexcept {
    if (!reader_.skip((unit_ - reader_.offset() % unit_) % unit_)) return std::nullopt;
    const auto low = reader_.le32();
    if (unit_ == 8 && reader_.le32().value_or(1) != 0) return std::nullopt;
    return low;
  }
  std::optional<Bytes> take(size_t count) noexcept { return reader_.take(count); }

 private:
  ByteReader reader_;
  size_t unit_;
};

struct Floor {
  uint8_t protocol;
  Bytes address;  // the right-hand side
};

std::optional<Floor> take_floor(ByteReader& tower) noexcept {
  const auto left_length = tower.le16();
  const auto left = left_length ? tower.take(*left_length) : std::nullopt;
  const auto right_length = left ? tower.le16() : std::nullopt;
  const auto right = right_length ? tower.take(*right_length) : std::nullopt;
  if (!right || left->empty()) return std::nullopt;
  return Floor{left->front(), *right};
}

/// Interface, transfer syntax, protocol, port, address: of a tower for RPC over TCP and IPv4.
std::optional<Endpoint> end_of(Bytes bytes) noexcept {
  constexpr std::array<uint8_t, 5> kFloors{kUuid, kUuid, kConnectionOriented, kTcpPort, kIpv4};
  ByteReader tower(bytes);
  if (tower.le16() != kFloors.size()) return std::nullopt;
  std::array<Bytes, kFloors.size()> addresses;
  for (size_t i = 0; i < kFloors.size(); ++i) {
    const auto floor = take_floor(tower);
    if (!floor || floor->protocol != kFloors[i]) return std::nullopt;
    addresses[i] = floor->address;
  }
  if (!tower.empty() || addresses[3].size() != 2 || addresses[4].size() != 4) return std::nullopt;
  return Endpoint{IpAddress::v4(addresses[4].data()), load_be16(addresses[3].data())};
}

class Ends {
 public:
  Ends(std::span<Endpoint> room, const IpAddress& server) noexcept : room_(room), server_(server) {}

  void add(const Endpoint& end) noexcept {
    if (end.port == 0) return;
    put({server_, end.port});
    if (end.address != server_ && load_be32(end.address.bytes.data()) != 0) put(end);
  }
  size_t count() const noexcept { return count_; }

 private:
  void put(const Endpoint& end) noexcept {
    if (count_ < room_.size()) room_[count_++] = end;
  }

  std::span<Endpoint> room_;
  const IpAddress& server_;
  size_t count_ = 0;
};

/// What ept_map gives back: a handle, the number of towers, an array of pointers, then the towers. False when it is
/// something else; what was cut off behind a tower does no harm.
bool read_towers(Bytes stub, bool ndr64, Ends& ends) noexcept {
  constexpr size_t kHandle = 20;
  Parameters parameters(stub, ndr64);
  if (!parameters.skip(kHandle)) return false;
  const auto towers = parameters.integer();
  const auto most = parameters.wide(), offset = parameters.wide(), given = parameters.wide();
  if (!towers || !given || *towers != *given || *offset != 0 || *given > *most || *most > kMostTowers) return false;
  uint32_t present = 0;
  for (uint32_t i = 0; i < *given; ++i) {
    const auto pointer = parameters.wide();
    if (!pointer) return false;
    if (*pointer != 0) ++present;
  }
  for (uint32_t i = 0; i < present; ++i) {
    const auto size = parameters.wide();
    const auto length = parameters.integer();
    if (!size || !length || *size != *length) return i > 0;
    const auto tower = parameters.take(*length);
    if (!tower) return true;
    if (const auto end = end_of(*tower)) ends.add(*end);
  }
  return true;
}

}  // namespace

size_t read_endpoint_map(Bytes payload, const IpAddress& server, std::span<Endpoint> ends) noexcept {
  constexpr size_t kBeforeStub = 8;  // hint, context, cancel count
  Ends found(ends, server);
  ByteReader stream(payload);
  while (const auto pdu = take_pdu(stream)) {
    if (pdu->type != kResponse || (pdu->flags & kFirstFragment) == 0 || pdu->body.size() < kBeforeStub) continue;
    const Bytes stub = pdu->body.subspan(kBeforeStub);
    if (!read_towers(stub, false, found)) read_towers(stub, true, found);
  }
  return found.count();
}

}  // namespace wirewatch
