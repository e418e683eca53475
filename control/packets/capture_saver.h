// SPDX-License-Identifier: BSD-3-Clause
// -w: the matching packets into a capture file of their own, bytes, times and link types as they were.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/packets/packet_scan.h"
#include "dataplane/capture/capture_writer.h"

namespace wirewatch {

struct SaveOptions {
  std::string path;         // "-" is standard output
  std::string application;  // goes into the file's header
  std::string bpf;          // the filters in force, likewise
  std::string display_filter;
};

class CaptureSaver final : public FrameVisitor {
 public:
  /// The file is made with the first packet, or in finish(): only then is it known what its times resolve.
  CaptureSaver(const PacketFiles& files, SaveOptions options) : files_(files), options_(std::move(options)) {}

  bool on_frame(const Frame& frame) override;
  /// For a reader behind a pipe.
  bool on_pause() override { return !to_pipe_ || writer_ == nullptr || writer_->flush(); }
  /// Ends the file. The Error is a sentence; a reader that left early (EPIPE) is none.
  Result<void> finish();
  uint64_t packets() const noexcept { return writer_ != nullptr ? writer_->packets() : 0; }

 private:
  struct Interface {
    uint16_t number;     // as it was read
    uint16_t link_type;
    uint32_t written;
  };
  bool open();
  std::optional<uint32_t> interface_of(const Packet& packet);

  const PacketFiles& files_;
  SaveOptions options_;
  bool to_pipe_ = options_.path == "-";
  std::unique_ptr<CaptureWriter> writer_;
  std::vector<CaptureInterface> described_;  // as the file that is read says
  std::vector<Interface> interfaces_;
  size_t last_interface_ = 0;
  std::string fault_;
};

}  // namespace wirewatch
