// SPDX-License-Identifier: BSD-3-Clause
// Services of a network: DHCP (RFC 2131, 8415), NTP (RFC 5905).
#include <array>

#include "control/packets/describe.h"
#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

/// RFC 2132: the option's value, empty when the packet has none.
std::span<const uint8_t> dhcp_option(std::span<const uint8_t> options, uint8_t wanted) noexcept {
  ByteReader reader(options);
  while (const auto code = reader.u8()) {
    if (*code == 0) continue;
    if (*code == 255) return {};
    const auto length = reader.u8();
    const auto value = length ? reader.take(*length) : std::nullopt;
    if (!value) return {};
    if (*code == wanted) return *value;
  }
  return {};
}

void put_hex(std::span<const uint8_t> bytes, InfoText& info) noexcept {
  for (const uint8_t byte : bytes) info.put(Hex{byte, 2});
}

/// RFC 8415 21.4: the addresses in an IA_NA option's own options.
void put_leased_addresses(std::span<const uint8_t> options, InfoText& info) noexcept {
  constexpr uint16_t kAddress = 5;
  ByteReader reader(options);
  while (reader.remaining() >= 4) {
    const uint16_t code = *reader.be16(), length = *reader.be16();
    const auto value = reader.take(length);
    if (!value) return;
    if (code == kAddress && value->size() >= 16) info.put("IAA: ", IpAddress::v6(value->data()), " ");
  }
}

}  // namespace

bool describe_dhcp(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr size_t kFixed = 240;  // BOOTP and the cookie
  constexpr uint32_t kCookie = 0x63825363;
  constexpr uint8_t kMessageType = 53;
  // Padded as tshark pads them, so that transaction numbers stand below one another.
  constexpr std::array<std::string_view, 9> kTypes{"",        "Discover", "Offer   ", "Request ", "Decline ",
                                                   "ACK     ", "NAK     ", "Release ", "Inform  "};
  if (data.bytes.size() < kFixed || load_be32(data.bytes.data() + 236) != kCookie) return false;
  const auto type = dhcp_option(data.bytes.subspan(kFixed), kMessageType);
  line.info.clear();
  if (type.size() == 1 && type[0] > 0 && type[0] < kTypes.size()) {
    line.info.put("DHCP ", kTypes[type[0]], " - Transaction ID 0x", Hex{load_be32(data.bytes.data() + 4), 1});
  } else {
    line.protocol = "BOOTP";
    line.info.put("Boot ", data.bytes[0] == 1 ? "Request" : "Reply");
  }
  return true;
}

bool describe_dhcpv6(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr std::array<std::string_view, 14> kTypes{
      "", "Solicit", "Advertise", "Request", "Confirm", "Renew", "Rebind", "Reply", "Release", "Decline", "Reconfigure",
      "Information-request", "Relay-forw", "Relay-reply"};
  constexpr uint8_t kRelayForward = 12;
  constexpr uint16_t kClientId = 1, kAddresses = 3;
  if (data.bytes.size() < 4 || data.bytes[0] == 0 || data.bytes[0] >= kTypes.size()) return false;
  line.info.clear();
  line.info.put(kTypes[data.bytes[0]], " ");
  if (data.bytes[0] >= kRelayForward) return true;
  line.info.put("XID: 0x", Hex{load_be24(data.bytes.data() + 1), 1}, " ");
  ByteReader reader(data.bytes.subspan(4));
  while (reader.remaining() >= 4) {
    const uint16_t code = *reader.be16(), length = *reader.be16();
    const auto value = reader.take(length);
    if (!value) return true;
    if (code == kClientId) {
      line.info.put("CID: ");
      put_hex(*value, line.info);
      line.info.put(" ");
    } else if (code == kAddresses && value->size() > 12) {
      put_leased_addresses(value->subspan(12), line.info);
    }
  }
  return true;
}

bool describe_ntp(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr std::array<std::string_view, 8> kModes{"reserved", "symmetric active", "symmetric passive", "client",
                                                   "server",   "broadcast",        "control",           "private"};
  if (data.bytes.empty()) return false;
  line.info.clear();
  line.info.put("NTP Version ", data.bytes[0] >> 3 & 7, ", ", kModes[data.bytes[0] & 7]);
  return true;
}

}  // namespace wirewatch
