// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/message_parts.h"

#include <algorithm>

namespace wirewatch::filter {
namespace {

constexpr uint32_t kForever = 0x4000'0000;  // a message up to the end of its stream: half of what sequence numbers can tell apart

bool before(uint32_t a, uint32_t b) noexcept { return static_cast<int32_t>(a - b) < 0; }

}  // namespace

bool MessageParts::begins_at(uint32_t sequence) const noexcept {
  return std::ranges::any_of(messages_, [&](const Message& one) { return one.begin == sequence; });
}

MessageParts::Message* MessageParts::continued_at(uint32_t sequence) noexcept {
  Message* nearest = nullptr;
  for (Message& one : messages_) {
    if (before(one.begin, sequence) && (nearest == nullptr || before(nearest->begin, one.begin))) nearest = &one;
  }
  return nearest != nullptr && before(sequence, nearest->behind) ? nearest : nullptr;
}

MessageParts::Message* MessageParts::until_end() noexcept {
  const auto found = std::ranges::find_if(messages_, [](const Message& one) { return one.until_end && !one.complete; });
  return found == messages_.end() ? nullptr : &*found;
}

void MessageParts::begin(uint32_t sequence, uint32_t end, const Reading& reading, std::span<const uint8_t> bytes) {
  if (messages_.size() == kMostMessages) {
    finish(messages_.front());
    messages_.erase(messages_.begin());
  }
  Message& message = messages_.emplace_back();
  message.begin = sequence;
  extend(message, end, reading);
  add(message, sequence, bytes, static_cast<uint32_t>(bytes.size()));
}

void MessageParts::extend(Message& message, uint32_t end, const Reading& reading) noexcept {
  message.takes_next_segment = reading.wait == Reading::Wait::OneMoreSegment;
  message.until_end = reading.wait == Reading::Wait::TheEnd;
  constexpr size_t kFar = kForever;
  const size_t more = message.takes_next_segment ? 1 : message.until_end ? kFar : std::min(reading.missing, kFar);
  message.behind = end + static_cast<uint32_t>(more);
}

void MessageParts::add(Message& message, uint32_t sequence, std::span<const uint8_t> bytes, uint32_t length) {
  const uint32_t offset = sequence - message.begin;
  const auto room = [&](size_t wanted) { return std::min(wanted, kMostBytes - std::min(kMostBytes, kept_)); };
  if (offset > message.joined) {
    if (message.islands.size() == kMostIslands) return;
    const auto kept = bytes.first(room(bytes.size()));
    message.islands.emplace_back(offset, std::vector<uint8_t>(kept.begin(), kept.end()));
    message.island_lengths.push_back(length);
    kept_ += kept.size();
    return;
  }
  const auto join = [&](uint32_t from, std::span<const uint8_t> more, uint32_t wire_length) {
    const uint32_t known = message.joined - from;  // of the new bytes, these are there already
    if (wire_length <= known) return;
    if (message.bytes.size() == message.joined && more.size() > known) {
      const auto fresh = more.subspan(known, room(more.size() - known));
      message.bytes.insert(message.bytes.end(), fresh.begin(), fresh.end());
      kept_ += fresh.size();
    }
    message.joined = from + wire_length;
  };
  join(offset, bytes, length);
  for (bool again = true; again;) {
    again = false;
    for (size_t i = 0; i < message.islands.size(); ++i) {
      if (message.islands[i].first > message.joined) continue;
      const auto island = std::move(message.islands[i]);
      const uint32_t wire_length = message.island_lengths[i];
      message.islands.erase(message.islands.begin() + static_cast<std::ptrdiff_t>(i));
      message.island_lengths.erase(message.island_lengths.begin() + static_cast<std::ptrdiff_t>(i));
      kept_ -= island.second.size();
      join(island.first, island.second, wire_length);
      again = true;
      break;
    }
  }
}

std::vector<uint8_t> MessageParts::finish(Message& message) noexcept {
  message.complete = true;
  message.until_end = false;
  kept_ -= message.bytes.size();
  for (const auto& island : message.islands) kept_ -= island.second.size();
  message.islands = {};
  message.island_lengths = {};
  return std::exchange(message.bytes, {});
}

}  // namespace wirewatch::filter
