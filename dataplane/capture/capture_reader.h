// SPDX-License-Identifier: BSD-3-Clause
// Reads saved captures: pcap in its dialects, pcapng and Microsoft NetMon, plain or compressed with gzip or zstd, from
// a file or from stdin. The format is decided by the magic number, never by the name. Packets are not copied:
// they point into the chunk that the file was read to, or into the mapped file.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/capture/capture_summary.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

class PacketFeed;

struct PacketBatch {
  std::vector<Packet> packets;
  std::shared_ptr<const void> hold;  // the bytes behind `packets` stay valid while this, or a copy of it, lives
};

class CaptureReader {
 public:
  /// `path` "-" is stdin. Errors only when nothing can be read at all: a missing file, a directory, an unknown magic
  /// number, a header cut short. Anything that goes wrong later ends up in summary().
  static Result<std::unique_ptr<CaptureReader>> open(const std::string& path);
  ~CaptureReader();
  CaptureReader(const CaptureReader&) = delete;
  CaptureReader& operator=(const CaptureReader&) = delete;

  /// The next packets in file order, at most `limit`, in place of the ones before; returns how many, 0 at the end. Fewer
  /// than `limit` does not mean the end. Batches may be handed to other threads; read() itself is for one at a time.
  size_t read(PacketBatch& batch, size_t limit);

  /// Complete once read() has returned 0; format and compression are known from the start.
  const CaptureSummary& summary() const noexcept { return *summary_; }

 private:
  CaptureReader();

  std::unique_ptr<CaptureSummary> summary_;  // stays in place, the feed writes to it
  std::unique_ptr<PacketFeed> feed_;
};

}  // namespace wirewatch
