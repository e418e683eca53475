// SPDX-License-Identifier: BSD-3-Clause
// Reads captures for these tests: straight from memory, in pieces of any size, or through a file.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <vector>

#include "dataplane/capture/capture_reader.h"
#include "dataplane/capture/framer.h"
#include "dataplane/capture/netmon_walker.h"
#include "tests/support/capture_builder.h"

namespace wirewatch::testing {

/// A packet with its bytes copied, to outlive what it was read from.
struct Frame {
  uint64_t number = 0;
  int64_t time_ns = 0;
  uint32_t original = 0;
  uint16_t link_type = 0;
  uint16_t interface = 0;
  Bytes data;

  friend bool operator==(const Frame&, const Frame&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Frame& frame) {
    return out << "frame " << frame.number << " at " << frame.time_ns << " link type " << frame.link_type << " interface "
               << frame.interface << ", " << frame.data.size() << " of " << frame.original << " bytes";
  }
};

struct Reading {
  std::vector<Frame> frames;
  CaptureSummary summary;
  std::string error;  // nothing could be read at all

  std::vector<std::pair<std::string, uint64_t>> unread() const { return summary.unread; }
};

inline void append_frames(const std::vector<Packet>& packets, std::vector<Frame>& frames) {
  for (const Packet& packet : packets) {
    const auto bytes = packet.bytes();
    frames.push_back({packet.number, packet.time.ns, packet.original_length, packet.link_type, packet.interface,
                      Bytes(bytes.begin(), bytes.end())});
  }
}

/// Frames a whole file that arrives in pieces of `piece` bytes; `limit` packets a batch.
inline Reading read_in_pieces(const Bytes& file, size_t piece, size_t limit = 1024) {
  Reading reading;
  if (starts_as_netmon(file)) {
    auto walker = NetMonWalker::open(file, "test", reading.summary);
    if (!walker) return {{}, {}, walker.error().message};
    for (std::vector<Packet> packets;; packets.clear()) {
      (*walker)->walk(packets, limit);
      if (packets.empty()) return reading;
      append_frames(packets, reading.frames);
    }
  }
  auto framer = make_framer(std::span(file).first(std::min(file.size(), kMagicLookahead)), "test", reading.summary);
  if (!framer) return {{}, {}, framer.error().message};
  size_t begin = 0;
  size_t end = std::min(piece, file.size());
  std::vector<Packet> packets;
  for (;;) {
    packets.clear();
    const bool last = end == file.size();
    begin += (*framer)->frame(std::span(file).subspan(begin, end - begin), last, packets, limit);
    append_frames(packets, reading.frames);
    if ((*framer)->stopped() || (last && packets.size() < limit)) return reading;
    if (packets.size() < limit) end = std::min(end + piece, file.size());
  }
}

inline Reading read_memory(const Bytes& file) { return read_in_pieces(file, file.size()); }

inline Reading read_path(const std::string& path, size_t limit = 1024) {
  Reading reading;
  auto reader = CaptureReader::open(path);
  if (!reader) return {{}, {}, reader.error().message};
  PacketBatch batch;
  while ((*reader)->read(batch, limit) != 0) append_frames(batch.packets, reading.frames);
  reading.summary = (*reader)->summary();
  return reading;
}

/// What most tests write as a frame.
inline const Bytes kFrame = pattern(60);
/// Not a multiple of 4: blocks of pcapng are padded.
inline const Bytes kOddFrame = pattern(61);

inline Bytes cut(const Bytes& file, size_t from_end) {
  return Bytes(file.begin(), file.end() - static_cast<std::ptrdiff_t>(from_end));
}

inline Reading read_file(const Bytes& file, size_t limit = 1024) { return read_path(TemporaryFile(file).path(), limit); }

}  // namespace wirewatch::testing
