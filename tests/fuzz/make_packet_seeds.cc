// SPDX-License-Identifier: BSD-3-Clause
// Writes the fuzzer's seeds, the parser's test frames and a few mixes, into the folder given: tests/fuzz/corpus/packet.
#include <cctype>
#include <cstdio>
#include <fstream>

#include "tests/fuzz/packet_check.h"
#include "tests/packet/parse_cases.h"
#include "tests/pipeline/traffic_mix.h"

namespace {

using namespace wirewatch::testing;

/// The form that fuzz::frames_of() reads.
void append(Bytes& input, const Bytes& frame, uint16_t link_type) {
  const auto& known = wirewatch::fuzz::kLinkTypes;
  const auto at = std::find(known.begin(), known.end(), link_type) - known.begin();
  const auto length = static_cast<uint16_t>(frame.size());
  input = std::move(input) + ByteWriter().u8(static_cast<uint8_t>(at)).u8(1).u16(length).raw(frame).bytes();
}

std::string file_name(std::string_view description) {
  std::string name;
  for (const char letter : description) {
    const bool kept = std::isalnum(static_cast<unsigned char>(letter)) != 0;
    if (kept) name += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    if (!kept && !name.empty() && name.back() != '_') name += '_';
  }
  return name;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fputs("usage: make_packet_seeds FOLDER\n", stderr);
    return 2;
  }
  const std::string folder = arguments[1];
  const auto write = [&](const std::string& name, const Bytes& bytes) {
    std::ofstream(folder + "/" + name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  };
  for (const auto& cases : {good_frames(), bad_frames()}) {
    for (const ParseCase& each : cases) {
      Bytes input{0};
      append(input, each.frame.bytes(), each.frame.link_type());
      write(file_name(each.description), input);
    }
  }
  for (uint8_t seed = 0; seed < 8; ++seed) {
    Bytes input{static_cast<uint8_t>(seed * 9)};
    for (const SentFrame& frame : traffic_mix(seed, 20)) append(input, frame.bytes, frame.link_type);
    write("mix_" + std::to_string(seed), input);
  }
}
