// SPDX-License-Identifier: BSD-3-Clause
// The connection to the data plane: a SOCK_SEQPACKET Unix socket, one JSON object a datagram, file descriptors beside
// them. Connects again whenever it is lost, never waits for an answer, and gives up on one that does not come.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "dataplane/base/file_descriptor.h"
#include "dataplane/base/result.h"
#include "dataplane/pipeline/shared_state.h"

namespace wirewatch {

/// What the data plane says of itself when it is first spoken to.
struct Hello {
  int64_t pid = 0;
  uint64_t generation = 0;
  std::string rules_sha256;
  std::shared_ptr<SharedState> region;
};

class DataplaneLink {
 public:
  using Json = nlohmann::json;
  using Answered = std::function<void(Result<Json>)>;
  struct Handlers {
    std::function<void(Hello)> connected;
    std::function<void(const std::string& reason)> lost;
    std::function<void(const std::string& reason)> unreachable;  // after every attempt that failed
  };
  static constexpr size_t kLargestMessage = 64 * 1024;
  static constexpr std::chrono::milliseconds kBetweenAttempts{100};
  static constexpr std::chrono::milliseconds kPatience{5'000};

  DataplaneLink(boost::asio::io_context& io, std::string path, Handlers handlers);
  ~DataplaneLink();

  void start();
  void stop();
  bool connected() const noexcept { return ready_; }

  /// Sends `command` with an optional descriptor; the answer's error is the data plane's own sentence.
  void request(Json command, FileDescriptor passed, Answered answered);
  /// From within `answered` only: the whole answer, errors included, and what came beside it. Null when none came.
  const Json& answer() const noexcept { return taken_; }
  FileDescriptor take_passed() noexcept { return std::move(received_); }

 private:
  struct Outgoing {
    std::string text;
    FileDescriptor passed;
  };

  void attempt();
  Result<void> connect();
  void say_hello();
  void retry(const std::string& reason);
  void lose(const std::string& reason);
  void close();
  void wait_to_read();
  void receive();
  void take(const std::string& message, FileDescriptor passed);
  void flush();
  void watch_the_time();

  boost::asio::io_context& io_;
  std::string path_;
  Handlers handlers_;
  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer again_;
  boost::asio::steady_timer patience_;
  std::deque<Outgoing> outgoing_;
  std::deque<Answered> waiting_;  // in the order of what was sent
  uint64_t answers_ = 0;
  bool ready_ = false;
  bool writing_ = false;
  bool stopped_ = false;
  Json taken_;               // the answer being taken
  FileDescriptor received_;  // with it
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace wirewatch
