// SPDX-License-Identifier: BSD-3-Clause
// Writes the fuzzer's seeds, one small capture of each kind, into the folder given: tests/fuzz/corpus/capture.
#include <cstdio>
#include <fstream>

#include "tests/support/capture_builder.h"

namespace {

using namespace wirewatch::testing;

Bytes pcapng_of_all_kinds(std::endian order) {
  constexpr uint8_t kTwoToTheMinus20 = 0x80 | 20;
  PcapNgBuilder builder;
  builder.section(order).interface({.link_type = 1, .resolution = uint8_t{9}, .offset_seconds = 60});
  builder.interface({.link_type = 101, .snapshot_length = 20, .resolution = kTwoToTheMinus20});
  builder.enhanced(0, 5'000'000'000, pattern(14)).enhanced(1, uint64_t{3} << 20, pattern(20), 40);
  builder.simple(pattern(12), 60).obsolete(1, 7, pattern(9));
  builder.block(kNameResolutionBlock, builder.body().u32(0)).block(kCustomBlock, builder.body().u32(1));
  builder.block(kInterfaceStatisticsBlock, builder.body().u32(0).u64(1));
  return builder.section(order).interface().enhanced(0, 1, pattern(7)).bytes();
}

void write(const std::string& folder, const std::string& name, const Bytes& bytes) {
  std::ofstream(folder + "/" + name, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: make_capture_seeds FOLDER\n");
    return 2;
  }
  const std::string folder = argv[1];
  const auto pcap = [](PcapOptions options) {
    return PcapBuilder(options).record(1, 2, pattern(14)).record(1, 3, pattern(20), 40).record(2, 0, {}).bytes();
  };
  write(folder, "pcap_us_le", pcap({}));
  write(folder, "pcap_us_be", pcap({.order = std::endian::big}));
  write(folder, "pcap_ns_le", pcap({.magic = kNanosecondMagic}));
  write(folder, "pcap_modified", pcap({.magic = kModifiedMagic, .extra_header = 8}));
  write(folder, "pcap_suse", pcap({.magic = kModifiedMagic, .extra_header = 12}));
  write(folder, "pcap_red_hat", pcap({.extra_header = 8}));
  write(folder, "pcap_nokia", pcap({.extra_header = 4}));
  write(folder, "pcap_ixia", pcap({.magic = kIxiaNanosecondMagic}));
  write(folder, "pcap_v22", pcap({.minor = 2, .link_type = 6}));
  write(folder, "pcap_v23", pcap({.minor = 3}));
  write(folder, "pcapng_le", pcapng_of_all_kinds(std::endian::little));
  write(folder, "pcapng_be", pcapng_of_all_kinds(std::endian::big));
  for (uint8_t minor = 0; minor <= 3; ++minor) {
    constexpr uint64_t kFileTimeOf1970 = 116'444'736'000'000'000;
    NetMonBuilder builder({.minor = minor, .hole = 2});
    builder.record(0, pattern(14), 1, kFileTimeOf1970).record(9, pattern(12), 6, kFileTimeOf1970);
    write(folder, "netmon_2" + std::to_string(minor), builder.record(9, pattern(8), 0xfffd).bytes());
  }
  write(folder, "netmon_11", NetMonBuilder({.major = 1, .minor = 1}).record(0, pattern(14)).bytes());
}
