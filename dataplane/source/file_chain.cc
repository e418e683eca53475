// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/file_chain.h"

#include <filesystem>

namespace wirewatch {
namespace {

uint64_t size_of_all(const std::vector<std::string>& paths) {
  uint64_t sum = 0;
  for (const std::string& path : paths) {
    std::error_code fault;
    const auto size = std::filesystem::file_size(path, fault);
    if (fault) return 0;
    sum += size;
  }
  return sum;
}

}  // namespace

Result<std::unique_ptr<FileChain>> FileChain::open(std::vector<std::string> paths) {
  if (paths.empty()) return fail("no capture file was named");
  auto reader = CaptureReader::open(paths.front());
  if (!reader) return tl::unexpected(reader.error());
  std::unique_ptr<FileChain> chain(new FileChain(std::move(paths)));
  chain->file_size_ = size_of_all(chain->paths_);
  chain->reader_ = std::move(*reader);
  return chain;
}

void FileChain::close_current() {
  const CaptureSummary& summary = reader_->summary();
  frames_before_ += summary.packets;
  bytes_before_ += summary.bytes_read;
  done_.push_back({paths_[next_path_ - 1], summary});
  reader_.reset();
}

bool FileChain::open_next() {
  while (next_path_ < paths_.size()) {
    auto reader = CaptureReader::open(paths_[next_path_++]);
    if (reader) {
      reader_ = std::move(*reader);
      return true;
    }
    refused_.push_back(reader.error());
  }
  return false;
}

size_t FileChain::read(PacketBatch& batch, size_t limit) {
  while (reader_) {
    const size_t count = reader_->read(batch, limit);
    if (count > 0) {
      if (frames_before_ > 0) {
        for (Packet& packet : batch.packets) packet.number += frames_before_;
      }
      packets_read_.fetch_add(count, std::memory_order_relaxed);
      bytes_read_.store(bytes_before_ + reader_->summary().bytes_read, std::memory_order_relaxed);
      return count;
    }
    close_current();
    open_next();
  }
  return 0;
}

}  // namespace wirewatch
