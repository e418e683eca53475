// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target: any bytes as a capture session's description, its record, or a calendar expression. See
// tests/fuzz/meson.build for how to run it.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/sessions_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (const std::string fault = wirewatch::fuzz::check_sessions({data, size}); !fault.empty()) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}
