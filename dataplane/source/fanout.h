// SPDX-License-Identifier: BSD-3-Clause
// Saved captures for several workers: what RSS does for a NIC, in software. Whichever worker has nothing to do reads
// the next batch and looks which flow each packet is of; each then takes from every batch, in file order, the packets of its
// own flows, and parses them. What a packet's headers say stays with one core that way: handing that over costs more than
// finding it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "dataplane/packet/parse.h"
#include "dataplane/source/file_chain.h"
#include "dataplane/source/source.h"

namespace wirewatch {

class Fanout {
 public:
  Fanout(FileChain& chain, unsigned workers, const ParseOptions& options);

  unsigned workers() const noexcept { return workers_; }

 private:
  friend class FanoutSource;
  static constexpr size_t kBatch = 1024;

  /// One batch on its way: filled by one thread, then read by all workers, then empty again.
  struct Slot {
    PacketBatch batch;
    std::vector<std::vector<uint16_t>> of_worker;  // indices into the batch
    std::atomic<uint64_t> ready{0};                // number of the batch it holds, from 1, once dealt out; or kEnd
    std::atomic<unsigned> readers{0};              // workers that are not through with it
  };

  Slot& slot_of(uint64_t number) noexcept { return slots_[number % slots_.size()]; }
  static constexpr uint64_t kEnd = UINT64_MAX;

  /// Reads and deals out the next batch; false when all slots are in use, the end was reached, or another thread is reading
  /// and this one is not `patient`.
  bool produce(bool patient);
  void deal_out(Slot& slot, uint64_t number);

  FileChain& chain_;
  unsigned workers_;
  ParseOptions options_;
  std::vector<Slot> slots_;
  std::mutex reading_;
  uint64_t last_read_ = 0;  // guarded by reading_
  bool ended_ = false;      // guarded by reading_
};

/// One worker's share.
class FanoutSource {
 public:
  static constexpr bool kParses = true;

  FanoutSource(Fanout& fanout, unsigned worker) : fanout_(fanout), worker_(worker) {}

  Poll poll(Burst& burst);
  void recycle(Burst& burst) noexcept;

 private:
  Fanout& fanout_;
  unsigned worker_;
  uint64_t batch_ = 1;  // the one being taken from
  size_t taken_ = 0;    // of this worker's share of it
};

}  // namespace wirewatch
