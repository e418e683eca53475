// SPDX-License-Identifier: BSD-3-Clause
// Mapped files: windows for formats read front to back, holds for NetMon, whose table points anywhere.
#include <algorithm>
#include <utility>

#include "dataplane/capture/framer.h"
#include "dataplane/capture/netmon_walker.h"
#include "dataplane/capture/packet_feed.h"

namespace wirewatch {
namespace {

// Large enough to page in cheaply and for any record, small enough to keep a few in flight.
constexpr size_t kWindow = size_t{4} << 20;
static_assert(kWindow >= 2 * kMaxFramerLookahead);

class MappedFeed final : public PacketFeed {
 public:
  MappedFeed(std::shared_ptr<FileMapping> mapping, std::unique_ptr<Framer> framer, CaptureSummary& summary)
      : mapping_(std::move(mapping)), framer_(std::move(framer)), summary_(summary) {}

  void next(std::vector<Packet>& packets, std::shared_ptr<const void>& hold, size_t limit) override {
    const auto file = mapping_->bytes();
    while (!ended_ && packets.empty()) {
      if (window_ == nullptr && !open_window()) return;
      const bool last = end_ == file.size();
      const size_t done = framer_->frame(file.subspan(position_, end_ - position_), last, packets, limit);
      position_ += done;
      summary_.bytes_read = position_;
      if (!packets.empty()) hold = window_;
      // A framer that takes no more than it did has seen all of this window that it can.
      if (framer_->stopped() || (last && packets.size() < limit)) {
        ended_ = true;
        window_.reset();
      } else if (!last && packets.size() < limit) {
        window_.reset();
      }
    }
  }

 private:
  bool open_window() {
    const size_t size = mapping_->bytes().size();
    end_ = position_ + std::min(kWindow, size - position_);
    window_ = mapping_->open_window(position_, end_);
    if (window_ != nullptr) return true;
    ended_ = true;
    summary_.truncated = true;
    summary_.count(Unread::TruncatedRecord);
    summary_.note_damage("the file shrank or could not be read any more behind byte " + std::to_string(position_));
    return false;
  }

  std::shared_ptr<FileMapping> mapping_;
  std::unique_ptr<Framer> framer_;
  CaptureSummary& summary_;
  std::shared_ptr<const void> window_;
  size_t position_ = 0;  // of the next byte to frame
  size_t end_ = 0;       // of the window
  bool ended_ = false;
};

class NetMonFeed final : public PacketFeed {
 public:
  NetMonFeed(std::shared_ptr<FileMapping> mapping, std::unique_ptr<NetMonWalker> walker, CaptureSummary& summary)
      : mapping_(std::move(mapping)), walker_(std::move(walker)), summary_(summary) {}

  void next(std::vector<Packet>& packets, std::shared_ptr<const void>& hold, size_t limit) override {
    const auto touched = walker_->walk(packets, limit);
    if (touched.end > touched.begin) hold = mapping_->hold(touched.begin, touched.end);
    summary_.bytes_read = packets.empty() ? mapping_->bytes().size() : std::max<uint64_t>(summary_.bytes_read, touched.end);
  }

 private:
  std::shared_ptr<FileMapping> mapping_;
  std::unique_ptr<NetMonWalker> walker_;
  CaptureSummary& summary_;
};

}  // namespace

Result<std::unique_ptr<PacketFeed>> feed_mapped(std::shared_ptr<FileMapping> mapping, const std::string& name,
                                                CaptureSummary& summary) {
  const auto file = mapping->bytes();
  auto framer = make_framer(file.first(std::min(file.size(), kMagicLookahead)), name, summary);
  if (!framer) return tl::unexpected(framer.error());
  return std::make_unique<MappedFeed>(std::move(mapping), std::move(*framer), summary);
}

Result<std::unique_ptr<PacketFeed>> feed_netmon(std::shared_ptr<FileMapping> mapping, const std::string& name,
                                                CaptureSummary& summary) {
  auto walker = NetMonWalker::open(mapping->bytes(), name, summary);
  if (!walker) return tl::unexpected(walker.error());
  return std::make_unique<NetMonFeed>(std::move(mapping), std::move(*walker), summary);
}

}  // namespace wirewatch
