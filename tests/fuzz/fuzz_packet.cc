// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target: any bytes as frames of any link type, through the parser and a whole worker. See
// tests/fuzz/meson.build for how to run it.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/packet_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (const std::string fault = wirewatch::fuzz::check_packets({data, size}); !fault.empty()) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}
