// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/framer.h"

#include <fmt/format.h>

#include <algorithm>

#include "dataplane/capture/pcap_framer.h"
#include "dataplane/capture/pcapng_framer.h"

namespace wirewatch {

Result<std::unique_ptr<Framer>> make_framer(std::span<const uint8_t> head, const std::string& name,
                                            CaptureSummary& summary) {
  if (starts_as_pcap(head)) {
    const auto layout = parse_pcap_header(head, name);
    if (!layout) return tl::unexpected(layout.error());
    return std::make_unique<PcapFramer>(*layout, summary);
  }
  if (starts_as_pcapng(head)) {
    const auto usable = check_pcapng_header(head, name);
    if (!usable) return tl::unexpected(usable.error());
    return std::make_unique<PcapNgFramer>(summary);
  }
  if (head.empty()) return fail(fmt::format("{}: expected a capture file, found an empty one", name));
  std::string found;
  for (const uint8_t byte : head.first(std::min<size_t>(head.size(), 4))) found += fmt::format(" {:02x}", byte);
  return fail(fmt::format("{}: expected the magic number of a pcap, pcapng or NetMon file (or of one compressed with gzip"
                          " or zstd) at byte 0, found{}", name, found));
}

}  // namespace wirewatch
