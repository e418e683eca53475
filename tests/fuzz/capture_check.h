// SPDX-License-Identifier: BSD-3-Clause
// What must hold for any bytes at all that are taken for a capture file. Run by the fuzzer and, over its seeds and past
// crashes, by the unit tests. Pieces are copied to buffers of their exact size, so that the address sanitizer sees a
// byte read too far.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/capture/framer.h"
#include "dataplane/capture/netmon_walker.h"

namespace wirewatch::fuzz {

struct Framed {
  std::vector<Packet> packets;  // without their bytes
  uint64_t checksum = 0;        // over their bytes
  bool truncated = false;
  std::string fault;            // an invariant that did not hold

  void take(std::span<const Packet> batch, size_t limit, std::span<const uint8_t> bytes) {
    if (batch.size() > limit) fault = "more packets than the limit";
    for (Packet packet : batch) {
      const auto content = packet.bytes();
      const bool inside = content.empty() || (content.data() >= bytes.data() &&
                                              content.data() + content.size() <= bytes.data() + bytes.size());
      if (!inside) fault = "a packet reaches out of the bytes it was framed from";
      if (packet.number != packets.size() + 1) fault = "frame numbers have a gap";
      if (packet.captured_length > kMaxCapturedLength) fault = "a packet longer than is believed";
      for (const uint8_t byte : content) checksum = checksum * 31 + byte;
      packet.data = nullptr;
      packets.push_back(packet);
    }
  }
};

inline Framed walk_netmon(std::span<const uint8_t> file, size_t limit) {
  Framed framed;
  CaptureSummary summary;
  auto walker = NetMonWalker::open(file, "input", summary);
  if (!walker) return framed;
  std::vector<Packet> batch;
  do {
    batch.clear();
    const auto touched = (*walker)->walk(batch, limit);
    if (touched.end > file.size()) framed.fault = "touched bytes behind the end of the file";
    framed.take(batch, limit, file);
  } while (!batch.empty());
  framed.truncated = summary.truncated;
  if (framed.truncated && summary.damage.empty()) framed.fault = "truncated without a word";
  return framed;
}

inline Framed frame_in_pieces(std::span<const uint8_t> file, size_t piece, size_t limit) {
  Framed framed;
  CaptureSummary summary;
  const auto framer = make_framer(file.first(std::min(file.size(), kMagicLookahead)), "input", summary);
  if (!framer) return framed;
  size_t begin = 0;
  size_t end = std::min(piece, file.size());
  std::vector<Packet> batch;
  for (;;) {
    batch.clear();
    const bool last = end == file.size();
    const size_t size = end - begin;
    const auto exact = std::make_unique<uint8_t[]>(size);
    std::copy_n(file.begin() + static_cast<std::ptrdiff_t>(begin), size, exact.get());
    const size_t done = (*framer)->frame({exact.get(), size}, last, batch, limit);
    framed.take(batch, limit, {exact.get(), size});
    if (done > size) {
      framed.fault = "consumed more than was there";
      break;
    }
    if (done == 0 && batch.empty() && size >= kMaxFramerLookahead) {
      framed.fault = "no progress with the whole lookahead";
      break;
    }
    begin += done;
    if ((*framer)->stopped() || (last && batch.size() < limit)) {
      if (last && !(*framer)->stopped() && begin != end) framed.fault = "bytes left at the end without a word";
      break;
    }
    if (batch.size() < limit) end = std::min(end + piece, file.size());
  }
  framed.truncated = summary.truncated;
  if (summary.packets != framed.packets.size()) framed.fault = "the summary counts other packets";
  if (framed.truncated && summary.damage.empty()) framed.fault = "truncated without a word";
  return framed;
}

inline bool same(const Packet& a, const Packet& b) {
  return a.captured_length == b.captured_length && a.original_length == b.original_length && a.time == b.time &&
         a.number == b.number && a.link_type == b.link_type && a.interface == b.interface;
}

/// Empty, or the first thing that did not hold.
inline std::string check_capture(std::span<const uint8_t> file) {
  constexpr size_t kWhole = 1024;
  if (starts_as_netmon(file)) {
    const Framed many = walk_netmon(file, kWhole);
    const Framed few = walk_netmon(file, 3);
    if (!many.fault.empty()) return many.fault;
    if (!few.fault.empty()) return few.fault;
    return many.packets.size() == few.packets.size() && many.checksum == few.checksum ? "" : "batches change the packets";
  }
  const Framed whole = frame_in_pieces(file, file.size(), kWhole);
  if (!whole.fault.empty()) return whole.fault;
  // Small pieces, of a size that the input itself varies.
  const size_t piece = file.empty() ? 1 : 1 + (file.size() * 31 + file.back()) % 97;
  const Framed pieces = frame_in_pieces(file, piece, 3);
  if (!pieces.fault.empty()) return pieces.fault;
  const bool equal = std::equal(whole.packets.begin(), whole.packets.end(), pieces.packets.begin(), pieces.packets.end(), same);
  if (!equal || whole.checksum != pieces.checksum) return "splitting the file changes the packets";
  return whole.truncated == pieces.truncated ? "" : "splitting the file changes where it ends";
}

}  // namespace wirewatch::fuzz
