// SPDX-License-Identifier: BSD-3-Clause
// make_mix: writes a large capture of mixed traffic to measure with, the same for the same options on every machine.
#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "bench/mix/captures.h"
#include "bench/mix/kinds.h"
#include "bench/mix/mixer.h"
#include "bench/mix/pcap_file.h"

int main(int argc, char** argv) {
  using namespace wirewatch::mix;
  constexpr uint64_t kFirstFrameNs = 1'700'000'000'000'000'000;  // an arbitrary day in 2023

  CLI::App app("Writes a nanosecond pcap of mixed traffic: many overlapping conversations of many protocols.");
  MixOptions options;
  std::string out;
  std::string from;
  app.add_option("OUT", out, "File to write")->required();
  app.add_option("--from", from, "A capture, or a folder of captures, to copy conversations from instead of making them up");
  app.add_option("--packets", options.packets, "Frames to write")->capture_default_str();
  app.add_option("--concurrency", options.concurrency, "Conversations that overlap at any time")->capture_default_str();
  app.add_option("--seed", options.seed, "Another seed makes another mix")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  try {
    Random random(options.seed);
    const auto traces = from.empty() ? synthetic_traces(random) : captured_traces(from);
    PcapFile file(out);
    const auto summary = mix(traces, options, [&](uint64_t time_ns, std::span<const uint8_t> frame, uint32_t original) {
      file.write(kFirstFrameNs + time_ns, frame, original);
    });
    file.close();
    std::cerr << out << ": " << summary.packets << " packets, " << summary.bytes / summary.packets << " bytes on average, "
              << summary.conversations << " conversations\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "make_mix: " << error.what() << '\n';
    return 1;
  }
}
