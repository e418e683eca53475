// SPDX-License-Identifier: BSD-3-Clause
#include "tests/client/api_stub.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace wirewatch::testing {
namespace {

constexpr int kLook = 20;  // ms between looks at whether the test is over

/// Does something arrive on `fd` before the test ends?
bool readable(int fd, const std::atomic<bool>& stop) {
  while (!stop) {
    pollfd source{fd, POLLIN, 0};
    if (::poll(&source, 1, kLook) > 0) return true;
  }
  return false;
}

size_t content_length(const std::string& head) {
  constexpr std::string_view kName = "Content-Length: ";
  const size_t at = head.find(kName);
  size_t length = 0;
  if (at != std::string::npos)
    std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
  return length;
}

}  // namespace

ApiStub::ApiStub(Answer answer) : answer_(std::move(answer)) {
  std::string pattern = (std::filesystem::temp_directory_path() / "wirewatch-api-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
  folder_ = pattern;
  socket_ = folder_ / "api.sock";
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 8) != 0)
    throw std::runtime_error("bind");
  thread_ = std::thread([this] { serve(); });
}

ApiStub::~ApiStub() {
  stop_ = true;
  thread_.join();
  ::close(listener_);
  std::filesystem::remove_all(folder_);
}

std::vector<std::string> ApiStub::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void ApiStub::serve() {
  while (readable(listener_, stop_)) {
    const int peer = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) continue;
    ++connections_;
    talk(peer);
    ::close(peer);
  }
}

void ApiStub::talk(int peer) {
  std::string text;
  while (readable(peer, stop_)) {
    std::array<char, 4096> bytes;
    const ssize_t got = ::read(peer, bytes.data(), bytes.size());
    if (got <= 0) return;
    text.append(bytes.data(), static_cast<size_t>(got));
    const size_t head = text.find("\r\n\r\n");
    if (head == std::string::npos) continue;
    const size_t length = content_length(text.substr(0, head));
    if (text.size() < head + 4 + length) continue;
    const std::string line = text.substr(0, text.find("\r\n"));
    const std::string body = text.substr(head + 4, length);
    text.clear();
    {
      const std::lock_guard lock(mutex_);
      asked_.push_back(line);
    }
    const std::string answer = answer_(line, body);
    if (answer.empty()) return;
    if (::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) return;
    if (answer.find("Connection: close") != std::string::npos) return;
  }
}

std::string http_answer(unsigned status, const std::string& type, const std::string& body, bool keep_open) {
  return "HTTP/1.1 " + std::to_string(status) + " Some Reason\r\nContent-Type: " + type +
         "\r\nContent-Length: " + std::to_string(body.size()) + (keep_open ? "" : "\r\nConnection: close") +
         "\r\n\r\n" + body;
}

std::string json_answer(const std::string& body) { return http_answer(200, "application/json", body); }

std::string problem_answer(unsigned status, const std::string& detail) {
  return http_answer(status, "application/problem+json",
                     R"({"type": "about:blank", "title": "No", "detail": ")" + detail + "\"}");
}

}  // namespace wirewatch::testing
