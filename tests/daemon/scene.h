// SPDX-License-Identifier: BSD-3-Clause
// A daemon on a thread of its own in a folder of its own, and requests to it over its real socket.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

#include "control/daemon/daemon.h"
#include "control/rules/rule_cache.h"

namespace wirewatch {

class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "wirewatch-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  void write(const std::string& name, const std::string& text) const { std::ofstream(file(name)) << text; }

 private:
  std::string path_;
};

struct HttpAnswer {
  unsigned status = 0;
  std::string type;
  std::string body;
  nlohmann::json json() const { return nlohmann::json::parse(body, nullptr, false); }
};

/// One request over a Unix socket; status 0 when there is no answer.
inline HttpAnswer ask(const std::string& socket_path, const std::string& method, const std::string& target, const std::string& body = {}) {
  namespace http = boost::beast::http;
  boost::asio::io_context io;
  boost::asio::local::stream_protocol::socket socket(io);
  boost::system::error_code error;
  socket.connect({socket_path}, error);
  if (error) return {};
  http::request<http::string_body> request;
  request.method_string(method);
  request.target(target);
  request.version(11);
  request.set(http::field::host, "localhost");
  request.keep_alive(false);
  request.body() = body;
  request.prepare_payload();
  http::write(socket, request, error);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(64 << 20);
  http::read(socket, buffer, parser, error);
  if (error && error != http::error::end_of_stream) return {};
  return {parser.get().result_int(), std::string(parser.get()[http::field::content_type]), parser.get().body()};
}

inline std::string rules_folder() { return std::getenv("WIREWATCH_RULES"); }
inline std::string captures_folder() { return std::getenv("WIREWATCH_CAPTURES"); }
inline std::string scenario() { return captures_folder() + "/scenario.cap"; }

class RunningDaemon {
 public:
  explicit RunningDaemon(DaemonConfig config, RuleFolders rules = {}) {
    DaemonOptions options{.config = std::move(config), .rules = std::move(rules), .token = {}, .log = [this](const std::string& line) { log_ += line + "\n"; }};
    if (options.rules.shipped.empty()) options.rules = {.shipped = rules_folder(), .operators = {}, .cache = default_rule_cache()};
    socket_ = options.config.api_socket;
    auto daemon = Daemon::start(std::move(options));
    if (!daemon) throw std::runtime_error(daemon.error().message);
    daemon_ = std::move(*daemon);
    thread_ = std::jthread([this] { daemon_->run(); });
  }
  ~RunningDaemon() {
    daemon_->stop();
    thread_.join();
  }

  HttpAnswer get(const std::string& target) const { return ask(socket_, "GET", target); }
  HttpAnswer post(const std::string& target, const std::string& body = {}) const { return ask(socket_, "POST", target, body); }
  nlohmann::json status() const { return get("/api/v1/status").json(); }

  /// Asks for the status until it is as wanted, for at most ten seconds: what is waited for happens on other threads.
  bool becomes(const std::function<bool(const nlohmann::json&)>& wanted) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (std::chrono::steady_clock::now() < until) {
      if (wanted(status())) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  bool connects() const {
    return becomes([](const nlohmann::json& status) { return status["dataplane"]["state"] == "running"; });
  }

 private:
  std::string log_;  // by the daemon's thread, read when it has ended
  std::string socket_;
  std::unique_ptr<Daemon> daemon_;
  std::jthread thread_;
};

inline DaemonConfig config_in(const ScratchFolder& folder) {
  DaemonConfig config;
  config.api_socket = folder.file("api.sock");
  config.dataplane_socket = folder.file("dataplane.sock");
  config.dataplane = DataplaneMode::Attach;
  config.tick_ms = 5;
  return config;
}

}  // namespace wirewatch
