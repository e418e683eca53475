// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/fanout.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "dataplane/base/prefetch.h"
#include "dataplane/base/spin_pause.h"
#include "dataplane/packet/steering.h"

namespace wirewatch {
namespace {

constexpr size_t kAhead = 6;  // packets whose headers are on their way from memory

void prefetch_headers(const Packet& packet) {
  constexpr size_t kCacheLine = 64;  // the headers of most frames reach into a second one
  prefetch(packet.data);
  prefetch(packet.data + kCacheLine);
}

}  // namespace

Fanout::Fanout(FileChain& chain, unsigned workers, const ParseOptions& options)
    : chain_(chain), workers_(workers), options_(options), slots_(size_t{workers} * 4 + 12) {
  for (Slot& slot : slots_) {
    slot.of_worker.resize(workers);
    for (auto& indices : slot.of_worker) indices.reserve(kBatch);
  }
}

bool Fanout::produce(bool patient) {
  std::unique_lock reading(reading_, std::try_to_lock);
  if (!reading.owns_lock()) {
    if (!patient) return false;
    reading.lock();
  }
  Slot& slot = slot_of(last_read_ + 1);
  if (ended_ || slot.readers.load(std::memory_order_acquire) != 0) return false;
  if (chain_.read(slot.batch, kBatch) == 0) {
    ended_ = true;
    slot.ready.store(kEnd, std::memory_order_release);
    slot.ready.notify_all();
    return false;
  }
  const uint64_t number = ++last_read_;
  slot.readers.store(workers_, std::memory_order_relaxed);
  reading.unlock();
  deal_out(slot, number);
  slot.ready.store(number, std::memory_order_release);
  slot.ready.notify_all();
  return true;
}

/// By flow, so that a flow stays with one worker; packets without one in turns.
void Fanout::deal_out(Slot& slot, uint64_t number) {
  for (auto& indices : slot.of_worker) indices.clear();
  const auto& packets = slot.batch.packets;
  Layers layers;
  for (size_t i = 0; i < packets.size(); ++i) {
    if (i + kAhead < packets.size()) prefetch(packets[i + kAhead].data);
    std::optional<uint64_t> flow_hash = plain_flow_hash(packets[i]);
    if (!flow_hash) {
      parse(packets[i], options_, layers);
      flow_hash = layers.has_flow ? layers.flow_hash : number;
    }
    slot.of_worker[(*flow_hash & 0xff) * workers_ >> 8].push_back(static_cast<uint16_t>(i));
  }
}

Poll FanoutSource::poll(Burst& burst) {
  constexpr unsigned kLooks = 200, kSpinningLooks = 150, kPauses = 16;
  for (unsigned looks = 0;;) {
    Fanout::Slot& slot = fanout_.slot_of(batch_);
    const uint64_t ready = slot.ready.load(std::memory_order_acquire);
    if (ready == Fanout::kEnd) return Poll::End;
    if (ready != batch_) {
      // Another worker may be reading or dealing out just that batch. To fall asleep and be woken takes longer than that
      // mostly does, so it is looked out for first: without a system call, then, should it want this very core, with one.
      const bool patient = ++looks >= kLooks;
      if (fanout_.produce(patient)) continue;
      // Without room for another batch, or at the end, the one that is waited for is being dealt out by another worker, or
      // will be read by the one that still needs the room.
      if (patient) {
        slot.ready.wait(ready, std::memory_order_acquire);
      } else if (looks <= kSpinningLooks) {
        for (unsigned i = 0; i < kPauses; ++i) spin_pause();
      } else {
        std::this_thread::yield();
      }
      continue;
    }
    const auto& mine = slot.of_worker[worker_];
    if (taken_ == mine.size()) {  // through with this batch
      slot.readers.fetch_sub(1, std::memory_order_release);
      ++batch_;
      taken_ = 0;
      continue;
    }
    burst.count = std::min(kBurstSize, mine.size() - taken_);
    const auto packet = [&](size_t i) -> const Packet& { return slot.batch.packets[mine[taken_ + i]]; };
    for (size_t i = 0; i < burst.count; ++i) {
      if (i + kAhead < burst.count) prefetch_headers(packet(i + kAhead));
      parse(packet(i), fanout_.options_, burst.layers[i]);
      burst.parsed[i] = {&packet(i), &burst.layers[i]};
    }
    taken_ += burst.count;
    return Poll::Packets;
  }
}

void FanoutSource::recycle(Burst& burst) noexcept { burst.count = 0; }

}  // namespace wirewatch
