// SPDX-License-Identifier: BSD-3-Clause
#include "tests/filter/frames_of.h"

#include <fstream>
#include <optional>
#include <stdexcept>

#include "dataplane/capture/capture_reader.h"
#include "dataplane/filter/field_reader.h"
#include "dataplane/filter/filter.h"
#include "dataplane/filter/stream_tracker.h"
#include "dataplane/packet/parse.h"

namespace wirewatch {
namespace {

/// Calls `use` with every frame; stream facts when asked for.
template <typename Use>
void for_each_frame(const std::string& capture, bool streams, Use use) {
  const auto reader = CaptureReader::open(capture);
  if (!reader) throw std::runtime_error(reader.error().message);
  PacketBatch batch;
  StreamTracker tracker;
  Timestamp first = kNoTimestamp, previous = kNoTimestamp;
  size_t learned = 0;
  while ((*reader)->read(batch, 64) > 0) {
    const std::string& key_log = (*reader)->summary().key_log;
    tracker.learn_keys(std::string_view(key_log).substr(learned));
    learned = key_log.size();
    for (const Packet& packet : batch.packets) {
      Layers layers;
      parse(packet, {}, layers);
      if (first == kNoTimestamp) first = packet.time;
      const StreamFacts* facts = streams ? &tracker.observe(packet, layers) : nullptr;
      use(Frame{packet, layers, first, previous, kNoTimestamp, nullptr, facts});
      previous = packet.time;
    }
  }
}

}  // namespace

std::vector<Selected> frames_of(const std::string& capture, const std::vector<std::string>& filters) {
  std::vector<Selected> all(filters.size());
  std::vector<std::optional<Filter>> compiled(filters.size());
  bool streams = false;
  for (size_t i = 0; i < filters.size(); ++i) {
    auto made = Filter::compile(filters[i]);
    if (!made) {
      all[i].fault = made.error().message;
      continue;
    }
    streams |= made->needs().streams;
    compiled[i].emplace(std::move(*made));
  }
  for_each_frame(capture, streams, [&](const Frame& frame) {
    for (size_t i = 0; i < filters.size(); ++i) {
      if (!compiled[i] || !compiled[i]->matches(frame)) continue;
      ++all[i].count;
      if (!all[i].frames.empty()) all[i].frames += ' ';
      all[i].frames += std::to_string(frame.packet.number);
    }
  });
  return all;
}

std::vector<std::string> field_lines(const std::string& capture, const std::vector<std::string>& fields) {
  auto reader = FieldReader::compile(fields);
  if (!reader) throw std::runtime_error(reader.error().message);
  std::vector<std::string> lines;
  for_each_frame(capture, reader->needs().streams, [&](const Frame& frame) {
    reader->read(frame);
    std::string& line = lines.emplace_back();
    for (size_t column = 0; column < reader->columns(); ++column) {
      if (column > 0) line += '\t';
      reader->print_all(column, ",", line);
    }
  });
  return lines;
}

uint64_t fnv1a(std::string_view text) {
  uint64_t value = 0xcbf29ce484222325;
  for (const char c : text) value = (value ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return value;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with('#')) lines.push_back(line);
  }
  return lines;
}

}  // namespace wirewatch
