// SPDX-License-Identifier: BSD-3-Clause
// How a file's bytes reach the framing: read into chunks from front to back, or mapped and walked by a table.
//
// Chunks are read() even from plain files. Mapping them instead, in windows, was built and measured first: with 60-byte
// frames in the page cache it took 10.5 to 12.3 ns a packet, as paging in costs about 60 us a MB on a virtual machine,
// where read() into a chunk that stays in the cache takes 8.5 ns; with 700-byte frames it was 88 ns against 69.
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

/// A mapped NetMon file. `name` is for error messages; `summary` outlives the feed.
Result<std::unique_ptr<PacketFeed>> feed_netmon(std::shared_ptr<FileMapping> mapping, const std::string& name,
                                                CaptureSummary& summary);

/// Any other file, plain or compressed, or a pipe, chunk by chunk. A NetMon stream is written to an unlinked temporary file of at most
/// 4 GiB first, since its table may stand at the end; its offsets have 32 bits, so none can be longer.
Result<std::unique_ptr<PacketFeed>> feed_stream(std::unique_ptr<ByteSource> source, const std::string& name,
                                                CaptureSummary& summary);

}  // namespace wirewatch
