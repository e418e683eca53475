// SPDX-License-Identifier: BSD-3-Clause
// A mapped memory file: made by the data plane, handed over as a file descriptor, mapped by control.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "dataplane/base/result.h"

namespace wirewatch {

class SharedMemory {
 public:
  /// A memfd of this size, all zero, sealed against growing and shrinking.
  static Result<SharedMemory> create(const char* name, size_t bytes);
  /// Maps all of somebody's memfd. Refuses one that is not sealed against shrinking: reading what was cut off would kill us.
  static Result<SharedMemory> map(int fd);

  SharedMemory(SharedMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(other.size_), fd_(std::exchange(other.fd_, -1)) {}
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~SharedMemory();

  uint8_t* data() const noexcept { return data_; }
  size_t size() const noexcept { return size_; }
  /// To hand on, of a region made here; -1 of one that was mapped.
  int fd() const noexcept { return fd_; }

 private:
  SharedMemory(uint8_t* data, size_t size, int fd) noexcept : data_(data), size_(size), fd_(fd) {}

  uint8_t* data_;
  size_t size_;
  int fd_;
};

}  // namespace wirewatch
