// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/screen.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace wirewatch {
namespace {

// xterm's: alternate screen, cursor hidden, no wrapping at the right edge. Every terminal of this century
// knows them.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::array kLeaveSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
constexpr std::array kCrashSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

// Read and written by signal handlers: plain memory that is set before they are installed.
termios before;
std::array<int, 2> wake{-1, -1};  // a pipe: handlers write the number of their signal

void write_all(std::string_view text) noexcept {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written > 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (written < 0 && errno == EAGAIN) {
      pollfd terminal{STDOUT_FILENO, POLLOUT, 0};  // somebody left it non-blocking
      if (::poll(&terminal, 1, 1000) <= 0) return;
    } else if (written == 0 || errno != EINTR) {
      return;
    }
  }
}

/// Only calls that a signal handler may make (signal-safety(7)).
void give_back() noexcept {
  write_all(kLeave);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

void enter() noexcept {
  termios raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  write_all(kEnter);
}

void on_signal(int number) {
  const int kept = errno;
  const char byte = static_cast<char>(number);
  if (::write(wake[1], &byte, 1) < 0) {
    // A full pipe has woken us already.
  }
  errno = kept;
}

void on_crash(int number) {
  give_back();
  std::signal(number, SIG_DFL);
  ::raise(number);  // the core, and the word of the shell, as if we had never been here
}

void install(int number, void (*handler)(int), int flags) noexcept {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, nullptr);
}

/// Ctrl-Z: the shell gets its terminal, and the screen comes back with `fg`.
void stop_for_a_while() noexcept {
  give_back();
  install(SIGTSTP, SIG_DFL, 0);
  ::raise(SIGTSTP);
  install(SIGTSTP, on_signal, 0);
  enter();
}

}  // namespace

bool Screen::available() noexcept {
  const char* kind = std::getenv("TERM");
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && kind != nullptr && *kind != '\0' &&
         std::strcmp(kind, "dumb") != 0;
}

Screen::Screen() {
  ::tcgetattr(STDIN_FILENO, &before);
  if (::pipe2(wake.data(), O_CLOEXEC | O_NONBLOCK) != 0) wake = {-1, -1};
  for (const int number : kCrashSignals) install(number, on_crash, 0);
  for (const int number : kLeaveSignals) install(number, on_signal, 0);
  install(SIGWINCH, on_signal, 0);
  install(SIGTSTP, on_signal, 0);
  enter();
  measure();
}

Screen::~Screen() {
  give_back();
  for (const int number : kCrashSignals) install(number, SIG_DFL, 0);
  for (const int number : kLeaveSignals) install(number, SIG_DFL, 0);
  install(SIGWINCH, SIG_DFL, 0);
  install(SIGTSTP, SIG_DFL, 0);
  for (int& end : wake) {
    if (end >= 0) ::close(end);
    end = -1;
  }
}

void Screen::measure() noexcept {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return;
  columns_ = size.ws_col;
  rows_ = size.ws_row;
}

void Screen::draw(std::string_view lines) noexcept {
  std::string frame = "\x1b[H";
  for (size_t row = 0; row < rows_ && !lines.empty(); ++row) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    if (row > 0) frame += "\r\n";
    frame += lines.substr(0, end);
    frame += "\x1b[K";  // what the line before had beyond this one's end
    lines.remove_prefix(std::min(lines.size(), end + 1));
  }
  frame += "\x1b[J";
  write_all(frame);
}

Screen::Event Screen::wait(std::chrono::milliseconds time, char& key) noexcept {
  using Clock = std::chrono::steady_clock;
  const auto until = Clock::now() + time;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    std::array<pollfd, 2> sources{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{wake[0], POLLIN, 0}};
    const int ready = ::poll(sources.data(), sources.size(), left > 0 ? static_cast<int>(left) : 0);
    if (ready == 0) return Event::Timeout;
    if (ready < 0) {
      if (errno == EINTR) continue;
      return Event::Quit;
    }
    char signal = 0;
    if ((sources[1].revents & POLLIN) != 0 && ::read(wake[0], &signal, 1) == 1) {
      if (signal == SIGTSTP) stop_for_a_while();
      if (signal != SIGWINCH && signal != SIGTSTP) return Event::Quit;
      measure();
      return Event::Resized;
    }
    if ((sources[0].revents & POLLIN) != 0) {
      if (::read(STDIN_FILENO, &key, 1) == 1) return Event::Key;
      return Event::Quit;  // the terminal has gone
    }
    if ((sources[0].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) return Event::Quit;
  }
}

}  // namespace wirewatch
