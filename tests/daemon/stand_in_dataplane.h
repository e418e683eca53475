// SPDX-License-Identifier: BSD-3-Clause
// A data plane without ports: real workers on real shared memory behind a real control socket, fed with captures or with
// made-up events. What control is tested against, and what its cost is measured with.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dataplane/pipeline/publisher.h"
#include "dataplane/pipeline/registry.h"
#include "dataplane/base/file_descriptor.h"

namespace wirewatch {

class StandInDataplane {
 public:
  struct Options {
    std::string socket_path;
    uint64_t generation = 1;
    unsigned workers = 2;
    int64_t start_time_ns = 1'700'000'000'000'000'000;
    std::string refuse_rules{};  // the error to answer load-rules with; empty: take them
  };

  explicit StandInDataplane(Options options);
  ~StandInDataplane();

  /// Runs a capture through the workers under the rules of `folder`, ends every flow and publishes. Once.
  void run_capture(const std::string& path, const std::string& rules_folder);
  /// Publishes `state` as the main thread's block.
  void publish_process(ProcessState state);
  /// Hands events on directly; the ring is a worker's own.
  SharedEvents& events(unsigned worker) { return *events_[worker]; }
  Registry& registry() { return registry_; }
  SharedRegion& region() { return region_; }

  /// Hashes of the rules that came, in order.
  std::vector<std::string> rules_taken() const;
  /// The commands that came, in order.
  std::vector<std::string> commands() const;
  /// Closes every connection; new ones are taken.
  void drop_clients() { drop_ = true; }

 private:
  void serve();
  bool answer_one(int client);

  Options options_;
  SharedRegion region_;
  Registry registry_;
  std::vector<std::unique_ptr<SharedEvents>> events_;
  mutable std::mutex mutex_;
  std::vector<std::string> rules_taken_;
  std::vector<std::string> commands_;
  FileDescriptor listener_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> drop_{false};
  std::jthread thread_;
};

}  // namespace wirewatch
