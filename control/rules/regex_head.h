// SPDX-License-Identifier: BSD-3-Clause
// A long gap ("a greeting, and within the next 80 characters the word ftp") keeps many states alive in a database
// that every payload is scanned with. The bytes before the gap are cheap and reject nearly every payload, so
// these go into that database, and the whole expression into another, scanned only when they match.
#pragma once

#include <string>
#include <string_view>

namespace wirewatch {

/// An expression that matches wherever `regex`, which begins with `^`, does, but stops in front of repeats of
/// 16 and more; `regex` itself when it has none or when too little would be left to reject anything.
std::string regex_head(std::string_view regex);

}  // namespace wirewatch
