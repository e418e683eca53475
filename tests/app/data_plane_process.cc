// SPDX-License-Identifier: BSD-3-Clause
#include "tests/app/data_plane_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "control/rules/rule_cache.h"

namespace wirewatch::testing {
namespace {

namespace fs = std::filesystem;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string("$") + name + " is not set; 'meson test' sets it");
  return value;
}

}  // namespace

ControlClient::ControlClient(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) throw std::runtime_error("connect");
}

Answered ControlClient::ask(const nlohmann::json& request, int fd) {
  return send(request.dump(), fd >= 0 ? std::vector<int>{fd} : std::vector<int>{});
}

Answered ControlClient::send(const std::string& text, std::vector<int> fds) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  std::vector<char> space(CMSG_SPACE(sizeof(int) * std::max<size_t>(1, fds.size())));
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = space.data();
    message.msg_controllen = space.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
    std::memcpy(CMSG_DATA(control), fds.data(), sizeof(int) * fds.size());
  }
  if (::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) < 0) return {};
  std::string answer(65'536, '\0');
  iovec into{answer.data(), answer.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> beside{};
  msghdr received{};
  received.msg_iov = &into;
  received.msg_iovlen = 1;
  received.msg_control = beside.data();
  received.msg_controllen = beside.size();
  const ssize_t size = ::recvmsg(socket_.get(), &received, MSG_CMSG_CLOEXEC);
  if (size <= 0) return {};
  answer.resize(static_cast<size_t>(size));
  Answered result{nlohmann::json::parse(answer), {}};
  if (const cmsghdr* control = CMSG_FIRSTHDR(&received); control != nullptr && control->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
    result.file = FileDescriptor(fd);
  }
  return result;
}

DataPlaneProcess::DataPlaneProcess(const std::string& config, const std::string& socket) {
  std::string pattern = (fs::temp_directory_path() / "wirewatch-app-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  folder_ = pattern;
  socket_ = socket.empty() ? (folder_ / "run" / "dataplane.sock").string() : socket;
  std::ofstream(folder_ / "config.toml") << config;
  std::vector<std::string> arguments{from_environment("WIREWATCH_DATAPLANE"), "--config", (folder_ / "config.toml").string(),
                                     "--control-socket", socket_};
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  errors_ = FileDescriptor(ends[0]);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  {
    const FileDescriptor theirs(ends[1]);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(theirs.get(), STDERR_FILENO);
      ::execv(argv[0], argv.data());
      std::_Exit(127);
    }
  }
  read_words(true);
  if (running_) client_ = std::make_unique<ControlClient>(socket_);
}

DataPlaneProcess::~DataPlaneProcess() {
  if (pid_ > 0) signal(SIGKILL);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

/// To the end, or to the sentence that it runs.
void DataPlaneProcess::read_words(bool until_running) {
  std::array<char, 4096> bytes;
  while (!running_ || !until_running) {
    const ssize_t got = ::read(errors_.get(), bytes.data(), bytes.size());
    if (got <= 0) return;
    words_.append(bytes.data(), static_cast<size_t>(got));
    running_ = running_ || words_.find(": running,") != std::string::npos;
  }
}

void DataPlaneProcess::pause() { ::poll(nullptr, 0, 20); }

SharedState DataPlaneProcess::shared() {
  const Answered hello = client().ask({{"command", "hello"}, {"version", 1}});
  auto state = SharedState::map(hello.file.get());
  if (!state) throw std::runtime_error(state.error().message);
  return std::move(*state);
}

int DataPlaneProcess::wait_for_end() {
  read_words(false);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int DataPlaneProcess::shut_down() {
  client().ask({{"command", "shutdown"}});
  return wait_for_end();
}

int DataPlaneProcess::signal(int number) {
  ::kill(pid_, number);
  return wait_for_end();
}

const fs::path& compiled_rules() {
  static const fs::path file = [] {
    const auto sources = RuleSources::read(from_environment("WIREWATCH_RULES"));
    if (!sources) throw std::runtime_error(sources.error().message);
    if (const auto rules = load_or_compile(*sources, default_rule_cache()); !rules) throw std::runtime_error(rules.error().message);
    return rule_cache_file(*sources, default_rule_cache());
  }();
  return file;
}

FileDescriptor memory_file(const std::string& bytes, bool sealed) {
  FileDescriptor file(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (::write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) throw std::runtime_error("write");
  if (sealed) ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  return file;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

fs::path bundled_capture() { return fs::path(from_environment("WIREWATCH_CAPTURES")) / "scenario.cap"; }

}  // namespace wirewatch::testing
