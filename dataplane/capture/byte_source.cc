// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/byte_source.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "dataplane/base/byte_order.h"

namespace wirewatch {
namespace {

constexpr size_t kInputBuffer = 256 * 1024;
constexpr uint16_t kGzipMagic = 0x1f8b;
constexpr uint32_t kZstdMagic = 0xfd2fb528;
constexpr uint32_t kZstdSkippableMagic = 0x184d2a50;  // the lowest four bits are free

/// Straight from a descriptor, after bytes that were looked at before.
class FileSource final : public ByteSource {
 public:
  explicit FileSource(FileDescriptor file) : file_(std::move(file)) {}

  /// The first bytes, as many as the magic numbers of compressed files need; read() gives them again.
  std::span<const uint8_t> peek() {
    while (peeked_ < head_.size()) {
      const size_t got = read_file(std::span(head_).subspan(peeked_));
      if (got == 0) break;
      peeked_ += got;
    }
    return std::span(head_).first(peeked_);
  }

  size_t read(std::span<uint8_t> into) override {
    if (given_ == peeked_) return read_file(into);
    const size_t count = std::min(into.size(), peeked_ - given_);
    std::memcpy(into.data(), head_.data() + given_, count);
    given_ += count;
    return count;
  }
  uint64_t taken() const noexcept override { return taken_; }

 private:
  size_t read_file(std::span<uint8_t> into) {
    ssize_t got = ::read(file_.get(), into.data(), into.size());
    while (got < 0 && (errno == EINTR || errno == EAGAIN)) {
      if (errno == EAGAIN) wait_for_input();
      got = ::read(file_.get(), into.data(), into.size());
    }
    if (got < 0) {
      fault_ = fmt::format("reading stopped at byte {}: {}", taken_, std::strerror(errno));
      return 0;
    }
    taken_ += static_cast<uint64_t>(got);
    return static_cast<size_t>(got);
  }

  /// Whoever shares our stdin may have made it non-blocking.
  void wait_for_input() {
    pollfd input{.fd = file_.get(), .events = POLLIN, .revents = 0};
    poll(&input, 1, -1);
  }

  FileDescriptor file_;
  std::array<uint8_t, 4> head_{};
  size_t peeked_ = 0;
  size_t given_ = 0;
  uint64_t taken_ = 0;
};

/// What gzip and zstd have in common: an input buffer that is refilled, and the sentences about its end.
class Decompressor : public ByteSource {
 public:
  uint64_t taken() const noexcept override { return input_->taken(); }

 protected:
  explicit Decompressor(std::unique_ptr<ByteSource> input) : input_(std::move(input)), buffer_(kInputBuffer) {}

  /// Fresh compressed bytes, empty at the end of the file.
  std::span<const uint8_t> refill() {
    const size_t got = input_->read(buffer_);
    if (got == 0) fault_ = input_->fault();
    return std::span(buffer_).first(got);
  }
  void note(std::string_view what) {
    if (fault_.empty()) fault_ = fmt::format("{} before byte {} of the compressed file", what, taken());
  }

 private:
  std::unique_ptr<ByteSource> input_;
  std::vector<uint8_t> buffer_;
};

class GzipSource final : public Decompressor {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> input) : Decompressor(std::move(input)) {
    constexpr int kExpectGzipHeader = 16;
    if (inflateInit2(&stream_, MAX_WBITS + kExpectGzipHeader) != Z_OK) note("zlib could not be set up");
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  size_t read(std::span<uint8_t> into) override {
    const auto room = static_cast<uInt>(std::min<size_t>(into.size(), 1u << 30));
    stream_.next_out = into.data();
    stream_.avail_out = room;
    while (stream_.avail_out == room && !ended_ && fault_.empty()) inflate_some();
    return room - stream_.avail_out;
  }

 private:
  void inflate_some() {
    if (stream_.avail_in == 0) {
      const auto fresh = refill();
      if (fresh.empty()) {
        ended_ = true;
        if (!between_members_) note("the gzip stream ends early, its last member is not complete");
        return;
      }
      stream_.next_in = const_cast<uint8_t*>(fresh.data());
      stream_.avail_in = static_cast<uInt>(fresh.size());
    }
    if (between_members_) {
      // Tapes and some writers pad with zeros.
      while (stream_.avail_in != 0 && *stream_.next_in == 0) {
        ++stream_.next_in;
        --stream_.avail_in;
      }
      if (stream_.avail_in == 0) return;
      between_members_ = false;
      inflateReset(&stream_);
    }
    const int status = inflate(&stream_, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
      between_members_ = true;
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      note(fmt::format("the gzip stream is damaged ({})", stream_.msg == nullptr ? "no reason given" : stream_.msg));
    }
  }

  z_stream stream_{};
  bool between_members_ = false;
  bool ended_ = false;
};

class ZstdSource final : public Decompressor {
 public:
  explicit ZstdSource(std::unique_ptr<ByteSource> input)
      : Decompressor(std::move(input)), stream_(ZSTD_createDStream()) {
    if (stream_ == nullptr) note("zstd could not be set up");
  }
  ~ZstdSource() override { ZSTD_freeDStream(stream_); }

  size_t read(std::span<uint8_t> into) override {
    ZSTD_outBuffer out{into.data(), into.size(), 0};
    while (out.pos == 0 && !ended_ && fault_.empty()) {
      if (in_.pos == in_.size && !flushing_) {
        const auto fresh = refill();
        if (fresh.empty()) {
          ended_ = true;
          if (!between_frames_) note("the zstd stream ends early, its last frame is not complete");
          break;
        }
        in_ = {fresh.data(), fresh.size(), 0};
      }
      const size_t status = ZSTD_decompressStream(stream_, &out, &in_);
      if (ZSTD_isError(status)) note(fmt::format("the zstd stream is damaged ({})", ZSTD_getErrorName(status)));
      between_frames_ = status == 0;
      flushing_ = out.pos == out.size && !between_frames_;  // more may wait inside
    }
    return out.pos;
  }

 private:
  ZSTD_DStream* stream_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool between_frames_ = true;
  bool flushing_ = false;
  bool ended_ = false;
};

}  // namespace

Compression detect_compression(std::span<const uint8_t> head) noexcept {
  if (head.size() >= 2 && load_be16(head.data()) == kGzipMagic) return Compression::Gzip;
  if (head.size() < 4) return Compression::None;
  const uint32_t magic = load_le32(head.data());
  const bool zstd = magic == kZstdMagic || (magic & 0xfffffff0) == kZstdSkippableMagic;
  return zstd ? Compression::Zstd : Compression::None;
}

const char* to_string(Compression compression) noexcept {
  switch (compression) {
    case Compression::None: return "";
    case Compression::Gzip: return "gzip";
    case Compression::Zstd: return "zstd";
  }
  return "";
}

OpenedSource open_source(FileDescriptor file) {
  auto plain = std::make_unique<FileSource>(std::move(file));
  const Compression compression = detect_compression(plain->peek());
  switch (compression) {
    case Compression::None: break;
    case Compression::Gzip: return {std::make_unique<GzipSource>(std::move(plain)), compression};
    case Compression::Zstd: return {std::make_unique<ZstdSource>(std::move(plain)), compression};
  }
  return {std::move(plain), compression};
}

}  // namespace wirewatch
