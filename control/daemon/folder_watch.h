// SPDX-License-Identifier: BSD-3-Clause
// Tells when a *.toml file in a folder was written, moved or removed; once, after a moment of quiet, since editors and
// package managers write several files and some of them twice.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <span>

#include "dataplane/base/result.h"

namespace wirewatch {

class FolderWatch {
 public:
  static constexpr std::chrono::milliseconds kQuiet{200};

  FolderWatch(boost::asio::io_context& io, std::function<void()> changed);
  Result<void> watch(std::span<const std::filesystem::path> folders);
  void stop();

 private:
  void wait();
  void take();

  boost::asio::posix::stream_descriptor inotify_;
  boost::asio::steady_timer quiet_;
  std::function<void()> changed_;
};

}  // namespace wirewatch
