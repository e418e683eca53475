// SPDX-License-Identifier: BSD-3-Clause
// Chunks from a pool, each kept by the packets in it. What is left of a chunk when its packets are out begins the next one.
#include <fmt/format.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <utility>

#include "dataplane/capture/framer.h"
#include "dataplane/capture/netmon_walker.h"
#include "dataplane/capture/packet_feed.h"

namespace wirewatch {
namespace {

constexpr size_t kChunk = size_t{1} << 20;
// Of 32 KiB to 1 MiB, the fastest: packets are still in the second-level cache when they are looked at, and leave room
// there for flows and rules.
constexpr size_t kReadAtOnce = size_t{256} << 10;
static_assert(kChunk >= kMaxFramerLookahead + kReadAtOnce);
constexpr size_t kPooledChunks = 32;
constexpr uint64_t kMaxSpilled = uint64_t{4} << 30;

using ChunkBytes = std::unique_ptr<uint8_t[]>;

/// Chunks come back from whichever thread drops the last packet, so the list has a lock; taken once a chunk.
class ChunkPool : public std::enable_shared_from_this<ChunkPool> {
 public:
  std::shared_ptr<uint8_t> take() {
    ChunkBytes bytes;
    {
      const std::scoped_lock lock(mutex_);
      if (!free_.empty()) {
        bytes = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (bytes == nullptr) bytes = std::make_unique_for_overwrite<uint8_t[]>(kChunk);
    return {bytes.release(), [pool = shared_from_this()](uint8_t* done) { pool->give_back(ChunkBytes(done)); }};
  }

 private:
  void give_back(ChunkBytes bytes) {
    const std::scoped_lock lock(mutex_);
    if (free_.size() < kPooledChunks) free_.push_back(std::move(bytes));
  }

  std::mutex mutex_;
  std::vector<ChunkBytes> free_;
};

class StreamFeed final : public PacketFeed {
 public:
  StreamFeed(std::unique_ptr<ByteSource> source, CaptureSummary& summary)
      : source_(std::move(source)), summary_(summary), pool_(std::make_shared<ChunkPool>()), chunk_(pool_->take()) {}

  /// The start of the stream, at least `count` bytes unless it is shorter.
  std::span<const uint8_t> peek(size_t count) {
    while (end_ < count && !source_ended_) fill();
    return {chunk_.get(), end_};
  }
  void frame_with(std::unique_ptr<Framer> framer) { framer_ = std::move(framer); }
  ByteSource& source() noexcept { return *source_; }
  bool source_ended() const noexcept { return source_ended_; }

  void next(std::vector<Packet>& packets, std::shared_ptr<const void>& hold, size_t limit) override {
    while (!ended_ && packets.empty()) {
      const size_t done = framer_->frame({chunk_.get() + begin_, end_ - begin_}, source_ended_, packets, limit);
      begin_ += done;
      if (!packets.empty()) hold = chunk_;
      if (framer_->stopped() || (source_ended_ && packets.size() < limit)) {
        finish();
      } else if (packets.empty()) {
        fill();
      }
    }
  }

 private:
  void fill() {
    if (begin_ > 0) begin_anew();
    const size_t got = source_->read({chunk_.get() + end_, std::min(kReadAtOnce, kChunk - end_)});
    end_ += got;
    source_ended_ = got == 0;
    summary_.bytes_read = source_->taken();
  }

  /// What is left is the start of one record, so it is set aside for a moment: the chunk goes back first and comes out
  /// again, still in the cache, when nobody holds a packet of it.
  void begin_anew() {
    left_.assign(chunk_.get() + begin_, chunk_.get() + end_);
    chunk_.reset();
    chunk_ = pool_->take();
    std::copy(left_.begin(), left_.end(), chunk_.get());
    begin_ = 0;
    end_ = left_.size();
  }

  void finish() {
    ended_ = true;
    chunk_.reset();
    if (source_->fault().empty()) return;
    // Where the stream broke off is the cause; the record it was cut in is only what followed.
    summary_.truncated = true;
    summary_.count(summary_.compression.empty() ? Unread::ReadError : Unread::DamagedCompression);
    summary_.damage = source_->fault();
  }

  std::unique_ptr<ByteSource> source_;
  CaptureSummary& summary_;
  std::shared_ptr<ChunkPool> pool_;
  std::unique_ptr<Framer> framer_;
  std::shared_ptr<uint8_t> chunk_;
  std::vector<uint8_t> left_;
  size_t begin_ = 0;  // of what is not framed yet
  size_t end_ = 0;    // of what has been read
  bool source_ended_ = false;
  bool ended_ = false;
};

bool write_all(int fd, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = write(fd, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(put));
  }
  return true;
}

Result<FileDescriptor> open_spill_file(const std::string& name) {
  const char* const set = getenv("TMPDIR");
  std::string path = std::string(set != nullptr && *set != '\0' ? set : "/tmp") + "/wirewatch-XXXXXX";
  FileDescriptor file(mkostemp(path.data(), O_CLOEXEC));
  if (file.get() < 0) {
    return fail(fmt::format("{}: a NetMon stream needs a temporary file, but {} cannot be made: {}", name, path,
                            std::strerror(errno)));
  }
  unlink(path.c_str());
  return file;
}

Result<std::unique_ptr<PacketFeed>> spill_netmon(StreamFeed& stream, const std::string& name, CaptureSummary& summary) {
  auto file = open_spill_file(name);
  if (!file) return tl::unexpected(file.error());
  uint64_t size = 0;
  std::span<const uint8_t> fresh = stream.peek(0);
  std::vector<uint8_t> buffer(size_t{1} << 20);
  while (!fresh.empty()) {
    size += fresh.size();
    if (size > kMaxSpilled) return fail(fmt::format("{}: expected at most {} bytes of NetMon file", name, kMaxSpilled));
    if (!write_all(file->get(), fresh)) {
      return fail(fmt::format("{}: writing to a temporary file failed at byte {}: {}", name, size, std::strerror(errno)));
    }
    fresh = std::span(buffer).first(stream.source().read(buffer));
  }
  summary.bytes_read = stream.source().taken();
  if (!stream.source().fault().empty()) {
    summary.truncated = true;
    summary.count(summary.compression.empty() ? Unread::ReadError : Unread::DamagedCompression);
    summary.note_damage(stream.source().fault());
  }
  auto mapping = FileMapping::open(std::move(*file), size, name);
  if (!mapping) return tl::unexpected(mapping.error());
  return feed_netmon(std::move(*mapping), name, summary);
}

}  // namespace

Result<std::unique_ptr<PacketFeed>> feed_stream(std::unique_ptr<ByteSource> source, const std::string& name,
                                                CaptureSummary& summary) {
  auto feed = std::make_unique<StreamFeed>(std::move(source), summary);
  const auto head = feed->peek(kMagicLookahead);
  if (starts_as_netmon(head)) return spill_netmon(*feed, name, summary);
  auto framer = make_framer(head, name, summary);
  if (!framer) {
    if (!feed->source().fault().empty()) return fail(fmt::format("{}: {}", name, feed->source().fault()));
    return tl::unexpected(framer.error());
  }
  feed->frame_with(std::move(*framer));
  return feed;
}

}  // namespace wirewatch
