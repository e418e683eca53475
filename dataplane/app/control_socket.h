// SPDX-License-Identifier: BSD-3-Clause
// Where control asks: a Unix socket of datagrams, each one request or one answer, with files handed over beside them. Who
// connects must be of the same user, or root. A client that sends nonsense or does not take its answers is cut off; none
// can make us wait.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/base/file_descriptor.h"

namespace wirewatch {

inline constexpr size_t kLargestMessage = 65'536;

struct ControlRequest {
  std::string text;
  FileDescriptor file;  // that came with it
};
struct ControlAnswer {
  std::string text;
  int file = -1;  // to go with it, not owned
};
using ControlHandler = std::function<ControlAnswer(ControlRequest&)>;

class ControlSocket {
 public:
  /// Makes the folder when it is missing. A socket that nobody listens to any more is replaced; one that is answered is
  /// another data plane's, and refused.
  static Result<std::unique_ptr<ControlSocket>> listen(const std::string& path);
  ~ControlSocket();

  /// Answers what comes within this time; returns early when `wake` becomes readable.
  void serve(std::chrono::milliseconds time, int wake, const ControlHandler& handle);

 private:
  ControlSocket(std::string path, FileDescriptor socket) : path_(std::move(path)), socket_(std::move(socket)) {}
  void accept_one();
  /// False when the client is to be cut off.
  bool answer_one(int client, const ControlHandler& handle);

  std::string path_;
  FileDescriptor socket_;
  std::vector<FileDescriptor> clients_;
};

}  // namespace wirewatch
