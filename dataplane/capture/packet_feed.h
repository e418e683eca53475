// SPDX-License-Identifier: BSD-3-Clause
// The three ways a file's bytes reach the framing: mapped, as a stream of chunks, or mapped and walked by a table.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/capture/byte_source.h"
#include "dataplane/capture/capture_summary.h"
#include "dataplane/capture/file_mapping.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

class PacketFeed {
 public:
  virtual ~PacketFeed() = default;
  /// Appends the next packets, at most until there are `limit`; none at the end. `hold` then keeps their bytes valid.
  virtual void next(std::vector<Packet>& packets, std::shared_ptr<const void>& hold, size_t limit) = 0;
};

/// A mapped pcap or pcapng file, window by window. `name` is for error messages; `summary` outlives the feed.
Result<std::unique_ptr<PacketFeed>> feed_mapped(std::shared_ptr<FileMapping> mapping, const std::string& name,
                                                CaptureSummary& summary);

/// A mapped NetMon file.
Result<std::unique_ptr<PacketFeed>> feed_netmon(std::shared_ptr<FileMapping> mapping, const std::string& name,
                                                CaptureSummary& summary);

/// A pipe or a compressed file, chunk by chunk. A NetMon stream is written to an unlinked temporary file of at most
/// 4 GiB first, since its table may stand at the end; its offsets have 32 bits, so none can be longer.
Result<std::unique_ptr<PacketFeed>> feed_stream(std::unique_ptr<ByteSource> source, const std::string& name,
                                                CaptureSummary& summary);

}  // namespace wirewatch
