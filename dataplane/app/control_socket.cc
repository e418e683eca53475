// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/control_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace wirewatch {
namespace {

constexpr size_t kMostClients = 32;
constexpr size_t kMostFiles = 8;  // of one message; more are refused by the kernel's flag, and all are closed

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return fail("'" + path + "' is no path that a Unix socket can have");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

FileDescriptor new_socket() { return FileDescriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

/// Takes a socket away that a data plane left behind when it was killed.
Result<void> make_way(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) return fail("'" + path + "' is there already and is no socket");
  const FileDescriptor probe = new_socket();
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN) {
    return fail("another data plane answers at '" + path + "'; stop it, or give this one another --control-socket");
  }
  if (errno != ECONNREFUSED) return fail("'" + path + "' is somebody else's socket: " + std::strerror(errno));
  ::unlink(path.c_str());
  return {};
}

/// The files that came with a message.
std::vector<FileDescriptor> files_of(msghdr& message) {
  std::vector<FileDescriptor> files;
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(control) + i * sizeof fd, sizeof fd);
      files.emplace_back(fd);
    }
  }
  return files;
}

bool send_answer(int client, const ControlAnswer& answer) {
  iovec part{const_cast<char*>(answer.text.data()), answer.text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (answer.file >= 0) {
    message.msg_control = space.data();
    message.msg_controllen = space.size();
    cmsghdr* control = CMSG_FIRSTHDR(&message);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof answer.file);
    std::memcpy(CMSG_DATA(control), &answer.file, sizeof answer.file);
  }
  return ::sendmsg(client, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == static_cast<ssize_t>(answer.text.size());
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::listen(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return tl::unexpected(address.error());
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (!folder.empty() && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail("cannot make the folder '" + folder.string() + "' for the control socket: " + std::strerror(errno) +
                "; give another --control-socket");
  }
  if (const auto free = make_way(path, *address); !free) return tl::unexpected(free.error());
  FileDescriptor socket = new_socket();
  const mode_t before = ::umask(0177);  // 0600 from the first moment
  const int bound = ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  const int error = errno;
  ::umask(before);
  if (bound != 0) return fail("cannot make the control socket '" + path + "': " + std::strerror(error));
  if (::listen(socket.get(), kMostClients) != 0) return fail("cannot listen at '" + path + "': " + std::strerror(errno));
  return std::unique_ptr<ControlSocket>(new ControlSocket(path, std::move(socket)));
}

ControlSocket::~ControlSocket() { ::unlink(path_.c_str()); }

void ControlSocket::serve(std::chrono::milliseconds time, int wake, const ControlHandler& handle) {
  const auto until = std::chrono::steady_clock::now() + time;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    std::vector<pollfd> watched{{socket_.get(), POLLIN, 0}, {wake, POLLIN, 0}};
    for (const FileDescriptor& client : clients_) watched.push_back({client.get(), POLLIN, 0});
    if (::poll(watched.data(), watched.size(), static_cast<int>(std::max<int64_t>(0, left.count()))) <= 0) return;
    for (size_t i = watched.size(); i-- > 2;) {
      if (watched[i].revents != 0 && !answer_one(watched[i].fd, handle)) clients_.erase(clients_.begin() + static_cast<long>(i - 2));
    }
    if ((watched[0].revents & POLLIN) != 0) accept_one();
    if (watched[1].revents != 0 || std::chrono::steady_clock::now() >= until) return;
  }
}

void ControlSocket::accept_one() {
  FileDescriptor client(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!client || clients_.size() >= kMostClients) return;
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  if (peer.uid != 0 && peer.uid != ::geteuid()) return;
  clients_.push_back(std::move(client));
}

bool ControlSocket::answer_one(int client, const ControlHandler& handle) {
  std::string text(kLargestMessage, '\0');
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostFiles * sizeof(int))> space{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = space.data();
  message.msg_controllen = space.size();
  const ssize_t received = ::recvmsg(client, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received < 0) return errno == EAGAIN || errno == EINTR;
  if (received == 0) return false;
  std::vector<FileDescriptor> files = files_of(message);
  text.resize(static_cast<size_t>(received));
  if ((message.msg_flags & MSG_TRUNC) != 0) return send_answer(client, {R"({"ok":false,"error":"a request has at most 65536 bytes"})"});
  if ((message.msg_flags & MSG_CTRUNC) != 0 || files.size() > 1) {
    return send_answer(client, {R"({"ok":false,"error":"a request brings at most one file"})"});
  }
  ControlRequest request{std::move(text), files.empty() ? FileDescriptor{} : std::move(files.front())};
  return send_answer(client, handle(request));
}

}  // namespace wirewatch
