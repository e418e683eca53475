// SPDX-License-Identifier: BSD-3-Clause
// PCRE2 knows: Hyperscan's expressions are a part of its own. It tells how a match begins of expressions that may match
// anywhere, so the anchor is taken off.
#include "control/rules/first_bytes.h"

#include <pcre2.h>

#include <memory>

namespace wirewatch {
namespace {

struct FreeCode {
  void operator()(pcre2_code* code) const noexcept { pcre2_code_free(code); }
};

}  // namespace

std::bitset<256> first_bytes(const std::string& regex) {
  const std::bitset<256> all = std::bitset<256>().set();
  std::string free = regex;
  const size_t anchor = free.find('^');
  if (anchor == std::string::npos) return all;
  free.erase(anchor, 1);
  int error = 0;
  PCRE2_SIZE offset = 0;
  const std::unique_ptr<pcre2_code, FreeCode> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(free.data()), free.size(), PCRE2_DOTALL | PCRE2_NO_AUTO_CAPTURE, &error, &offset, nullptr));
  uint32_t empty = 1, kind = 0, byte = 0;
  if (!code || pcre2_pattern_info(code.get(), PCRE2_INFO_MATCHEMPTY, &empty) != 0 || empty != 0) return all;
  if (pcre2_pattern_info(code.get(), PCRE2_INFO_FIRSTCODETYPE, &kind) == 0 && kind == 1 &&
      pcre2_pattern_info(code.get(), PCRE2_INFO_FIRSTCODEUNIT, &byte) == 0 && byte < 256) {
    std::bitset<256> one;
    one.set(byte);
    // It may stand for both cases of a letter, which is not told apart.
    if (byte >= 'A' && byte <= 'Z') one.set(byte + ('a' - 'A'));
    if (byte >= 'a' && byte <= 'z') one.set(byte - ('a' - 'A'));
    return one;
  }
  const uint8_t* map = nullptr;
  if (pcre2_pattern_info(code.get(), PCRE2_INFO_FIRSTBITMAP, &map) != 0 || map == nullptr) return all;
  std::bitset<256> several;
  for (size_t i = 0; i < several.size(); ++i) several[i] = (map[i / 8] >> i % 8 & 1) != 0;
  return several;
}

}  // namespace wirewatch
