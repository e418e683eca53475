// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/dataplane_process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

extern char** environ;

namespace wirewatch {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{10'000};

/// Signals as a program expects to find them: we block and handle some.
Result<pid_t> spawn(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& each : arguments) argv.push_back(const_cast<char*>(each.c_str()));
  argv.push_back(nullptr);
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  // A group of its own: Ctrl-C at a terminal reaches us, and we end it in order.
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  // Asio opens its sockets without close-on-exec: a child that holds our listening socket would let callers wait for ever
  // once we are gone.
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, program.c_str(), &actions, &attributes, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failed != 0) return fail("cannot start '" + program + "': " + std::strerror(failed));
  return pid;
}

}  // namespace

std::string describe_exit(int status) {
  if (WIFSIGNALED(status)) {
    const char* const name = ::strsignal(WTERMSIG(status));
    return "the data plane ended with signal " + std::to_string(WTERMSIG(status)) +
           (name != nullptr ? " (" + std::string(name) + ")" : std::string());
  }
  return "the data plane ended with status " + std::to_string(WEXITSTATUS(status));
}

DataplaneProcess::DataplaneProcess(boost::asio::io_context& io, std::string program, std::vector<std::string> arguments,
                                   std::function<void(const std::string&)> ended)
    : program_(std::move(program)), arguments_(std::move(arguments)), ended_(std::move(ended)), pidfd_(io) {}

milliseconds DataplaneProcess::next_pause(milliseconds last, milliseconds lived) noexcept {
  if (lived >= kLongestPause || last.count() == 0) return kFirstPause;
  return std::min(last * 2, kLongestPause);
}

Result<void> DataplaneProcess::start_if_due(Clock::time_point now) {
  if (running() || now < not_before_) return {};
  const auto pid = spawn(program_, arguments_);
  started_ = now;
  if (!pid) {
    pause_ = next_pause(pause_, milliseconds(0));
    not_before_ = now + pause_;
    return tl::unexpected(pid.error());
  }
  pid_ = *pid;
  watch(*pid);
  return {};
}

void DataplaneProcess::watch(pid_t pid) {
  const auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  boost::system::error_code error;
  if (fd >= 0) pidfd_.assign(fd, error);
  if (fd < 0 || error) return;  // its socket will tell
  pidfd_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code stopped) {
    if (!stopped) reap();
  });
}

void DataplaneProcess::reap() {
  int status = 0;
  if (!pid_ || ::waitpid(*pid_, &status, WNOHANG) != *pid_) return;
  boost::system::error_code ignored;
  pidfd_.close(ignored);
  pid_.reset();
  const auto now = Clock::now();
  pause_ = next_pause(pause_, std::chrono::duration_cast<milliseconds>(now - started_));
  not_before_ = now + pause_;
  ended_(describe_exit(status));
}

void DataplaneProcess::ask_to_end() noexcept {
  if (pid_) ::kill(*pid_, SIGTERM);
}
void DataplaneProcess::kill() noexcept {
  if (pid_) ::kill(*pid_, SIGKILL);
}

}  // namespace wirewatch
