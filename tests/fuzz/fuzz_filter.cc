// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target: any bytes as a display filter and the frames it is asked about. See tests/fuzz/meson.build for how to
// run it.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/filter_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (const std::string fault = wirewatch::fuzz::check_filter({data, size}); !fault.empty()) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}
