// SPDX-License-Identifier: BSD-3-Clause
// With which bytes can a payload begin that matches an expression? Rules that begin with few are kept out of the databases
// that all other payloads are scanned with: those stay small, and compile in a time that does not grow with the square of
// their number.
#pragma once

#include <bitset>
#include <string>

namespace wirewatch {

/// Of an expression that lint_regex() accepts. More than can be is safe, so what is not understood gives all bytes.
std::bitset<256> first_bytes(const std::string& regex);

}  // namespace wirewatch
