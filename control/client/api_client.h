// SPDX-License-Identifier: BSD-3-Clause
// Asks the control daemon's API (control/api/README.md) over its Unix socket. Never waits for ever and never
// takes in more than it was made to hold, whoever answers; what went wrong is a sentence for the person at
// the terminal.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/result.h"

namespace wirewatch {

struct ApiClientOptions {
  std::filesystem::path socket;
  std::chrono::milliseconds timeout{10'000};  // for the whole of one request
  size_t longest_answer = 64 << 20;
};

/// Why there is no answer: scripts tell "no daemon" from "the daemon says no".
enum class ApiFault : unsigned char {
  NoDaemon,  // nobody listens on the socket, or whoever did went away
  Refused,   // the daemon answered with an error
  Unusable,  // an answer that is none: too long, too late, not HTTP
};

struct ApiError {
  ApiFault fault = ApiFault::Unusable;
  std::string message;  // a sentence without a final full stop
  unsigned status = 0;  // of HTTP, when the daemon refused
};

template <typename T>
using ApiResult = tl::expected<T, ApiError>;

/// One connection, kept open between requests and opened again when the daemon closed it.
class ApiClient {
 public:
  explicit ApiClient(ApiClientOptions options);
  ~ApiClient();
  ApiClient(const ApiClient&) = delete;
  ApiClient& operator=(const ApiClient&) = delete;

  /// The body of the answer as the daemon wrote it. `target` is a path with its query: "/api/v1/flows?top=5".
  ApiResult<std::string> get(std::string_view target);
  ApiResult<std::string> post(std::string_view target, std::string_view json);
  ApiResult<std::string> erase(std::string_view target, std::string_view json = {});

  /// Takes the next bytes of a download; an error ends it.
  using Sink = std::function<Result<void>(std::string_view piece)>;
  /// However long the answer is, no more than a piece of it is held; `timeout` is for each piece. Returns the bytes.
  ApiResult<uint64_t> download(std::string_view target, const Sink& sink);

 private:
  enum class Verb : uint8_t { Get, Post, Delete };
  struct Connection;
  ApiResult<std::string> ask(Verb verb, std::string_view target, std::string_view json);
  ApiResult<void> send(Verb verb, std::string_view target, std::string_view json);
  tl::unexpected<ApiError> give_up(ApiFault fault, std::string message);

  ApiClientOptions options_;
  std::unique_ptr<Connection> connection_;
};

/// `given` (--socket), else $WIREWATCH_API, else $XDG_RUNTIME_DIR/wirewatch/api.sock, else
/// /run/wirewatch/api.sock.
std::filesystem::path api_socket_path(const std::string& given);

/// What an answer of application/problem+json (RFC 9457) says; what there is of it when it is not that.
std::string problem_sentence(unsigned status, std::string_view body);

}  // namespace wirewatch
