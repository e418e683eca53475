// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/capture_writer.h"

#include "dataplane/capture/pcap_writer.h"
#include "dataplane/capture/pcapng_writer.h"

namespace wirewatch {

SavedFormat format_of_name(std::string_view path) noexcept {
  return path.ends_with(".pcap") || path.ends_with(".cap") ? SavedFormat::Pcap : SavedFormat::PcapNg;
}

Result<std::unique_ptr<CaptureWriter>> create_capture(const std::string& path, SavedFormat format,
                                                      const CaptureOrigin& origin, bool pcap_in_nanoseconds) {
  return format == SavedFormat::Pcap ? PcapWriter::create(path, pcap_in_nanoseconds)
                                     : PcapNgWriter::create(path, origin);
}

}  // namespace wirewatch
