// SPDX-License-Identifier: BSD-3-Clause
// Writes pcapng (draft-ietf-opsawg-pcapng): one little-endian section, times in nanoseconds, comments and drop counts on
// packets, interface statistics. rte_pcapng of DPDK 22.11 knows no interface added later and stamps with the TSC only.
#pragma once

#include "dataplane/capture/block_file.h"
#include "dataplane/capture/capture_writer.h"

namespace wirewatch {

class PcapNgWriter final : public CaptureWriter {
 public:
  static Result<std::unique_ptr<CaptureWriter>> create(const std::string& path, const CaptureOrigin& origin);

  Result<uint32_t> add_interface(const CaptureInterface& interface) override;
  bool write(const Packet& packet, uint32_t interface, const PacketNote& note) noexcept override;
  bool write_statistics(uint32_t interface, const InterfaceStatistics& statistics, Timestamp now) noexcept override;
  /// What write() adds to size(): at most this, and exactly this for a packet with a time.
  static uint64_t block_bytes(const Packet& packet, const PacketNote& note) noexcept;
  bool flush() noexcept override { return file_.flush(); }
  Result<void> close() override { return file_.close(); }
  std::string fault() const override { return file_.fault(); }
  int error() const noexcept override { return file_.error(); }
  uint64_t size() const noexcept override { return file_.size(); }
  uint64_t packets() const noexcept override { return packets_ - file_.packets_lost(); }

 private:
  explicit PcapNgWriter(BlockFile file) : file_(std::move(file)) {}
  bool write_timeless(const Packet& packet) noexcept;

  BlockFile file_;
  uint32_t interfaces_ = 0;
  bool first_takes_whole_packets_ = false;  // interface 0 has no snapshot length: Simple Packet Blocks are its own
};

}  // namespace wirewatch
