// SPDX-License-Identifier: BSD-3-Clause
// DCE/RPC's endpoint mapper, byte by byte, as C706 lays it out: an interface's tower, and the answer to ept_map that
// carries some. Every part can be made to lie. tshark reads bind, acceptance, question and answer as they are meant, in NDR
// and, where the bind agrees on it, in NDR64 (text2pcap -D -T 135,50000 over all four, tshark -V -O epm).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wirewatch::testing {

inline std::string le(uint64_t value, size_t size) {
  std::string bytes;
  for (size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> 8 * i);
  return bytes;
}

/// e1af8308-5d1f-11c9-91a4-08002b14a0fa, 8a885d04-1ceb-11c9-9fe8-08002b104860, 12345778-1234-abcd-ef00-0123456789ac
inline constexpr std::string_view kMapperUuid{"\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\x00\x2b\x14\xa0\xfa", 16},
    kNdrUuid{"\x04\x5d\x88\x8a\xeb\x1c\xc9\x11\x9f\xe8\x08\x00\x2b\x10\x48\x60", 16},
    kSamrUuid{"\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\x89\xac", 16};

using Floors = std::vector<std::pair<std::string, std::string>>;  // left and right side of each

inline Floors tcp_floors(uint16_t port, std::string_view ipv4) {
  return {{"\x0d" + std::string(kSamrUuid) + le(1, 2), le(0, 2)},
          {"\x0d" + std::string(kNdrUuid) + le(2, 2), le(0, 2)},
          {"\x0b", le(0, 2)},
          {"\x07", {static_cast<char>(port >> 8), static_cast<char>(port)}},
          {"\x09", std::string(ipv4)}};
}

inline std::string tower(const Floors& floors) {
  std::string bytes = le(floors.size(), 2);
  for (const auto& [left, right] : floors) bytes += le(left.size(), 2) + left + le(right.size(), 2) + right;
  return bytes;
}
inline std::string tower(uint16_t port, std::string_view ipv4) { return tower(tcp_floors(port, ipv4)); }

/// A PDU of version 5.0, first and last fragment, little-endian.
inline std::string rpc_pdu(uint8_t type, std::string_view body) {
  return std::string("\x05\x00", 2) + static_cast<char>(type) + "\x03\x10" + std::string(3, '\0') +
         le(16 + body.size(), 2) + le(0, 2) + le(1, 4) + std::string(body);
}

/// Opens an association with the endpoint mapper, in NDR; or accepts it.
inline std::string mapper_bind() {
  return rpc_pdu(11, le(5840, 2) + le(5840, 2) + le(0, 4) + le(1, 4) + le(0, 2) + le(1, 2) + std::string(kMapperUuid) + le(3, 4) +
                         std::string(kNdrUuid) + le(2, 4));
}
inline std::string mapper_bind_ack() {
  return rpc_pdu(12, le(5840, 2) + le(5840, 2) + le(0x5d7b, 4) + le(4, 2) + "135" + '\0' + le(0, 2) + le(1, 4) + le(0, 4) +
                         std::string(kNdrUuid) + le(2, 4));
}

/// ept_map (3): no object, the tower that is asked for, a handle of zeros, at most `most` towers.
inline std::string ept_map_request(const std::string& wanted, uint32_t most = 4) {
  std::string stub = le(1, 4) + std::string(16, '\0') + le(2, 4) + le(wanted.size(), 4) + le(wanted.size(), 4) + wanted;
  stub.resize((stub.size() + 3) / 4 * 4);
  stub += std::string(20, '\0') + le(most, 4);
  return rpc_pdu(0, le(stub.size(), 4) + le(0, 2) + le(3, 2) + stub);
}

struct MapAnswer {
  std::vector<std::string> towers;
  bool ndr64 = false;
  uint32_t most = 4;         // as many were asked for
  int more_said = 0;         // number of towers, beside the array's own count
  int more_in_tower = 0;     // length of each tower, beside its array's own
  uint32_t offset = 0;
};

inline std::string ept_map_answer(const MapAnswer& answer) {
  const size_t unit = answer.ndr64 ? 8 : 4;
  const auto align = [&](std::string& stub) { stub.resize((stub.size() + unit - 1) / unit * unit); };
  std::string stub = std::string(20, '\x11') + le(answer.towers.size() + static_cast<uint64_t>(answer.more_said), 4);
  align(stub);
  stub += le(answer.most, unit) + le(answer.offset, unit) + le(answer.towers.size(), unit);
  for (size_t i = 0; i < answer.towers.size(); ++i) stub += le(answer.towers[i].empty() ? 0 : 3 + i, unit);
  for (const std::string& each : answer.towers) {
    if (each.empty()) continue;
    align(stub);
    stub += le(each.size(), unit) + le(each.size() + static_cast<uint64_t>(answer.more_in_tower), 4) + each;
  }
  stub.resize((stub.size() + 3) / 4 * 4);
  stub += le(0, 4);
  return rpc_pdu(2, le(stub.size(), 4) + le(0, 4) + stub);
}

}  // namespace wirewatch::testing
