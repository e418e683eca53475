// SPDX-License-Identifier: BSD-3-Clause
// A generator faster than any socket: the kernel itself repeats a frame into an interface (BPF_PROG_TEST_RUN with live
// frames, Linux 5.18). The other end must take XDP frames: a program of its own, or GRO.
#pragma once

#include <cstdint>

#include "dataplane/base/file_descriptor.h"
#include "tests/support/capture_builder.h"

namespace wirewatch::testing {

class LiveFrames {
 public:
  /// Out of that interface; throws when the kernel does not take the program.
  explicit LiveFrames(int interface_index);

  /// That many copies; returns false when the kernel refuses.
  bool send(const Bytes& frame, uint32_t copies) const noexcept;

 private:
  FileDescriptor program_;
};

}  // namespace wirewatch::testing
