// SPDX-License-Identifier: BSD-3-Clause
// A file that grows by whole blocks: what a capture writer puts its records into. Blocks are gathered in a buffer of
// fixed size and handed to the kernel together, always up to the end of a block, so that a file whose writer was
// killed is whole but for its last block at most; one whose disk was full ends at the end of a block.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/base/result.h"
#include "dataplane/capture/file_mapping.h"

namespace wirewatch {

/// Written by one thread. Nothing is allocated after create(), so that a writer thread may append at line rate.
class BlockFile {
 public:
  /// What the block that starts at an address is; for finding the last whole one after a failure.
  struct Block {
    size_t length;
    bool is_packet;
  };
  using BlockAt = Block (*)(const uint8_t* block) noexcept;

  /// Makes or empties `path`, "-" is standard output; a new file is for its owner alone (0600).
  static Result<BlockFile> create(const std::string& path, BlockAt block_at);
  BlockFile(BlockFile&&) noexcept = default;
  BlockFile& operator=(BlockFile&&) noexcept = default;
  /// Flushes what is left; a fault then goes unseen, so call close() first.
  ~BlockFile();

  /// Room for a block of at most `bytes` (kLongestBlock or less); nullptr once writing has failed.
  uint8_t* reserve(size_t bytes) noexcept {
    if ((used_ >= kFlushAt || bytes > kCapacity - used_) && !flush()) [[unlikely]] return nullptr;
    return failed() ? nullptr : buffer_.get() + used_;
  }
  /// The first `bytes` of what was reserved are a block now.
  void commit(size_t bytes) noexcept { used_ += bytes; }

  /// Hands all blocks to the kernel; false when that failed, now or before.
  bool flush() noexcept;
  /// Flushes and says in a sentence what went wrong, if anything did since create().
  Result<void> close();

  bool failed() const noexcept { return error_ != 0; }
  /// The errno of the first failure, 0 without one: ENOSPC is a full disk, EPIPE a reader that left.
  int error() const noexcept { return error_; }
  /// The failure as a sentence that names the file; empty without one.
  std::string fault() const;
  /// Bytes of all blocks so far, the buffered ones included.
  uint64_t size() const noexcept { return written_ + used_; }
  /// Bytes that are in the file.
  uint64_t written() const noexcept { return written_; }
  /// Packets that were committed and are not in the file, since writing failed.
  uint64_t packets_lost() const noexcept { return packets_lost_; }
  const std::string& path() const noexcept { return path_; }

  static constexpr size_t kLongestBlock = 512 * 1024;

 private:
  BlockFile(std::string path, FileDescriptor file, BlockAt block_at);
  void cut_to_whole_blocks(size_t reached) noexcept;

  // Of 64 KiB to 4 MiB, the fastest: what is copied in is still in the second-level cache when it is written.
  static constexpr size_t kFlushAt = 256 * 1024;
  static constexpr size_t kCapacity = kFlushAt + kLongestBlock;

  std::string path_;
  FileDescriptor file_;
  BlockAt block_at_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t used_ = 0;
  uint64_t written_ = 0;
  uint64_t packets_lost_ = 0;
  int error_ = 0;
  bool regular_ = false;
};

}  // namespace wirewatch
