// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target: any bytes as a rule file or as compiled rules. See tests/fuzz/meson.build for how to run
// it.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/rules_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (const std::string fault = wirewatch::fuzz::check_rules({data, size}); !fault.empty()) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}
