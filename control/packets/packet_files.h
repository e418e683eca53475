// SPDX-License-Identifier: BSD-3-Clause
// The captures that `wirewatch packets` reads, one after the other as one, and again from the start where the answer needs
// a second look: what a flow turns out to be is only known at its end, but printed with its first packet.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/capture/capture_reader.h"
#include "dataplane/capture/file_mapping.h"

namespace wirewatch {

class PacketFiles {
 public:
  /// An Error when the first file cannot be read at all. `twice`: rewind() will be asked for, so that what comes through a
  /// pipe is kept in an unlinked temporary file ($TMPDIR).
  static Result<PacketFiles> open(std::vector<std::string> paths, bool twice);

  /// The next packets, at most `limit`, numbered through all files; 0 at the end.
  size_t read(PacketBatch& batch, size_t limit);
  /// What the file being read has brought of its secrets since the last call: lines of a key log.
  std::string_view take_secrets() noexcept;
  /// Back to the first packet.
  Result<void> rewind();

  /// What time stamps of the file being read are rounded to.
  int64_t resolution_ns() const noexcept { return resolution_ns_; }
  /// One sentence a file that is damaged or could not be read; complete at the end.
  const std::vector<std::string>& faults() const noexcept { return faults_; }
  uint64_t packets_read() const noexcept { return packets_read_; }
  /// Under which names the same bytes can be opened again, as long as this lasts.
  std::vector<std::string> reopenable() const;

 private:
  struct Path {
    std::string shown;   // in errors
    std::string opened;  // "-" or a temporary file's may be another
  };

  bool open_next();
  void close_current();

  std::vector<Path> paths_;
  FileDescriptor spooled_;
  size_t next_path_ = 0;
  std::unique_ptr<CaptureReader> reader_;
  size_t secrets_taken_ = 0;
  int64_t resolution_ns_ = 1000;
  std::vector<std::string> faults_;
  uint64_t packets_before_ = 0;  // of the files that are done
  uint64_t packets_read_ = 0;
};

}  // namespace wirewatch
