// SPDX-License-Identifier: BSD-3-Clause
// libFuzzer target: any bytes as the payloads of a flow, for the extractors and for the classifier as a
// whole; as an answer of the endpoint mapper; and as what FTP says. See tests/fuzz/meson.build for how to run it.
#include <array>
#include <cstdio>
#include <cstdlib>

#include "dataplane/classify/endpoint_map.h"
#include "dataplane/classify/ftp_ports.h"
#include "tests/fuzz/extractors_check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::array<wirewatch::Endpoint, 8> ends;
  const auto check = [&](size_t count) {
    for (size_t i = 0; i < count; ++i) {
      if (ends.at(i).port == 0) std::abort();
    }
  };
  check(wirewatch::read_endpoint_map({data, size}, {}, ends));
  for (const bool from_client : {false, true}) check(wirewatch::read_ftp_ports({data, size}, from_client, {}, ends));
  if (const std::string fault = wirewatch::fuzz::check_extractors({data, size}); !fault.empty()) {
    std::fprintf(stderr, "%s\n", fault.c_str());
    std::abort();
  }
  return 0;
}
