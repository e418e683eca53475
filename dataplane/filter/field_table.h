// SPDX-License-Identifier: BSD-3-Clause
// All fields in one table. Code names a field as "tcp.port"_f, which does not compile when there is no such row.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/filter/fields_application.h"
#include "dataplane/filter/fields_link.h"
#include "dataplane/filter/fields_network.h"
#include "dataplane/filter/fields_protocols.h"
#include "dataplane/filter/fields_transport.h"

namespace wirewatch::filter {

namespace detail {
template <size_t... Sizes>
consteval auto join(const std::array<FieldSpec, Sizes>&... tables) {
  std::array<FieldSpec, (Sizes + ...)> all{};
  auto out = all.begin();
  ((out = std::ranges::copy(tables, out).out), ...);
  return all;
}
}  // namespace detail

inline constexpr auto kFields = detail::join(kLinkFields, kNetworkFields, kTransportFields, kApplicationFields, kProtocolFields);

using FieldId = uint16_t;
inline constexpr size_t kFieldCount = kFields.size();

constexpr const FieldSpec& spec(FieldId field) noexcept { return kFields[field]; }

consteval FieldId operator""_f(const char* name, size_t length) {
  for (size_t i = 0; i < kFields.size(); ++i) {
    if (kFields[i].name == std::string_view(name, length)) return static_cast<FieldId>(i);
  }
  throw "no such field";  // not a constant expression: the compiler stops here
}

/// The field of that name; older names that Wireshark still knows (ssl, bootp) lead to the newer ones.
std::optional<FieldId> find_field(std::string_view name);

}  // namespace wirewatch::filter
