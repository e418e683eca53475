// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/block_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace wirewatch {

BlockFile::BlockFile(std::string path, FileDescriptor file, BlockAt block_at)
    : path_(std::move(path)),
      file_(std::move(file)),
      block_at_(block_at),
      buffer_(std::make_unique_for_overwrite<uint8_t[]>(kCapacity)) {}

BlockFile::~BlockFile() {
  if (file_.get() >= 0) flush();
}

Result<BlockFile> BlockFile::create(const std::string& path, BlockAt block_at) {
  const bool is_stdout = path == "-";
  FileDescriptor file(is_stdout ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const std::string name = is_stdout ? "standard output" : path;
  if (file.get() < 0) return fail(fmt::format("{}: cannot be written: {}", name, std::strerror(errno)));
  BlockFile made(name, std::move(file), block_at);
  struct stat status {};
  made.regular_ = !is_stdout && fstat(made.file_.get(), &status) == 0 && S_ISREG(status.st_mode);
  return made;
}

bool BlockFile::flush() noexcept {
  size_t reached = 0;
  while (reached < used_ && !failed()) {
    const ssize_t put = ::write(file_.get(), buffer_.get() + reached, used_ - reached);
    if (put >= 0) {
      reached += static_cast<size_t>(put);
    } else if (errno == EAGAIN) {  // somebody else made our standard output non-blocking
      pollfd writable{file_.get(), POLLOUT, 0};
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      error_ = errno;
      cut_to_whole_blocks(reached);
    }
  }
  if (!failed()) written_ += used_;
  used_ = 0;
  return !failed();
}

/// Of the buffer's blocks, `reached` bytes came through: the last one may have been cut.
void BlockFile::cut_to_whole_blocks(size_t reached) noexcept {
  size_t whole = 0;
  for (size_t at = 0; at < used_;) {
    const Block block = block_at_(buffer_.get() + at);
    at += block.length;
    if (at <= reached) {
      whole = at;
    } else if (block.is_packet) {
      ++packets_lost_;
    }
  }
  written_ += whole;
  // Should this fail as well, the file ends in a cut block, which readers report and survive.
  if (regular_ && ftruncate(file_.get(), static_cast<off_t>(written_)) != 0) return;
}

Result<void> BlockFile::close() {
  flush();
  const int fd = file_.release();
  // Some file systems tell of a full disk only now; EINTR leaves the descriptor closed on Linux.
  if (fd >= 0 && ::close(fd) != 0 && errno != EINTR && !failed()) error_ = errno;
  if (failed()) return fail(fault());
  return {};
}

std::string BlockFile::fault() const {
  if (!failed()) return {};
  return fmt::format("{}: writing stopped after {} bytes, at the end of a whole block: {}", path_, written_,
                     std::strerror(error_));
}

}  // namespace wirewatch
