// SPDX-License-Identifier: BSD-3-Clause
// A capture file mapped read-only, and windows over it that are paged in ahead in one go and given back to the kernel
// when the last packet of theirs is done with. So a file of any size is read without a copy and within the memory of
// a few windows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dataplane/base/result.h"

namespace wirewatch {

/// Owns a file descriptor.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) noexcept : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  int get() const noexcept { return fd_; }
  int release() noexcept;

 private:
  int fd_;
};

/// A file that shrinks while it is mapped would raise SIGBUS on the pages it lost. Each window therefore asks for the
/// size again and pages its bytes in where a failure is an error code; what remains is a file cut between that and the
/// reading of its packets, by somebody who rewrites captures in place.
class FileMapping : public std::enable_shared_from_this<FileMapping> {
 public:
  /// Maps the first `size` bytes, as many as fstat said. `name` is for the error message.
  static Result<std::shared_ptr<FileMapping>> open(FileDescriptor file, size_t size, const std::string& name);
  ~FileMapping();
  FileMapping(const FileMapping&) = delete;
  FileMapping& operator=(const FileMapping&) = delete;

  std::span<const uint8_t> bytes() const noexcept { return {data_, size_}; }

  /// Keeps the mapping, and gives the pages of [begin, end) back when the last copy goes away. Null when the file no
  /// longer has these bytes.
  std::shared_ptr<const void> open_window(size_t begin, size_t end);
  /// The same without paging in ahead: for bytes that have been read already.
  std::shared_ptr<const void> hold(size_t begin, size_t end);

 private:
  FileMapping(FileDescriptor file, const uint8_t* data, size_t size) noexcept
      : file_(std::move(file)), data_(data), size_(size) {}

  FileDescriptor file_;
  const uint8_t* data_;
  size_t size_;
};

}  // namespace wirewatch
