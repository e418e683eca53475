// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/capture_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "dataplane/capture/byte_source.h"
#include "dataplane/capture/file_mapping.h"
#include "dataplane/capture/netmon_walker.h"
#include "dataplane/capture/packet_feed.h"

namespace wirewatch {
namespace {

Result<std::unique_ptr<PacketFeed>> make_feed(FileDescriptor file, const struct stat& status, const std::string& name,
                                              CaptureSummary& summary) {
  if (S_ISREG(status.st_mode)) {
    summary.file_size = static_cast<uint64_t>(status.st_size);
    uint8_t magic[4]{};
    const ssize_t got = pread(file.get(), magic, sizeof magic, 0);
    // Not when somebody has read from it before, as in "(read -r line; wirewatch inspect -) < file".
    const bool untouched = lseek(file.get(), 0, SEEK_CUR) == 0;
    if (untouched && got == ssize_t{sizeof magic} && starts_as_netmon(magic)) {
      auto mapping = FileMapping::open(std::move(file), static_cast<size_t>(status.st_size), name);
      if (!mapping) return tl::unexpected(mapping.error());
      return feed_netmon(std::move(*mapping), name, summary);
    }
    posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  auto [source, compression] = open_source(std::move(file));
  summary.compression = to_string(compression);
  return feed_stream(std::move(source), name, summary);
}

}  // namespace

CaptureReader::CaptureReader() : summary_(std::make_unique<CaptureSummary>()) {}
CaptureReader::~CaptureReader() = default;

Result<std::unique_ptr<CaptureReader>> CaptureReader::open(const std::string& path) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "stdin" : path;
  FileDescriptor file(is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return fail(fmt::format("{}: cannot be opened: {}", name, std::strerror(errno)));
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return fail(fmt::format("{}: cannot be read: {}", name, std::strerror(errno)));
  if (S_ISDIR(status.st_mode)) return fail(fmt::format("{}: expected a capture file, found a directory", name));

  std::unique_ptr<CaptureReader> reader(new CaptureReader);
  auto feed = make_feed(std::move(file), status, name, *reader->summary_);
  if (!feed) return tl::unexpected(feed.error());
  reader->feed_ = std::move(*feed);
  return reader;
}

size_t CaptureReader::read(PacketBatch& batch, size_t limit) {
  batch.packets.clear();
  batch.hold.reset();
  constexpr size_t kReserve = 4096;  // a limit may be "as many as there are"
  batch.packets.reserve(std::min(limit, kReserve));
  if (limit != 0) feed_->next(batch.packets, batch.hold, limit);
  return batch.packets.size();
}

}  // namespace wirewatch
