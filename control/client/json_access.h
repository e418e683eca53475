// SPDX-License-Identifier: BSD-3-Clause
// Looking into a document that somebody else wrote: what is not there, or is of another kind than expected,
// is simply not known. Nothing here throws.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/base/result.h"
#include "dataplane/base/timestamp.h"

namespace wirewatch {

using Json = nlohmann::json;

/// Parses an answer of the API: an object of the schema that this program knows.
Result<Json> parse_answer(std::string_view text);

/// The member, or null.
const Json& member(const Json& object, const char* key) noexcept;
/// The rows of a list; an empty list when it is none.
const Json& rows_of(const Json& object, const char* key) noexcept;

std::optional<int64_t> integer(const Json& object, const char* key) noexcept;
/// 0 when it is not known.
uint64_t count_of(const Json& object, const char* key) noexcept;
std::optional<double> real(const Json& object, const char* key) noexcept;
/// False when it is not known.
bool flag(const Json& object, const char* key) noexcept;
/// Points into the document; empty when it is not known.
std::string_view text_of(const Json& object, const char* key) noexcept;
/// "seconds.nnnnnnnnn"
std::optional<Timestamp> time_of(const Json& object, const char* key) noexcept;

}  // namespace wirewatch
