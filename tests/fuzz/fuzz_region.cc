// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target: the shared memory of tapped packets, damaged in any way while it is read and written. See
// tests/fuzz/meson.build for how to build and run it.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/region_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string fault = wirewatch::fuzz::check_region({data, size});
  if (!fault.empty()) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}
