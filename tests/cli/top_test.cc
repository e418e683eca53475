// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch top` on a terminal of its own: what it draws, and that it gives the terminal back on every way
// out.
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "control/cli/live/top_page.h"
#include "tests/cli/live_answers.h"
#include "tests/cli/program.h"

namespace wirewatch::testing {
namespace {

constexpr char kCtrlC = 3;
constexpr std::string_view kEnter = "\x1b[?1049h", kLeave = "\x1b[?1049l";

class OnTerminal {
 public:
  explicit OnTerminal(const ApiStub& stub) {
    winsize size{};
    size.ws_col = 100;
    size.ws_row = 30;
    termios modes{};
    ::cfmakeraw(&modes);
    modes.c_lflag |= ICANON | ECHO | ISIG;
    modes.c_cc[VINTR] = kCtrlC;
    child_ = ::forkpty(&terminal_, nullptr, &modes, &size);
    if (child_ == 0) {
      ::setenv("WIREWATCH_API", stub.socket().c_str(), 1);
      ::setenv("TERM", "xterm", 1);
      ::setenv("LC_ALL", "C.UTF-8", 1);
      const char* program = std::getenv("WIREWATCH_PROGRAM");
      ::execl(program, program, "top", nullptr);
      std::_Exit(127);
    }
  }
  ~OnTerminal() {
    ::kill(child_, SIGKILL);
    if (!reaped_) ::waitpid(child_, nullptr, 0);
    ::close(terminal_);
  }

  /// Reads until `text` was drawn, counted from where the last call stopped; false when the program ends
  /// before.
  bool shows(std::string_view text) {
    for (;;) {
      const size_t found = seen_.find(text, looked_);
      if (found != std::string::npos) {
        looked_ = found + text.size();
        return true;
      }
      if (!read_some()) return false;
    }
  }
  void type(char key) { ASSERT_EQ(::write(terminal_, &key, 1), 1); }
  void send(int signal) { ::kill(child_, signal); }
  void resize(unsigned short columns, unsigned short rows) {
    winsize size{};
    size.ws_col = columns;
    size.ws_row = rows;
    ::ioctl(terminal_, TIOCSWINSZ, &size);
  }
  /// The modes of the terminal as the shell would find them.
  tcflag_t local_modes() const {
    termios modes{};
    ::tcgetattr(terminal_, &modes);
    return modes.c_lflag & (ICANON | ECHO);
  }
  int wait() {
    while (read_some()) {
    }
    int status = 0;
    if (Clock::now() >= deadline_) ::kill(child_, SIGKILL);
    ::waitpid(child_, &status, 0);
    reaped_ = true;
    return status;
  }
  const std::string& seen() const noexcept { return seen_; }

 private:
  bool read_some() {
    std::array<char, 65536> bytes;
    pollfd source{terminal_, POLLIN, 0};
    // A program that never shows what is waited for fails the test instead of holding up the run.
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    if (left <= 0 || ::poll(&source, 1, static_cast<int>(left)) <= 0) return false;
    const ssize_t got = ::read(terminal_, bytes.data(), bytes.size());
    if (got <= 0) return false;
    seen_.append(bytes.data(), static_cast<size_t>(got));
    return true;
  }

  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline_ = Clock::now() + std::chrono::seconds(30);

  pid_t child_ = -1;
  int terminal_ = -1;
  bool reaped_ = false;
  std::string seen_;
  size_t looked_ = 0;
};

TEST(Top, DrawsOverTheOldPictureWithoutWipingIt) {
  ApiStub stub(live_daemon());
  OnTerminal top(stub);
  ASSERT_TRUE(top.shows(kEnter));
  ASSERT_TRUE(top.shows("20:40:01 UTC"));
  ASSERT_TRUE(top.shows("20:40:02 UTC"));
  const size_t first = top.seen().find("20:40:01");
  EXPECT_EQ(top.seen().find("\x1b[2J", first), std::string::npos)
      << "the screen was wiped between two pictures";
  top.type('q');
  EXPECT_EQ(top.wait(), 0);
}

TEST(Top, SortsByTheKeyThatIsPressed) {
  ApiStub stub(live_daemon());
  OnTerminal top(stub);
  ASSERT_TRUE(top.shows("sorted by what is busy now"));
  top.type('b');
  EXPECT_TRUE(top.shows("sorted by bytes"));
  top.type('p');
  EXPECT_TRUE(top.shows("sorted by packets"));
  top.type(' ');
  EXPECT_TRUE(top.shows("PAUSED"));
}

TEST(Top, FitsTheNewSizeOfTheTerminal) {
  ApiStub stub(live_daemon());
  OnTerminal top(stub);
  ASSERT_TRUE(top.shows("quit"));
  top.resize(60, 12);
  ASSERT_TRUE(top.shows("\x1b[H"));
  ASSERT_TRUE(top.shows("\x1b[J"));
  const size_t end = top.seen().rfind("\x1b[J"), begin = top.seen().rfind("\x1b[H", end);
  const std::string picture = top.seen().substr(begin, end - begin);
  EXPECT_LE(std::count(picture.begin(), picture.end(), '\n'), 11);
}

struct WayOut {
  const char* description;
  int signal;  // 0: the key q; -1: Ctrl-C on the terminal
  bool killed;
};

TEST(Top, GivesTheTerminalBackOnEveryWayOut) {
  for (const WayOut& way : {WayOut{"q", 0, false}, WayOut{"Ctrl-C", -1, false},
                            WayOut{"SIGTERM", SIGTERM, false}, WayOut{"SIGHUP", SIGHUP, false},
                            WayOut{"a crash", SIGSEGV, true}, WayOut{"an abort", SIGABRT, true}}) {
    ApiStub stub(live_daemon());
    OnTerminal top(stub);
    const tcflag_t before = ICANON | ECHO;
    ASSERT_TRUE(top.shows("quit")) << way.description;
    EXPECT_EQ(top.local_modes(), 0u) << "keys come one by one, unseen";
    if (way.signal == 0) top.type('q');
    if (way.signal < 0) top.type(kCtrlC);
    if (way.signal > 0) top.send(way.signal);
    EXPECT_TRUE(top.shows(kLeave)) << way.description;
    EXPECT_TRUE(top.seen().find("\x1b[?25h") != std::string::npos) << "the cursor is back";
    const int status = top.wait();
    EXPECT_EQ(WIFSIGNALED(status), way.killed) << way.description;
    if (!way.killed) {
      EXPECT_EQ(WEXITSTATUS(status), 0) << way.description;
    }
    EXPECT_EQ(top.local_modes(), before) << way.description;
  }
}

TEST(Top, GoesOnWhenTheDaemonComesBack) {
  std::atomic<int> asked = 0;
  const auto daemon = live_daemon();
  ApiStub stub([&](const std::string& line, const std::string& body) {
    // The first picture takes five answers; then the daemon says no for one round.
    return ++asked == 6 ? problem_answer(503, "the data plane is not there") : daemon(line, body);
  });
  OnTerminal top(stub);
  ASSERT_TRUE(top.shows("Set-up"));
  EXPECT_TRUE(top.shows("the data plane is not there"));
  EXPECT_TRUE(top.shows("20:40:02 UTC"));
}

/// What a command prints; nothing when it fails.
std::optional<std::string> said_by(const std::string& command) {
  FILE* pipe = ::popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  std::array<char, 4096> bytes;
  while (const size_t got = std::fread(bytes.data(), 1, bytes.size(), pipe)) text.append(bytes.data(), got);
  return ::pclose(pipe) == 0 ? std::optional(text) : std::nullopt;
}

TEST(Top, WorksInsideTmuxAndLeavesTheScreenAsItWas) {
  if (!said_by("tmux -V")) GTEST_SKIP() << "tmux is not installed";
  ApiStub stub(live_daemon());
  // A server of its own, whose socket lies in the test's folder.
  const std::string tmux =
      "env -u TMUX LC_ALL=C.UTF-8 tmux -f /dev/null -S " + (workspace() / "tmux.sock").string() + " ";
  const std::string program = std::getenv("WIREWATCH_PROGRAM");
  const auto screen_shows = [&](const char* text) {
    constexpr int kTries = 2000;  // some milliseconds each
    for (int i = 0; i < kTries; ++i) {
      if (said_by(tmux + "capture-pane -p").value_or("").find(text) != std::string::npos) return true;
    }
    return false;
  };
  ASSERT_TRUE(said_by(tmux + "new-session -d -x 100 -y 30 \"echo before; WIREWATCH_API=" +
                      stub.socket().string() + " " + program + " top; echo after $?; cat\""));
  EXPECT_TRUE(screen_shows("sorted by what is busy now"));
  EXPECT_EQ(said_by(tmux + "capture-pane -p").value_or("").find("before"), std::string::npos);
  said_by(tmux + "send-keys b");
  EXPECT_TRUE(screen_shows("sorted by bytes"));
  said_by(tmux + "resize-window -x 70 -y 15");
  EXPECT_TRUE(screen_shows("quit"));
  said_by(tmux + "send-keys q");
  EXPECT_TRUE(screen_shows("after 0"));
  const std::string screen = said_by(tmux + "capture-pane -p").value_or("");
  EXPECT_EQ(screen.substr(0, screen.find("after")), "before\n");
  said_by(tmux + "kill-server");
}

TEST(Top, PrintsOneLookIntoAPipe) {
  ApiStub stub(live_daemon());
  const Outcome outcome =
      run({.arguments = {"top"}, .environment = {{"WIREWATCH_API", stub.socket().string()}}});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out,
            "  wirewatch  data plane running  on eth1  20:40:02 UTC\n"
            "  Traffic     1,000 packets/s, 8.00 Mbit/s; in all 2,000, 1.91 MiB\n"
            "  Lost        7 packets\n"
            "  Set-up      12 connections in the last minute, p50 5.36 ms, p99 50.9 ms, 1\n"
            "              failed\n"
            "\n"
            "  Protocols\n"
            "  Application  Category        packets/s        bit/s  Packets     Bytes\n"
            "  tls          web                   900  7.20 Mbit/s    1,800  1.72 MiB\n"
            "  dns          infrastructure        100   800 kbit/s      200   195 KiB\n"
            "\n"
            "  Destinations\n"
            "  Address     Port     packets/s        bit/s  Packets     Bytes\n"
            "  10.20.0.30  tcp/443        900  7.20 Mbit/s    1,800  1.72 MiB  ██████████████\n"
            "  10.20.0.40  udp/53         100   800 kbit/s      200   195 KiB  █▌\n"
            "\n"
            "  Alerts  1 unwanted flow\n"
            "  20:40:00  bittorrent  10.20.0.60:55671 → 203.0.113.7:6881  428 KiB\n");
}

TopAnswers answers_of(int second) {
  return {Json::parse(status_answer(second)), Json::parse(protocols_answer(second)),
          Json::parse(destinations_answer(second)), Json::parse(handshakes_answer()),
          Json::parse(alerts_answer())};
}

TEST(TopModel, TakesRatesOverTheLastFiveSecondsAndNoLonger) {
  TopModel model;
  for (int second = 1; second <= 9; ++second) model.observe(answers_of(second));
  model.observe(answers_of(20));  // 11 s in which 900 packets a second were counted
  const auto rows = model.applications(TopSort::Rate);
  EXPECT_EQ(rows[0].name, "tls");
  EXPECT_DOUBLE_EQ(rows[0].packets_per_second, 900);
}

TEST(TopModel, BeginsAnewWhenTheClockOrTheCountersGoBack) {
  TopModel model;
  model.observe(answers_of(50));
  model.observe(answers_of(10));
  EXPECT_EQ(model.applications(TopSort::Rate)[0].packets_per_second, 0);
}

TEST(TopPage, NeverHasMoreLinesThanTheScreen) {
  TopModel model;
  model.observe(answers_of(1));
  for (size_t rows = 1; rows < 40; ++rows) {
    const std::string page =
        top_page(model, {.page = {.width = 60}, .rows = rows, .trouble = "a long sentence that says why"});
    EXPECT_LE(static_cast<size_t>(std::count(page.begin(), page.end(), '\n')), std::max<size_t>(rows, 2))
        << rows;
  }
}

}  // namespace
}  // namespace wirewatch::testing
