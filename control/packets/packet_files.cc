// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/packet_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace wirewatch {
namespace {

std::string reopened(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

bool can_be_read_again(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
}

/// Everything that is left of standard input, in a file without a name.
Result<FileDescriptor> spool_standard_input() {
  const char* const set = std::getenv("TMPDIR");
  std::string path = std::string(set != nullptr && *set != '\0' ? set : "/tmp") + "/wirewatch-XXXXXX";
  FileDescriptor file(mkostemp(path.data(), O_CLOEXEC));
  const auto fault = [&](const char* what) {
    return fail("standard input has to be read twice for this, and " + std::string(what) + " " + path + ": " +
                std::strerror(errno) + "; $TMPDIR may name a place with more room");
  };
  if (file.get() < 0) return fault("no temporary file can be made as");
  ::unlink(path.c_str());
  std::vector<char> buffer(size_t{1} << 20);
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got == 0) return file;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(std::string("standard input cannot be read: ") + std::strerror(errno));
    for (ssize_t put = 0; put < got;) {
      const ssize_t more = ::write(file.get(), buffer.data() + put, static_cast<size_t>(got - put));
      if (more < 0 && errno == EINTR) continue;
      if (more < 0) return fault("cannot be kept in");
      put += more;
    }
  }
}

}  // namespace

Result<PacketFiles> PacketFiles::open(std::vector<std::string> paths, bool twice) {
  if (paths.empty()) return fail("no capture file was named");
  PacketFiles files;
  for (std::string& path : paths) {
    Path each{path == "-" ? "stdin" : path, path};
    if (path == "-" && twice) {
      if (!can_be_read_again(STDIN_FILENO)) {
        auto spooled = spool_standard_input();
        if (!spooled) return tl::unexpected(spooled.error());
        files.spooled_ = std::move(*spooled);
      }
      each.opened = reopened(files.spooled_.get() >= 0 ? files.spooled_.get() : STDIN_FILENO);
    }
    files.paths_.push_back(std::move(each));
  }
  auto rewound = files.rewind();
  if (!rewound) return tl::unexpected(rewound.error());
  return files;
}

std::vector<std::string> PacketFiles::reopenable() const {
  std::vector<std::string> paths;
  for (const Path& path : paths_) paths.push_back(path.opened);
  return paths;
}

Result<void> PacketFiles::rewind() {
  faults_.clear();
  packets_before_ = packets_read_ = 0;
  next_path_ = 1;
  auto reader = CaptureReader::open(paths_.front().opened);
  if (!reader) {
    std::string message = reader.error().message;
    const Path& path = paths_.front();
    if (path.opened != path.shown && message.starts_with(path.opened)) message.replace(0, path.opened.size(), path.shown);
    return fail(std::move(message));
  }
  reader_ = std::move(*reader);
  secrets_taken_ = 0;
  resolution_ns_ = reader_->summary().timestamp_resolution_ns;
  return {};
}

void PacketFiles::close_current() {
  const CaptureSummary& summary = reader_->summary();
  packets_before_ += summary.packets;
  const std::string& path = paths_[next_path_ - 1].shown;
  if (!summary.damage.empty()) {
    faults_.push_back(path + ": " + summary.damage);
  } else if (summary.truncated) {
    faults_.push_back(path + ": the file breaks off before its end");
  }
  reader_.reset();
}

bool PacketFiles::open_next() {
  while (next_path_ < paths_.size()) {
    auto reader = CaptureReader::open(paths_[next_path_++].opened);
    if (reader) {
      reader_ = std::move(*reader);
      secrets_taken_ = 0;
      return true;
    }
    faults_.push_back(reader.error().message);
  }
  return false;
}

std::string_view PacketFiles::take_secrets() noexcept {
  if (!reader_) return {};
  const std::string_view all = reader_->summary().key_log;
  return all.substr(std::exchange(secrets_taken_, all.size()));
}

size_t PacketFiles::read(PacketBatch& batch, size_t limit) {
  while (reader_) {
    const size_t count = reader_->read(batch, limit);
    if (count > 0) {
      if (packets_before_ > 0) {
        for (Packet& packet : batch.packets) packet.number += packets_before_;
      }
      packets_read_ += count;
      resolution_ns_ = reader_->summary().timestamp_resolution_ns;
      return count;
    }
    close_current();
    open_next();
  }
  return 0;
}

}  // namespace wirewatch
