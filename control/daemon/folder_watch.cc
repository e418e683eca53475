// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/folder_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace wirewatch {
namespace {

constexpr uint32_t kChanges = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;

}  // namespace

FolderWatch::FolderWatch(boost::asio::io_context& io, std::function<void()> changed)
    : inotify_(io), quiet_(io), changed_(std::move(changed)) {}

Result<void> FolderWatch::watch(std::span<const std::filesystem::path> folders) {
  const int fd = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
  if (fd < 0) return fail(std::string("cannot watch folders: ") + std::strerror(errno));
  inotify_.assign(fd);
  for (const auto& folder : folders) {
    if (folder.empty()) continue;
    if (::inotify_add_watch(fd, folder.c_str(), kChanges) < 0) {
      return fail("cannot watch the folder '" + folder.string() + "': " + std::strerror(errno));
    }
  }
  wait();
  return {};
}

void FolderWatch::stop() {
  boost::system::error_code ignored;
  inotify_.close(ignored);
  quiet_.cancel();
}

void FolderWatch::wait() {
  inotify_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code stopped) {
    if (!stopped) take();
  });
}

void FolderWatch::take() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  bool is_rule = false;
  for (;;) {
    const ssize_t length = ::read(inotify_.native_handle(), buffer.data(), buffer.size());
    if (length <= 0) break;
    for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(inotify_event)) <= length;) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof(event));
      const std::string_view name(event.len > 0 ? buffer.data() + at + sizeof(event) : "");
      is_rule = is_rule || name.ends_with(".toml") || (event.mask & IN_Q_OVERFLOW) != 0;
      at += static_cast<ssize_t>(sizeof(event) + event.len);
    }
  }
  wait();
  if (!is_rule) return;
  quiet_.expires_after(kQuiet);
  quiet_.async_wait([this](boost::system::error_code stopped) {
    if (!stopped) changed_();
  });
}

}  // namespace wirewatch
