// SPDX-License-Identifier: BSD-3-Clause
// Which state files cannot be written. They are written again and again by a thread of their own; somebody is told once.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace wirewatch {

class StateFaults {
 public:
  /// Any thread: how writing `path` went; an empty `reason` is well.
  void note(const std::string& path, const std::string& reason) {
    const std::lock_guard hold(mutex_);
    std::string& known = reasons_[path];
    if (known == reason) return;
    known = reason;
    untold_.push_back(reason.empty() ? path + ": can be written again" : path + ": cannot be written, so the next daemon will not go on from it: " + reason);
  }
  /// What changed since it was last asked, a line each.
  std::vector<std::string> take() {
    const std::lock_guard hold(mutex_);
    return std::exchange(untold_, {});
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> reasons_;
  std::vector<std::string> untold_;
};

}  // namespace wirewatch
