// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/daemon.h"

#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>

#include "control/api/http_server.h"
#include "control/daemon/dataplane_process.h"
#include "control/daemon/folder_watch.h"
#include "control/daemon/live_service.h"
#include "control/daemon/service_notifier.h"

namespace wirewatch {
namespace {

using ErrorCode = boost::system::error_code;

class ControlDaemon final : public Daemon {
 public:
  explicit ControlDaemon(DaemonOptions options)
      : options_(std::move(options)),
        live_(io_, options_.config, DaemonClock::system(), options_.rules, options_.log),
        link_(io_, options_.config.dataplane_socket,
              {.connected =
                   [this](Hello hello) {
                     waiting_said_ = false;
                     live_.connected(std::move(hello));
                   },
               .lost = [this](const std::string& reason) { live_.lost(reason); },
               .unreachable = [this](const std::string& reason) { unreachable(reason); }}),
        process_(io_, options_.config.dataplane_program, arguments(),
                 [this](const std::string& how) { ended(how); }),
        watch_(io_, [this] { reload("a rule file changed"); }),
        signals_(io_, SIGTERM, SIGINT, SIGHUP),
        tick_(io_),
        patience_(io_) {
    live_.link = &link_;
  }

  Result<void> listen() {
    HttpOptions http{.socket_path = options_.config.api_socket,
                     .listen = options_.config.listen_address,
                     .token = options_.token};
    http.most_connections = options_.config.most_connections;
    auto server = HttpServer::start(io_, http, live_);
    if (!server) return tl::unexpected(server.error());
    server_ = std::move(*server);
    live_.refused_connections = [this] { return server_->refused_connections(); };
    return {};
  }

  void run() override {
    if (options_.config.watch_rules) {
      const std::array folders{options_.rules.shipped, options_.rules.operators};
      if (const auto done = watch_.watch(folders); !done) options_.log(done.error().message);
    }
    wait_for_signal();
    live_.rules().reload([](const auto&) {});
    link_.start();
    tick();
    notifier_.ready();
    io_.run();
  }

  void stop() override {
    boost::asio::post(io_, [this] { shut_down(); });
  }
  uint16_t tcp_port() const noexcept override { return server_->tcp_port(); }

 private:
  bool managed() const noexcept { return options_.config.dataplane == DataplaneMode::Start; }

  std::vector<std::string> arguments() const {
    std::vector<std::string> all{"--config", options_.config.path, "--control-socket", options_.config.dataplane_socket};
    if (options_.config.path.empty()) all.erase(all.begin(), all.begin() + 2);
    const auto& more = options_.config.dataplane_arguments;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  void unreachable(const std::string& reason) {
    if (stopping_) return;
    if (!managed()) {
      if (!waiting_said_) options_.log("waiting for the data plane: " + reason);
      waiting_said_ = true;
      return;
    }
    const bool was_running = process_.running();
    const auto started = process_.start_if_due(DataplaneProcess::Clock::now());
    if (!started && started.error().message != last_start_error_) {
      last_start_error_ = started.error().message;
      live_.cannot_start(last_start_error_);
      options_.log(last_start_error_);
    } else if (!was_running && process_.running()) {
      options_.log("started " + options_.config.dataplane_program + " since " + reason);
    }
  }

  void ended(const std::string& how) {
    if (stopping_) return finish();
    live_.explain(how);
  }

  void reload(const std::string& why) {
    options_.log("reading the rules again: " + why);
    live_.rules().reload([](const auto&) {});
  }

  void wait_for_signal() {
    signals_.async_wait([this](ErrorCode stopped, int signal) {
      if (stopped) return;
      if (signal != SIGHUP) return shut_down();
      reload("SIGHUP");
      wait_for_signal();
    });
  }

  void tick() {
    const bool more = live_.tick();
    const int64_t now_ns = std::chrono::steady_clock::now().time_since_epoch().count();
    notifier_.still_alive(now_ns);
    if (now_ns - summarised_ns_ >= 5'000'000'000) {
      summarised_ns_ = now_ns;
      notifier_.status(live_.summary());
    }
    tick_.expires_after(std::chrono::milliseconds(more ? 1 : options_.config.tick_ms));
    tick_.async_wait([this](ErrorCode stopped) {
      if (!stopped) tick();
    });
  }

  void shut_down() {
    if (stopping_) return;
    stopping_ = true;
    notifier_.stopping();
    server_->stop();
    watch_.stop();
    signals_.cancel();
    if (!managed() || !link_.connected()) {
      if (!process_.running()) return finish();
      process_.ask_to_end();
    } else {
      // Whoever started it ends it, in order: everything it counted is published first.
      link_.request({{"command", "shutdown"}}, {}, [this](const auto&) {
        if (!process_.running()) finish();
      });
    }
    patience_.expires_after(std::chrono::seconds(5));
    patience_.async_wait([this](ErrorCode stopped) {
      if (stopped) return;
      process_.kill();
      finish();
    });
  }

  void finish() {
    link_.stop();
    tick_.cancel();
    patience_.cancel();
    io_.stop();
  }

  boost::asio::io_context io_{1};
  DaemonOptions options_;
  LiveService live_;
  DataplaneLink link_;
  DataplaneProcess process_;
  FolderWatch watch_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer tick_;
  boost::asio::steady_timer patience_;
  ServiceNotifier notifier_;
  std::unique_ptr<HttpServer> server_;
  std::string last_start_error_;
  int64_t summarised_ns_ = 0;
  bool waiting_said_ = false;
  bool stopping_ = false;
};

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::start(DaemonOptions options) {
  auto daemon = std::make_unique<ControlDaemon>(std::move(options));
  if (auto done = daemon->listen(); !done) return tl::unexpected(done.error());
  return daemon;
}

}  // namespace wirewatch
