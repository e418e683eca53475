// SPDX-License-Identifier: BSD-3-Clause
// NetMon files are mapped, since their frame table points anywhere; each batch holds the part of the file it is in.
#include <algorithm>
#include <string>
#include <utility>

#include "dataplane/capture/netmon_walker.h"
#include "dataplane/capture/packet_feed.h"

namespace wirewatch {
namespace {

class NetMonFeed final : public PacketFeed {
 public:
  NetMonFeed(std::shared_ptr<FileMapping> mapping, std::unique_ptr<NetMonWalker> walker, CaptureSummary& summary)
      : mapping_(std::move(mapping)), walker_(std::move(walker)), summary_(summary), spilled_(summary.bytes_read != 0) {}

  void next(std::vector<Packet>& packets, std::shared_ptr<const void>& hold, size_t limit) override {
    if (ended_) return;
    if (!mapping_->still_whole()) {
      ended_ = true;
      summary_.truncated = true;
      summary_.count(Unread::TruncatedRecord);
      summary_.note_damage("the file shrank while it was read, after frame " + std::to_string(summary_.packets));
      return;
    }
    const auto touched = walker_->walk(packets, limit);
    if (touched.end > touched.begin) hold = mapping_->hold(touched.begin, touched.end);
    if (spilled_) return;
    summary_.bytes_read = packets.empty() ? mapping_->bytes().size() : std::max<uint64_t>(summary_.bytes_read, touched.end);
  }

 private:
  std::shared_ptr<FileMapping> mapping_;
  std::unique_ptr<NetMonWalker> walker_;
  CaptureSummary& summary_;
  bool spilled_;  // from a stream, whose bytes have been counted
  bool ended_ = false;
};

}  // namespace

Result<std::unique_ptr<PacketFeed>> feed_netmon(std::shared_ptr<FileMapping> mapping, const std::string& name,
                                                CaptureSummary& summary) {
  auto walker = NetMonWalker::open(mapping->bytes(), name, summary);
  if (!walker) return tl::unexpected(walker.error());
  return std::make_unique<NetMonFeed>(std::move(mapping), std::move(*walker), summary);
}

}  // namespace wirewatch
