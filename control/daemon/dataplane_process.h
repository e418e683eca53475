// SPDX-License-Identifier: BSD-3-Clause
// The data plane as a child of ours: started when nobody answers on its socket, noticed when it ends, started again with
// growing pauses. It lives on when we are killed, and is found again by its socket.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch {

class DataplaneProcess {
 public:
  using Clock = std::chrono::steady_clock;
  /// `ended` gets a sentence: "the data plane ended with signal 9 (Killed)".
  DataplaneProcess(boost::asio::io_context& io, std::string program, std::vector<std::string> arguments,
                   std::function<void(const std::string&)> ended);

  bool running() const noexcept { return pid_.has_value(); }
  std::optional<pid_t> pid() const noexcept { return pid_; }

  /// Starts it unless it runs or its pause is not over yet; why it cannot be started is an error.
  Result<void> start_if_due(Clock::time_point now);
  /// Asks it to end (SIGTERM); `ended` is called when it has.
  void ask_to_end() noexcept;
  /// SIGKILL, for one that did not.
  void kill() noexcept;

  /// The pause before the next start after one that lasted `lived`.
  static std::chrono::milliseconds next_pause(std::chrono::milliseconds last, std::chrono::milliseconds lived) noexcept;

 private:
  void watch(pid_t pid);
  void reap();

  std::string program_;
  std::vector<std::string> arguments_;
  std::function<void(const std::string&)> ended_;
  boost::asio::posix::stream_descriptor pidfd_;
  std::optional<pid_t> pid_;
  Clock::time_point started_{};
  Clock::time_point not_before_{};
  std::chrono::milliseconds pause_{0};
};

/// What waitpid() said, in words.
std::string describe_exit(int status);

}  // namespace wirewatch
