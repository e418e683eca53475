// SPDX-License-Identifier: BSD-3-Clause
// Framing: from bytes of a capture file to packets, as a pure function over memory. Whoever reads or inflates the bytes
// hands them over in pieces; a framer does no I/O, copies no packet, and gives the same packets however the bytes
// were split.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/capture/capture_summary.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

/// The largest captured length that is believed, as in Wireshark's wiretap; anything larger is damage.
inline constexpr uint32_t kMaxCapturedLength = 262144;

/// An original length as tshark reports it, whose lengths are signed: no frame is longer than that anyway.
constexpr uint32_t believable_original_length(uint32_t claimed) noexcept {
  constexpr uint32_t kMost = 0x7fffffff;
  return claimed < kMost ? claimed : kMost;
}

/// A framer never needs more than this many bytes at once to make progress: the largest packet and what surrounds it.
inline constexpr size_t kMaxFramerLookahead = kMaxCapturedLength + 64 * 1024;

class Framer {
 public:
  virtual ~Framer() = default;

  /// Appends the packets at the start of `bytes` until there are `limit` of them, and returns how many bytes are done
  /// with. The next call's bytes start right behind those. `last`: nothing follows `bytes` in the file. Nothing
  /// consumed and no packet appended means that more bytes are needed, which cannot happen when `last` is set or
  /// kMaxFramerLookahead bytes are there.
  virtual size_t frame(std::span<const uint8_t> bytes, bool last, std::vector<Packet>& packets, size_t limit) = 0;

  /// Damage made further reading impossible; frame() appends nothing more.
  bool stopped() const noexcept { return stopped_; }

 protected:
  explicit Framer(CaptureSummary& summary) noexcept : summary_(summary) {}
  Framer(const Framer&) = delete;
  Framer& operator=(const Framer&) = delete;

  void stop(Unread reason, std::string sentence) {
    stopped_ = true;
    summary_.truncated = true;
    summary_.count(reason);
    summary_.note_damage(std::move(sentence));
  }

  CaptureSummary& summary_;
  uint64_t offset_ = 0;   // of the next byte to consume, counted from the start of the (uncompressed) file
  uint64_t number_ = 0;   // of the last packet
  bool stopped_ = false;
};

/// Bytes of a file's start that make_framer() asks for; fewer only when the file is shorter.
inline constexpr size_t kMagicLookahead = 32;

/// Picks the framer by the magic number. `head` holds at least kMagicLookahead bytes or the whole file; the framer is
/// then fed from the first byte on. `name` is for error messages. NetMon files are not framed but walked by their
/// frame table, see netmon_walker.h.
Result<std::unique_ptr<Framer>> make_framer(std::span<const uint8_t> head, const std::string& name,
                                            CaptureSummary& summary);


}  // namespace wirewatch
