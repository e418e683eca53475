// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/dataplane_link.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>
#include <cstring>

namespace wirewatch {
namespace {

using ErrorCode = boost::system::error_code;
constexpr int kVersion = 1;

Result<void> check_peer(int socket) {
  ucred peer{};
  socklen_t length = sizeof(peer);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return fail("its owner is not known");
  if (peer.uid == 0 || peer.uid == ::geteuid()) return {};
  return fail("it belongs to user " + std::to_string(peer.uid) + ", neither us nor root");
}

/// The first descriptor of a message; all others are closed.
FileDescriptor take_descriptor(msghdr& message) {
  FileDescriptor first;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      FileDescriptor each(fd);
      if (!first) first = std::move(each);
    }
  }
  return first;
}

/// Sends one datagram; false when it has to wait.
Result<bool> send(int socket, const std::string& text, int passed) {
  iovec part{const_cast<char*>(text.data()), text.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (passed >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &passed, sizeof(int));
  }
  if (::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0) return true;
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return false;
  return fail(std::strerror(errno));
}

}  // namespace

DataplaneLink::DataplaneLink(boost::asio::io_context& io, std::string path, Handlers handlers)
    : io_(io), path_(std::move(path)), handlers_(std::move(handlers)), socket_(io), again_(io), patience_(io) {}

DataplaneLink::~DataplaneLink() {
  *alive_ = false;
  stop();
}

void DataplaneLink::start() { attempt(); }

void DataplaneLink::stop() {
  stopped_ = true;
  close();
  again_.cancel();
}

void DataplaneLink::close() {
  ErrorCode ignored;
  socket_.close(ignored);
  patience_.cancel();
  outgoing_.clear();
  waiting_.clear();
  ready_ = writing_ = false;
}

void DataplaneLink::attempt() {
  if (const auto done = connect(); !done) return retry(done.error().message);
  wait_to_read();
  say_hello();
}

Result<void> DataplaneLink::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof(address.sun_path)) return fail("the path '" + path_ + "' is too long for a socket");
  std::memcpy(address.sun_path, path_.data(), path_.size());
  FileDescriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const bool connected =
      socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  if (!connected) return fail("nobody answers on '" + path_ + "': " + std::strerror(errno));
  if (const auto peer = check_peer(socket.get()); !peer) {
    return fail("will not use the socket '" + path_ + "': " + peer.error().message);
  }
  const int ours = ::fcntl(socket.get(), F_DUPFD_CLOEXEC, 0);
  ErrorCode error;
  if (ours >= 0) socket_.assign(ours, error);
  if (ours < 0 || error) return fail("there are too many open files");
  return {};
}

void DataplaneLink::say_hello() {
  request({{"command", "hello"}, {"version", kVersion}}, {}, [this](Result<Json> answer) {
    if (!answer) return lose("the data plane does not take us: " + answer.error().message);
    auto region = received_ ? SharedState::map(received_.get()) : Result<SharedState>(fail("it sent no memory"));
    if (!region) return lose("cannot read the data plane's memory: " + region.error().message);
    Hello hello;
    hello.region = std::make_shared<SharedState>(std::move(*region));
    hello.pid = hello.region->pid();
    hello.generation = hello.region->generation();
    if (const auto rules = answer->find("rules_sha256"); rules != answer->end() && rules->is_string()) {
      hello.rules_sha256 = rules->get<std::string>();
    }
    ready_ = true;
    handlers_.connected(std::move(hello));
  });
}

void DataplaneLink::retry(const std::string& reason) {
  if (stopped_) return;
  again_.expires_after(kBetweenAttempts);
  again_.async_wait([this](ErrorCode stopped) {
    if (!stopped) attempt();
  });
  handlers_.unreachable(reason);
}

void DataplaneLink::lose(const std::string& reason) {
  if (!socket_.is_open()) return;
  const bool was_ready = ready_;
  std::deque<Answered> left = std::move(waiting_);
  close();
  for (Answered& each : left) {
    if (was_ready) each(fail(reason));
  }
  if (was_ready) handlers_.lost(reason);
  retry(reason);
}

void DataplaneLink::request(Json command, FileDescriptor passed, Answered answered) {
  if (!socket_.is_open()) return answered(fail("the data plane is not there"));
  std::string text = command.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kLargestMessage) return answered(fail("the command is larger than 64 KiB"));
  outgoing_.push_back({std::move(text), std::move(passed)});
  waiting_.push_back(std::move(answered));
  if (waiting_.size() == 1) watch_the_time();
  flush();
}

void DataplaneLink::watch_the_time() {
  patience_.expires_after(kPatience);
  patience_.async_wait([this, so_far = answers_](ErrorCode stopped) {
    if (stopped || waiting_.empty()) return;
    if (answers_ != so_far) return watch_the_time();
    lose("the data plane did not answer for " + std::to_string(kPatience.count() / 1000) + " s");
  });
}

void DataplaneLink::flush() {
  while (!writing_ && !outgoing_.empty()) {
    const auto sent = send(socket_.native_handle(), outgoing_.front().text, outgoing_.front().passed.get());
    if (!sent) {
      // Not from here: whoever asks is still in the middle of asking.
      boost::asio::post(io_, [this, alive = alive_, why = sent.error().message] {
        if (*alive) lose("the data plane is gone: " + why);
      });
      outgoing_.clear();
      return;
    }
    if (!*sent) {
      writing_ = true;
      socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write, [this](ErrorCode stopped) {
        if (stopped) return;
        writing_ = false;
        flush();
      });
      return;
    }
    outgoing_.pop_front();
  }
}

void DataplaneLink::wait_to_read() {
  socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](ErrorCode stopped) {
    if (!stopped) receive();
  });
}

void DataplaneLink::receive() {
  std::string text(kLargestMessage, '\0');
  iovec part{text.data(), text.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(4 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t length = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return wait_to_read();
  if (length <= 0) return lose(length == 0 ? "the data plane closed its socket" : std::strerror(errno));
  FileDescriptor passed = take_descriptor(message);
  if ((message.msg_flags & MSG_TRUNC) != 0) return lose("the data plane sent more than 64 KiB");
  text.resize(static_cast<size_t>(length));
  take(text, std::move(passed));
  if (socket_.is_open()) wait_to_read();
}

void DataplaneLink::take(const std::string& message, FileDescriptor passed) {
  Json answer = Json::parse(message, nullptr, false);
  if (!answer.is_object()) return lose("the data plane answered something that is no JSON object");
  if (waiting_.empty()) return;  // nobody asked
  Answered answered = std::move(waiting_.front());
  waiting_.pop_front();
  ++answers_;
  received_ = std::move(passed);
  taken_ = std::move(answer);
  const auto ok = taken_.find("ok");
  if (ok != taken_.end() && ok->is_boolean() && ok->get<bool>()) {
    answered(taken_);
  } else {
    const auto error = taken_.find("error");
    const bool said = error != taken_.end() && error->is_string();
    answered(fail(said ? error->get<std::string>() : "the data plane refused without a reason"));
  }
  received_ = {};
  taken_ = nullptr;
}

}  // namespace wirewatch
