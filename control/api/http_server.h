// SPDX-License-Identifier: BSD-3-Clause
// HTTP/1.1 for the API: a Unix socket that only its owner may open, and TCP when asked for. One thread drives everything;
// every size, time and number of connections is bounded.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "control/api/access.h"
#include "control/api/live_data.h"
#include "dataplane/base/result.h"

namespace wirewatch {

struct HttpOptions {
  std::string socket_path;               // made with mode 0600; a stale one is replaced, a live one refused
  std::optional<ListenAddress> listen{};
  std::string token{};                   // for TCP; empty: reading only
  size_t most_connections = 64;          // over both; further ones are answered 503 and closed
  uint32_t most_header_bytes = 16 * 1024;
  uint64_t most_body_bytes = 64 * 1024;
  std::chrono::milliseconds read_timeout{10'000};   // for a whole request, and between two
  std::chrono::milliseconds write_timeout{30'000};
};

class HttpServer {
 public:
  /// Listens at once; answers as soon as `io` runs. `live` outlives the server.
  static Result<std::unique_ptr<HttpServer>> start(boost::asio::io_context& io, const HttpOptions& options, LiveData& live);
  virtual ~HttpServer() = default;

  /// Takes no more connections and closes those that are open.
  virtual void stop() = 0;
  virtual uint64_t refused_connections() const noexcept = 0;
  /// Of the TCP listener, for when the system was asked to choose.
  virtual uint16_t tcp_port() const noexcept = 0;
};

}  // namespace wirewatch
