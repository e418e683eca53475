// SPDX-License-Identifier: BSD-3-Clause
// A file mapped read-only, and parts of it whose pages are given back to the kernel when the last packet in them is done
// with, so that a file of any size is walked within the memory of a few batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dataplane/base/file_descriptor.h"
#include "dataplane/base/result.h"

namespace wirewatch {

/// A file that shrinks while it is mapped raises SIGBUS on the pages it lost. Callers ask still_whole() before each
/// batch; what remains is a file cut between that and the reading of its packets, by somebody who rewrites it in place.
class FileMapping : public std::enable_shared_from_this<FileMapping> {
 public:
  /// Maps the first `size` bytes, as many as fstat said. `name` is for the error message.
  static Result<std::shared_ptr<FileMapping>> open(FileDescriptor file, size_t size, const std::string& name);
  ~FileMapping();
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  std::span<const uint8_t> bytes() const noexcept { return {data_, size_}; }

  /// Whether the file is still as long as it was when it was mapped.
  bool still_whole() const noexcept;

  /// Keeps the mapping, and gives the pages of [begin, end) back when the last copy goes away.
  std::shared_ptr<const void> hold(size_t begin, size_t end);

 private:
  FileMapping(FileDescriptor file, const uint8_t* data, size_t size) noexcept
      : file_(std::move(file)), data_(data), size_(size) {}

  FileDescriptor file_;
  const uint8_t* data_;
  size_t size_;
};

}  // namespace wirewatch
