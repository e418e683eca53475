// SPDX-License-Identifier: BSD-3-Clause
// Puts frames on an interface, as they are and in order.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/file_descriptor.h"
#include "tests/support/capture_builder.h"

namespace wirewatch::testing {

class FrameSender {
 public:
  /// In the namespace of the calling thread; throws when it may not.
  explicit FrameSender(const std::string& interface);

  void send(const Bytes& frame);
  /// Hands all of them to the kernel, some hundred a system call; returns how many it took.
  size_t send(std::span<const Bytes> frames);

 private:
  FileDescriptor socket_;
};

}  // namespace wirewatch::testing
