// SPDX-License-Identifier: BSD-3-Clause
// Errors at the edge: what was expected and where, worded for the person who reads it. The packet path never
// uses these; there a fault is a status and a named counter.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace wirewatch {

struct Error {
  std::string message;  // a whole sentence without a final full stop, naming the file, line or offset
};

template <typename T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string message) { return tl::unexpected<Error>(Error{std::move(message)}); }

}  // namespace wirewatch
