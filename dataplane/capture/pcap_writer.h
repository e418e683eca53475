// SPDX-License-Identifier: BSD-3-Clause
// Writes classic pcap, in micro- or nanoseconds, for tools that read nothing else: one link type, and no place for
// interfaces, comments or losses.
#pragma once

#include "dataplane/capture/block_file.h"
#include "dataplane/capture/capture_writer.h"

namespace wirewatch {

class PcapWriter final : public CaptureWriter {
 public:
  static Result<std::unique_ptr<CaptureWriter>> create(const std::string& path, bool nanoseconds);

  /// All interfaces have to be of the first one's link type, which goes into the file's header.
  Result<uint32_t> add_interface(const CaptureInterface& interface) override;
  bool write(const Packet& packet, uint32_t interface, const PacketNote& note) noexcept override;
  bool write_statistics(uint32_t, const InterfaceStatistics&, Timestamp) noexcept override { return file_.error() == 0; }
  bool flush() noexcept override { return file_.flush(); }
  Result<void> close() override;
  std::string fault() const override { return file_.fault(); }
  int error() const noexcept override { return file_.error(); }
  uint64_t size() const noexcept override { return file_.size(); }
  uint64_t packets() const noexcept override { return packets_ - file_.packets_lost(); }

 private:
  PcapWriter(BlockFile file, bool nanoseconds) : file_(std::move(file)), nanoseconds_(nanoseconds) {}
  bool write_header(uint16_t link_type) noexcept;

  BlockFile file_;
  bool nanoseconds_;
  std::optional<uint16_t> link_type_;
  uint32_t interfaces_ = 0;
};

}  // namespace wirewatch
