// SPDX-License-Identifier: BSD-3-Clause
// One direction of a pair of ports, on a thread of its own until told to stop, as a worker would do it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

#include "dataplane/source/source.h"

namespace wirewatch::testing {

class Bridge {
 public:
  template <LiveSource Source, typename Sender>
  Bridge(Source& from, Sender& to)
      : thread_([this, &from, &to] {
          const auto burst = std::make_unique<Burst>();
          while (!stop_) {
            if (from.poll(*burst) != Poll::Packets) {
              from.wait(std::chrono::milliseconds(1));
              continue;
            }
            packets_ += burst->count;
            to.send(burst->packets);
            from.recycle(*burst);
          }
        }) {}
  ~Bridge() { stop(); }

  /// How many packets went that way.
  uint64_t stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return packets_;
  }

 private:
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> packets_{0};
  std::thread thread_;  // last: it uses the others
};

}  // namespace wirewatch::testing
