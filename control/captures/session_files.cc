// SPDX-License-Identifier: BSD-3-Clause
#include "control/captures/session_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "dataplane/base/timestamp.h"
#include "dataplane/capture/pcapng_writer.h"

namespace wirewatch {
namespace {

constexpr size_t kMostComment = 512, kInterfaceBytes = 512;  // upper bounds of what a packet may bring along

/// "20261123030000", UTC.
std::string stamp(Timestamp time) {
  const std::time_t seconds = time.ns / kSecond_ns;
  std::tm broken{};
  gmtime_r(&seconds, &broken);
  return fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}", broken.tm_year + 1900, broken.tm_mon + 1, broken.tm_mday, broken.tm_hour,
                     broken.tm_min, broken.tm_sec);
}

}  // namespace

SessionFiles::~SessionFiles() { close(kNoTimestamp); }

Result<void> SessionFiles::open(Timestamp now) {
  if (writer_ != nullptr) close(now);
  while (plan_.ring.files != 0 && files_.size() >= plan_.ring.files) delete_oldest();
  open_ = {};
  open_.name = fmt::format("{}_{:05}_{}.pcapng", plan_.name, ++number_, stamp(now));
  open_.open = true;
  errno = 0;
  auto writer = PcapNgWriter::create(plan_.folder + "/" + open_.name, plan_.origin);
  if (!writer) {
    error_ = errno != 0 ? errno : EIO;
    fault_ = writer.error().message;
    return tl::unexpected(writer.error());
  }
  writer_ = std::move(*writer);
  opened_ = now;
  interfaces_.clear();
  notes_.forget();
  accounted_ = 0;
  // Whoever is killed in the next second leaves a file that opens.
  if (!flush()) return fail(fault_);
  account();
  return {};
}

void SessionFiles::account() {
  const uint64_t size = writer_->size();
  quota_.used += size - accounted_;  // wraps round when a failure cut the file, and is right all the same
  accounted_ = size;
}

void SessionFiles::note_fault() {
  if (error_ != 0) return;
  error_ = writer_->error() != 0 ? writer_->error() : EIO;
  fault_ = writer_->fault();
}

uint64_t SessionFiles::cost(const Arrival& arrival) const noexcept {
  const bool is_new = std::ranges::none_of(interfaces_, [&](const Interface& each) {
    return each.port == arrival.packet().interface && each.link_type == arrival.packet().link_type;
  });
  Packet packet = arrival.packet();
  if (plan_.snap_length != 0) packet.captured_length = std::min(packet.captured_length, plan_.snap_length);
  return PcapNgWriter::block_bytes(packet, {}) + kMostComment + (is_new ? kInterfaceBytes : 0);
}

bool SessionFiles::make_room(uint64_t bytes) {
  while (quota_.used + bytes > quota_.limit) {
    // A ring of files goes on at the cost of its own past, never of anybody else's.
    if (!plan_.ring.rotates() || !delete_oldest()) return false;
  }
  return true;
}

SessionFiles::Interface* SessionFiles::interface_of(const Packet& packet, const CaptureNames& names) {
  for (Interface& each : interfaces_) {
    if (each.port == packet.interface && each.link_type == packet.link_type) return &each;
  }
  CaptureInterface description;
  description.link_type = packet.link_type;
  description.snapshot_length = plan_.snap_length;
  description.name = packet.interface < names.ports.size() ? names.ports[packet.interface] : fmt::format("port{}", packet.interface);
  description.filter = plan_.bpf;
  const auto added = writer_->add_interface(description);
  if (!added) return nullptr;
  interfaces_.push_back({packet.interface, packet.link_type, *added, {.delivered = 0}});
  return &interfaces_.back();
}

SessionFiles::Put SessionFiles::put(Arrival& arrival, uint64_t dropped, Timestamp now) {
  const uint64_t most = cost(arrival);
  if (writer_ != nullptr && open_packets() > 0) {
    const bool too_large = plan_.ring.file_bytes != 0 && writer_->size() + most > plan_.ring.file_bytes;
    if (too_large) close(now);
    if (!too_large) rotate_by_time(now);
  }
  if (!make_room(most)) return Put::NoQuota;
  ++offered_;
  if (error_ != 0) return Put::Failed;
  if (writer_ == nullptr && !open(now)) return Put::Failed;
  Packet packet = arrival.packet();
  if (plan_.snap_length != 0) packet.captured_length = std::min(packet.captured_length, plan_.snap_length);
  Interface* const interface = interface_of(packet, arrival.names());
  PacketNote note{.comment = notes_.comment(arrival)};
  if (dropped != 0) note.dropped = dropped;
  if (interface == nullptr || !writer_->write(packet, interface->number, note)) {
    note_fault();
    account();
    return Put::Failed;
  }
  account();
  InterfaceStatistics& statistics = interface->statistics;
  *statistics.delivered += 1;
  if (dropped != 0) statistics.dropped_by_system = statistics.dropped_by_system.value_or(0) + dropped;
  if (packet.time != kNoTimestamp) {
    for (auto* times : {&statistics.first, &open_.first}) *times = *times == kNoTimestamp ? packet.time : std::min(*times, packet.time);
    for (auto* times : {&statistics.last, &open_.last}) *times = *times == kNoTimestamp ? packet.time : std::max(*times, packet.time);
  }
  return Put::Written;
}

void SessionFiles::rotate_by_time(Timestamp now) {
  if (writer_ == nullptr || plan_.ring.file_seconds == 0 || open_packets() == 0) return;
  if (now.since(opened_) >= plan_.ring.file_seconds * kSecond_ns) close(now);
}

bool SessionFiles::flush() noexcept {
  if (writer_ == nullptr) return error_ == 0;
  if (writer_->flush()) return true;
  note_fault();
  account();
  return false;
}

void SessionFiles::close(Timestamp now) {
  if (writer_ == nullptr) return;
  for (const Interface& each : interfaces_) writer_->write_statistics(each.number, each.statistics, now);
  if (!writer_->close()) note_fault();
  account();
  open_.bytes = writer_->size();
  open_.packets = writer_->packets();
  open_.open = false;
  closed_packets_ += open_.packets;
  closed_bytes_ += open_.bytes;
  writer_.reset();
  files_.push_back(std::move(open_));
  open_ = {};
}

bool SessionFiles::delete_oldest() {
  if (files_.empty()) return false;
  const CaptureFile& oldest = files_.front();
  ::unlink((plan_.folder + "/" + oldest.name).c_str());
  deleted_ += oldest.packets;
  quota_.used -= std::min(quota_.used, oldest.bytes);
  files_.erase(files_.begin());
  return true;
}

std::vector<CaptureFile> SessionFiles::list() const {
  std::vector<CaptureFile> all = files_;
  if (writer_ != nullptr) {
    all.push_back(open_);
    all.back().bytes = writer_->size();
    all.back().packets = writer_->packets();
  }
  return all;
}

uint64_t SessionFiles::written() const noexcept { return closed_packets_ + open_packets(); }

uint64_t SessionFiles::written_bytes() const noexcept { return closed_bytes_ + (writer_ != nullptr ? writer_->size() : 0); }

}  // namespace wirewatch
