// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/interface_names.h"

#include <array>
#include <fstream>
#include <optional>

#include "dataplane/base/byte_order.h"

namespace wirewatch {
namespace {

constexpr uint32_t kSection = 0x0a0d0d0a, kInterface = 1;
constexpr size_t kMostInterfaces = 4096, kLongestBlock = size_t{1} << 16;

/// pcapng's numbers in the byte order of their section (draft-ietf-opsawg-pcapng section 4.1).
struct Order {
  bool big = false;
  uint32_t be32_or_le32(const uint8_t* at) const noexcept { return big ? load_be32(at) : load_le32(at); }
  uint16_t be16_or_le16(const uint8_t* at) const noexcept { return big ? load_be16(at) : load_le16(at); }
};

/// Options 2 and 3 of an Interface Description Block.
CaptureInterface read_interface(const std::vector<uint8_t>& body, Order order) {
  CaptureInterface interface;
  constexpr size_t kFixed = 8;
  if (body.size() < kFixed) return interface;
  interface.link_type = order.be16_or_le16(body.data());
  constexpr uint16_t kEnd = 0, kName = 2, kDescription = 3;
  for (size_t at = kFixed; body.size() - at >= 4;) {
    const uint16_t code = order.be16_or_le16(body.data() + at), length = order.be16_or_le16(body.data() + at + 2);
    at += 4;
    if (code == kEnd || length > body.size() - at) break;
    const std::string text(reinterpret_cast<const char*>(body.data()) + at, length);
    if (code == kName) interface.name = text;
    if (code == kDescription) interface.description = text;
    at += std::min<size_t>((length + 3u) & ~3u, body.size() - at);
  }
  return interface;
}

}  // namespace

std::vector<CaptureInterface> described_interfaces(const std::string& path) {
  std::vector<CaptureInterface> interfaces;
  std::ifstream file(path, std::ios::binary);
  std::optional<Order> order;
  std::array<uint8_t, 12> head{};  // type, length, and of a section its mark
  while (interfaces.size() < kMostInterfaces && file.read(reinterpret_cast<char*>(head.data()), 8)) {
    size_t read = 8;
    if (load_be32(head.data()) == kSection) {
      if (!file.read(reinterpret_cast<char*>(head.data()) + 8, 4)) break;
      read = head.size();
      constexpr uint32_t kMark = 0x1a2b3c4d;
      order = Order{load_be32(head.data() + 8) == kMark};
      if (!order->big && load_le32(head.data() + 8) != kMark) break;
    }
    if (!order) break;  // some other format
    const uint32_t type = order->be32_or_le32(head.data()), length = order->be32_or_le32(head.data() + 4);
    if ((type != kInterface && load_be32(head.data()) != kSection) || length < read + 4 || length > kLongestBlock) break;
    std::vector<uint8_t> rest(length - read);
    if (!file.read(reinterpret_cast<char*>(rest.data()), static_cast<std::streamsize>(rest.size()))) break;
    rest.resize(rest.size() - 4);  // the length once more
    if (type == kInterface) interfaces.push_back(read_interface(rest, *order));
  }
  return interfaces;
}

}  // namespace wirewatch
