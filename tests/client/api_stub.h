// SPDX-License-Identifier: BSD-3-Clause
// A stranger on a Unix socket that answers every request with what a test wrote: right, wrong, half, or
// never.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace wirewatch::testing {

class ApiStub {
 public:
  /// From the request's first line and body to the bytes to send; an empty answer closes the connection.
  using Answer = std::function<std::string(const std::string& request_line, const std::string& body)>;

  explicit ApiStub(Answer answer);
  ~ApiStub();

  const std::filesystem::path& socket() const noexcept { return socket_; }
  /// First lines of the requests so far.
  std::vector<std::string> asked() const;
  unsigned connections() const noexcept { return connections_; }

 private:
  void serve();
  void talk(int peer);

  Answer answer_;
  std::filesystem::path folder_, socket_;
  int listener_ = -1;
  std::atomic<bool> stop_ = false;
  std::atomic<unsigned> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::thread thread_;
};

/// A whole HTTP answer.
std::string http_answer(unsigned status, const std::string& type, const std::string& body,
                        bool keep_open = true);
std::string json_answer(const std::string& body);
std::string problem_answer(unsigned status, const std::string& detail);

}  // namespace wirewatch::testing
