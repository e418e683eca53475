// SPDX-License-Identifier: BSD-3-Clause
// Saved captures as a source for one worker.
#pragma once

#include "dataplane/source/file_chain.h"
#include "dataplane/source/source.h"

namespace wirewatch {

class FileSource {
 public:
  static constexpr bool kParses = false;

  explicit FileSource(FileChain& chain) : chain_(chain) {}

  Poll poll(Burst& burst) {
    burst.count = chain_.read(batch_, kBurstSize);
    burst.packets = batch_.packets;
    return burst.count == 0 ? Poll::End : Poll::Packets;
  }
  void recycle(Burst& burst) noexcept { burst.count = 0; }

 private:
  FileChain& chain_;
  PacketBatch batch_;
};

}  // namespace wirewatch
