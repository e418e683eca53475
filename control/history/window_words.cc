// SPDX-License-Identifier: BSD-3-Clause
// The windows as numbers, for the next daemon to go on from. What is taken up came out of a file: every number is checked
// before it is believed, and nothing is taken up of a list that does not fit together.
#include <algorithm>
#include <cstring>

#include "control/history/handshake_windows.h"

namespace wirewatch {
namespace {

using Words = std::vector<uint64_t>;

constexpr std::array kCounters{&HandshakeCounts::attempts,   &HandshakeCounts::established, &HandshakeCounts::refused,       &HandshakeCounts::unanswered,
                               &HandshakeCounts::half_open, &HandshakeCounts::ambiguous,   &HandshakeCounts::clock_unsteady};

void put(Words& out, const HandshakeCounts& counts) {
  for (const auto counter : kCounters) out.push_back(counts.*counter);
  const auto cells = counts.rtt.words();
  out.push_back(cells.size());
  out.insert(out.end(), cells.begin(), cells.end());
}

class WordReader {
 public:
  explicit WordReader(std::span<const uint64_t> words) : words_(words) {}

  uint64_t next() {
    if (words_.empty()) {
      broken = true;
      return 0;
    }
    const uint64_t word = words_.front();
    words_ = words_.subspan(1);
    return word;
  }
  uint64_t at_most(uint64_t most) {
    const uint64_t word = next();
    broken = broken || word > most;
    return broken ? 0 : word;
  }
  HandshakeCounts counts() {
    HandshakeCounts counts;
    for (const auto counter : kCounters) counts.*counter = next();
    const uint64_t cells = at_most(words_.size());
    broken = broken || !counts.rtt.assign(words_.first(cells));
    words_ = words_.subspan(cells);
    return counts;
  }
  bool finished() const { return !broken && words_.empty(); }

  bool broken = false;

 private:
  std::span<const uint64_t> words_;
};

}  // namespace

std::vector<uint64_t> HandshakeWindows::words() const {
  Words out;
  const auto put_slice = [&](const Slice& slice) {
    out.push_back(static_cast<uint64_t>(slice.number));
    for (const HandshakeCounts* counts : {&slice.totals, &slice.other_servers, &slice.other_ports}) put(out, *counts);
    out.push_back(slice.by_server.size());
    for (const auto& [server, counts] : slice.by_server) {
      std::array<uint64_t, 2> address;
      std::memcpy(address.data(), server.address.data(), sizeof address);
      out.insert(out.end(), {address[0], address[1], static_cast<uint64_t>(server.family), server.port});
      put(out, counts);
    }
    out.push_back(slice.by_port.size());
    for (const auto& [port, counts] : slice.by_port) {
      out.push_back(port);
      put(out, counts);
    }
  };
  for (const Level& level : levels_) {
    put_slice(level.open);
    out.push_back(level.full.size());
    for (const Slice& slice : level.full) put_slice(slice);
  }
  return out;
}

bool HandshakeWindows::assign(std::span<const uint64_t> words, int64_t now_ns) {
  WordReader in(words);
  const auto read_slice = [&](int64_t latest) {
    Slice slice;
    slice.number = static_cast<int64_t>(in.at_most(static_cast<uint64_t>(latest)));
    for (HandshakeCounts* counts : {&slice.totals, &slice.other_servers, &slice.other_ports}) *counts = in.counts();
    for (uint64_t left = in.at_most(bounds_.servers); left > 0 && !in.broken; --left) {
      const std::array<uint64_t, 2> address{in.next(), in.next()};
      const auto family = static_cast<IpFamily>(in.at_most(static_cast<uint64_t>(IpFamily::V6)));
      Endpoint server{{{}, family}, static_cast<uint16_t>(in.at_most(UINT16_MAX))};
      std::memcpy(server.address.bytes.data(), address.data(), sizeof address);
      slice.by_server.insert_or_assign(key_of(server, 0), in.counts());
    }
    for (uint64_t left = in.at_most(bounds_.ports); left > 0 && !in.broken; --left) {
      const auto port = static_cast<uint16_t>(in.at_most(UINT16_MAX));
      slice.by_port.insert_or_assign(port, in.counts());
    }
    return slice;
  };
  auto levels = levels_;
  for (Level& level : levels) {
    const int64_t now = now_ns / level.slice_ns;
    level.open = read_slice(now);
    level.full.clear();
    for (uint64_t left = in.at_most(level.slices + 1); left > 0 && !in.broken; --left) {
      level.full.push_back(read_slice(level.open.number));
      in.broken = in.broken || (level.full.size() > 1 && level.full.back().number <= level.full[level.full.size() - 2].number);
    }
  }
  if (now_ns < 0 || !in.finished()) return false;
  levels_ = std::move(levels);
  begun_ = true;
  advance(now_ns);
  return true;
}

}  // namespace wirewatch
