// SPDX-License-Identifier: BSD-3-Clause
#include "tests/netns/tcp_ends.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace wirewatch::testing {
namespace {

constexpr const char* kClientAddress = "10.9.0.1";
constexpr const char* kServerAddress = "10.9.0.2";
constexpr uint16_t kPort = 5001;

std::unique_ptr<NetworkNamespace> make_namespace() {
  auto made = NetworkNamespace::make();
  if (!made) throw std::runtime_error(made.error().message);
  return std::make_unique<NetworkNamespace>(std::move(*made));
}

void move_in(const std::string& interface, const NetworkNamespace& where, const std::string& address) {
  const std::string path = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(where.fd());
  run({"ip", "link", "set", interface, "netns", path});
  const NetworkNamespace::Visit visit(where);
  run({"sysctl", "-q", "-w", "net.ipv6.conf." + interface + ".disable_ipv6=1"});
  run({"ip", "addr", "add", address + "/24", "dev", interface});
  run({"ip", "link", "set", interface, "arp", "on", "up"});
}

sockaddr_in server_address() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  inet_pton(AF_INET, kServerAddress, &address.sin_addr);
  return address;
}

void check(bool well, const char* what) {
  if (!well) throw std::system_error(errno, std::generic_category(), what);
}

/// What byte number `at` of the stream is.
constexpr uint8_t expected_byte(uint64_t at) { return static_cast<uint8_t>(at * 31 + (at >> 8)); }

}  // namespace

TcpEnds::TcpEnds(const VethOptions& options) : client_(make_namespace()), server_(make_namespace()) {
  make_veth_pair("left", "left_inner", options);
  make_veth_pair("right", "right_inner", options);
  move_in("left", *client_, kClientAddress);
  move_in("right", *server_, kServerAddress);
}

FileDescriptor TcpEnds::listen_for_one(const timeval& patience) const {
  const NetworkNamespace::Visit visit(*server_);
  FileDescriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = server_address();
  const int again = 1;
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &again, sizeof again);
  setsockopt(listener.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  check(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
  check(listen(listener.get(), 1) == 0, "listen");
  return listener;
}

std::string TcpEnds::say(const std::string& request) const {
  constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};
  const FileDescriptor listener = listen_for_one(kPatience);
  const NetworkNamespace::Visit visit(*client_);
  const FileDescriptor connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  const sockaddr_in address = server_address();
  if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  const FileDescriptor accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  setsockopt(accepted.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  check(::send(connection.get(), request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()), "send");
  std::string got;
  std::array<char, 4096> piece;
  while (got.size() < request.size()) {
    const ssize_t some = recv(accepted.get(), piece.data(), piece.size(), 0);
    if (some <= 0) break;
    got.append(piece.data(), static_cast<size_t>(some));
  }
  return got;
}

uint64_t TcpEnds::transfer(uint64_t bytes) const {
  constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};  // a broken path fails the test instead of hanging it
  const FileDescriptor listener = listen_for_one(kPatience);
  uint64_t received = 0;
  std::thread server([&] {
    const FileDescriptor connection(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    setsockopt(connection.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    std::array<uint8_t, 65536> piece;
    for (ssize_t got; (got = recv(connection.get(), piece.data(), piece.size(), 0)) > 0;) {
      for (ssize_t i = 0; i < got; ++i) {
        if (piece[static_cast<size_t>(i)] != expected_byte(received)) return;
        ++received;
      }
    }
  });
  std::thread client([&] {
    const NetworkNamespace::Visit visit(*client_);
    const FileDescriptor connection(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    setsockopt(connection.get(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    const sockaddr_in address = server_address();
    if (connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    std::array<uint8_t, 65536> piece;
    for (uint64_t sent = 0; sent < bytes;) {
      const size_t count = static_cast<size_t>(std::min<uint64_t>(piece.size(), bytes - sent));
      for (size_t i = 0; i < count; ++i) piece[i] = expected_byte(sent + i);
      for (size_t done = 0; done < count;) {
        const ssize_t taken = ::send(connection.get(), piece.data() + done, count - done, MSG_NOSIGNAL);
        if (taken <= 0) return;
        done += static_cast<size_t>(taken);
      }
      sent += count;
    }
  });
  client.join();
  server.join();
  return received;
}

}  // namespace wirewatch::testing
