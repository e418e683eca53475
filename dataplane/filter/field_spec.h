// SPDX-License-Identifier: BSD-3-Clause
// What a field is: its name in Wireshark, its type, how it is printed, and for the many that sit at a fixed place in a
// header, where. The tables of all fields (fields_*.h) are made of these.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/packet/protocol.h"

namespace wirewatch::filter {

enum class FieldType : uint8_t {
  None,  // only there or not there
  Boolean,
  Uint8,
  Uint16,
  Uint24,
  Uint32,
  Uint64,
  Int32,
  FrameNumber,
  AbsoluteTime,
  RelativeTime,
  Ether,
  Ipv4,
  Ipv6,
  Bytes,
  String,
  Protocol,
};

/// Wireshark's words for the type, as in its own error messages.
constexpr std::string_view type_name(FieldType type) noexcept {
  switch (type) {
    case FieldType::None: return "label";
    case FieldType::Boolean: return "boolean";
    case FieldType::Uint8: return "unsigned integer (1 byte)";
    case FieldType::Uint16: return "unsigned integer (2 bytes)";
    case FieldType::Uint24: return "unsigned integer (3 bytes)";
    case FieldType::Uint32: return "unsigned integer (4 bytes)";
    case FieldType::Uint64: return "unsigned integer (8 bytes)";
    case FieldType::Int32: return "signed integer (4 bytes)";
    case FieldType::FrameNumber: return "frame number";
    case FieldType::AbsoluteTime: return "date and time";
    case FieldType::RelativeTime: return "time offset";
    case FieldType::Ether: return "Ethernet or other MAC address";
    case FieldType::Ipv4: return "IPv4 address";
    case FieldType::Ipv6: return "IPv6 address";
    case FieldType::Bytes: return "byte sequence";
    case FieldType::String: return "character string";
    case FieldType::Protocol: return "protocol";
  }
  return "label";
}

constexpr bool is_integer(FieldType type) noexcept {
  return (type >= FieldType::Uint8 && type <= FieldType::FrameNumber);
}
constexpr bool is_time(FieldType type) noexcept {
  return type == FieldType::AbsoluteTime || type == FieldType::RelativeTime;
}

/// What an integer of this type can hold at most.
constexpr uint64_t largest(FieldType type) noexcept {
  switch (type) {
    case FieldType::Uint8: return 0xff;
    case FieldType::Uint16: return 0xffff;
    case FieldType::Uint24: return 0xff'ffff;
    case FieldType::Int32: return 0x7fff'ffff;
    case FieldType::Uint64: return 0x7fff'ffff'ffff'ffff;  // arithmetic is signed; no counter comes near
    default: return 0xffff'ffff;
  }
}

enum class Base : uint8_t { Dec, Hex };

/// Bytes of a header that hold a field: `mask` picks bits of a number; a width of 0 says the field has no fixed place.
struct Place {
  uint8_t offset = 0;
  uint8_t width = 0;
  uint32_t mask = 0xffff'ffff;
};

struct FieldSpec {
  std::string_view name;
  FieldType type;
  Base base;
  Protocol layer;  // the header it belongs to; Protocol::None for what is not in a header
  Place place;
  std::string_view description;
};

/// Rows of the tables. A number at a fixed place: its type follows from its width.
consteval FieldSpec number(std::string_view name, Protocol layer, uint8_t offset, uint8_t width,
                           std::string_view description, uint32_t mask = 0xffff'ffff, Base base = Base::Dec) {
  const FieldType type = width == 1   ? FieldType::Uint8
                         : width == 2 ? FieldType::Uint16
                         : width == 3 ? FieldType::Uint24
                                      : FieldType::Uint32;
  return {name, type, base, layer, {offset, width, mask}, description};
}
consteval FieldSpec hex(std::string_view name, Protocol layer, uint8_t offset, uint8_t width,
                        std::string_view description, uint32_t mask = 0xffff'ffff) {
  return number(name, layer, offset, width, description, mask, Base::Hex);
}
consteval FieldSpec flag(std::string_view name, Protocol layer, uint8_t offset, uint8_t width, uint32_t mask,
                         std::string_view description) {
  return {name, FieldType::Boolean, Base::Dec, layer, {offset, width, mask}, description};
}
consteval FieldSpec at(std::string_view name, FieldType type, Protocol layer, uint8_t offset, uint8_t width,
                       std::string_view description) {
  return {name, type, Base::Dec, layer, {offset, width, 0xffff'ffff}, description};
}
/// Found by code, not by place.
consteval FieldSpec found(std::string_view name, FieldType type, Protocol layer, std::string_view description,
                          Base base = Base::Dec) {
  return {name, type, base, layer, {}, description};
}
consteval FieldSpec protocol(std::string_view name, Protocol layer, std::string_view description) {
  return {name, FieldType::Protocol, Base::Dec, layer, {}, description};
}

}  // namespace wirewatch::filter
