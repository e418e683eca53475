// SPDX-License-Identifier: BSD-3-Clause
#include "control/api/http_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstring>
#include <filesystem>
#include <vector>

#include "control/api/http_session.h"

namespace wirewatch {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;
using Tcp = asio::ip::tcp;
using Stream = asio::generic::stream_protocol;  // either of them
using Acceptor = asio::basic_socket_acceptor<Stream>;
using ErrorCode = boost::system::error_code;

/// Takes connections and remembers the open ones, to close them at the end.
class Listener {
 public:
  Listener(asio::io_context& io, std::shared_ptr<ServerState> state, bool is_owner)
      : acceptor_(io), again_(io), state_(std::move(state)), is_owner_(is_owner) {}

  Acceptor& acceptor() noexcept { return acceptor_; }
  const Acceptor& acceptor() const noexcept { return acceptor_; }

  void accept() {
    acceptor_.async_accept([this](ErrorCode error, Stream::socket socket) {
      if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
      if (error) {  // out of descriptors, say: others may give some back
        again_.expires_after(std::chrono::milliseconds(100));
        again_.async_wait([this](ErrorCode stopped) {
          if (!stopped) accept();
        });
        return;
      }
      std::erase_if(sessions_, [](const auto& session) { return session.expired(); });
      const auto session = std::make_shared<HttpSession>(std::move(socket), state_, is_owner_);
      sessions_.push_back(session);
      session->start();
      accept();
    });
  }

  void stop() {
    ErrorCode ignored;
    acceptor_.close(ignored);
    again_.cancel();
    for (const auto& session : sessions_) {
      if (const auto open = session.lock()) open->close();
    }
  }

 private:
  Acceptor acceptor_;
  asio::steady_timer again_;
  std::shared_ptr<ServerState> state_;
  bool is_owner_;
  std::vector<std::weak_ptr<HttpSession>> sessions_;
};

/// Whether somebody answers there; a socket whose owner died does not.
bool is_answered(const std::string& path) {
  asio::io_context io;
  Local::socket socket(io);
  ErrorCode error;
  socket.connect(Local::endpoint(path), error);
  return !error;
}

class Server final : public HttpServer {
 public:
  Server(asio::io_context& io, const HttpOptions& options, LiveData& live)
      : state_(std::make_shared<ServerState>(ServerState{.options = options, .live = live})),
        local_(io, state_, true),
        tcp_(io, state_, false) {}
  ~Server() override {
    if (bound_) ::unlink(state_->options.socket_path.c_str());
  }

  Result<void> listen_local() {
    const std::string& path = state_->options.socket_path;
    const auto because = [&](const std::string& why) { return fail("cannot listen on the socket '" + path + "': " + why); };
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
      return because("its path is longer than " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes");
    }
    if (std::filesystem::exists(path, ignored)) {
      if (!std::filesystem::is_socket(path, ignored)) return because("there is a file of that name that is no socket");
      if (is_answered(path)) return because("another daemon answers there");
      ::unlink(path.c_str());
    }
    ErrorCode error;
    auto& acceptor = local_.acceptor();
    acceptor.open(Local(), error);
    // Nobody may slip in between bind and chmod.
    const mode_t before = ::umask(0177);
    if (!error) acceptor.bind(Local::endpoint(path), error);
    ::umask(before);
    if (error) return because(error.message());
    bound_ = true;
    acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return because(error.message());
    local_.accept();
    return {};
  }

  Result<void> listen_tcp() {
    if (!state_->options.listen) return {};
    const ListenAddress& listen = *state_->options.listen;
    const std::string shown = listen.address + " port " + std::to_string(listen.port);
    if (!listen.loopback && state_->options.token.empty()) {
      return fail("will not listen on " + shown + " without a token: set token_file in [control], or listen on 127.0.0.1");
    }
    ErrorCode error;
    auto& acceptor = tcp_.acceptor();
    const Tcp::endpoint endpoint(asio::ip::make_address(listen.address, error), listen.port);
    if (!error) acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(Acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) return fail("cannot listen on " + shown + ": " + error.message());
    tcp_.accept();
    return {};
  }

  void stop() override {
    state_->stopping = true;
    local_.stop();
    tcp_.stop();
  }
  uint64_t refused_connections() const noexcept override { return state_->refused; }
  uint16_t tcp_port() const noexcept override {
    ErrorCode error;
    const auto endpoint = tcp_.acceptor().local_endpoint(error);
    if (error) return 0;
    Tcp::endpoint address;
    address.resize(endpoint.size());
    std::memcpy(address.data(), endpoint.data(), endpoint.size());
    return address.port();
  }

 private:
  std::shared_ptr<ServerState> state_;
  Listener local_;
  Listener tcp_;
  bool bound_ = false;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> HttpServer::start(asio::io_context& io, const HttpOptions& options, LiveData& live) {
  auto server = std::make_unique<Server>(io, options, live);
  if (auto done = server->listen_local(); !done) return tl::unexpected(done.error());
  if (auto done = server->listen_tcp(); !done) return tl::unexpected(done.error());
  return server;
}

}  // namespace wirewatch
