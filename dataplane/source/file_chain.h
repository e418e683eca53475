// SPDX-License-Identifier: BSD-3-Clause
// Saved captures read one after the other as if they were one: the files of a ring, say. Frames are numbered through.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/capture/capture_reader.h"

namespace wirewatch {

struct ReadFile {
  std::string path;
  CaptureSummary summary;
};

class FileChain {
 public:
  /// An Error when the first file cannot be read at all.
  static Result<std::unique_ptr<FileChain>> open(std::vector<std::string> paths);

  /// The next packets, at most `limit`; 0 when every file is at its end. For one thread at a time.
  size_t read(PacketBatch& batch, size_t limit);

  /// Every file that was opened, complete once read() has returned 0.
  const std::vector<ReadFile>& files() const noexcept { return done_; }
  /// Later files of which nothing could be read, each with the reason.
  const std::vector<Error>& refused() const noexcept { return refused_; }

  /// For progress lines, from any thread.
  uint64_t packets_read() const noexcept { return packets_read_.load(std::memory_order_relaxed); }
  uint64_t bytes_read() const noexcept { return bytes_read_.load(std::memory_order_relaxed); }
  /// Of all files together; 0 when it is not known, as for a stream.
  uint64_t file_size() const noexcept { return file_size_; }

 private:
  explicit FileChain(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  void close_current();
  bool open_next();

  std::vector<std::string> paths_;
  size_t next_path_ = 1;
  std::unique_ptr<CaptureReader> reader_;
  std::vector<ReadFile> done_;
  std::vector<Error> refused_;
  uint64_t frames_before_ = 0;  // of the files that are done
  uint64_t bytes_before_ = 0;
  uint64_t file_size_ = 0;
  std::atomic<uint64_t> packets_read_{0};
  std::atomic<uint64_t> bytes_read_{0};
};

}  // namespace wirewatch
