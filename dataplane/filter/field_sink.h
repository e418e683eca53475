// SPDX-License-Identifier: BSD-3-Clause
// Where a walk over a frame puts the values of the wanted fields, in frame order. All its memory is there from the start.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/filter/field_table.h"
#include "dataplane/filter/value.h"

namespace wirewatch::filter {

class FieldSink {
 public:
  /// The slot of a wanted field is its place in `wanted`.
  explicit FieldSink(std::span<const FieldId> wanted) : occurrences_(kMostOccurrences), text_(std::make_unique_for_overwrite<uint8_t[]>(kTextBytes)) {
    slots_.fill(kUnwanted);
    for (size_t i = 0; i < wanted.size(); ++i) slots_[wanted[i]] = static_cast<int16_t>(i);
  }

  void clear() noexcept {
    count_ = 0;
    text_used_ = 0;
  }
  bool wants(FieldId field) const noexcept { return slots_[field] != kUnwanted; }
  bool wants_any(FieldId first, FieldId last) const noexcept {
    for (FieldId field = first; field <= last; ++field) {
      if (wants(field)) return true;
    }
    return false;
  }
  void set_layer(uint16_t layer) noexcept { layer_ = layer; }
  uint16_t layer() const noexcept { return layer_; }

  /// Dropped when the field is not wanted, or when a frame brings more values than any real one does.
  void add(FieldId field, const Value& value) noexcept {
    if (wants(field)) add_slot(static_cast<uint16_t>(slots_[field]), value);
  }
  void add(FieldId field, uint64_t number) noexcept { add(field, Value::of(number)); }
  void add(FieldId field, std::span<const uint8_t> bytes) noexcept { add(field, Value::of(bytes)); }
  /// A protocol whose length, as len() says it, is all its bytes.
  void add_protocol(FieldId field, std::span<const uint8_t> bytes) noexcept { add(field, Value{bytes.data(), bytes.size(), static_cast<uint32_t>(bytes.size()), 0}); }
  void add_slot(uint16_t slot, const Value& value) noexcept {
    if (count_ < kMostOccurrences) occurrences_[count_++] = {value, slot, layer_};
  }

  /// Room for a text that is not in the frame as it stands; empty when the frame's texts are longer than anything real.
  std::span<uint8_t> text(size_t most) noexcept {
    if (kTextBytes - text_used_ < most) return {};
    return {text_.get() + text_used_, most};
  }
  /// Keeps the first `length` bytes of what text() gave out.
  std::span<const uint8_t> keep(size_t length) noexcept {
    const std::span<const uint8_t> kept{text_.get() + text_used_, length};
    text_used_ += length;
    return kept;
  }
  std::span<const uint8_t> keep(std::string_view text_to_copy) noexcept {
    const auto room = text(text_to_copy.size());
    if (room.size() < text_to_copy.size()) return {};
    if (!text_to_copy.empty()) std::memcpy(room.data(), text_to_copy.data(), text_to_copy.size());
    return keep(text_to_copy.size());
  }

  std::span<const Occurrence> occurrences() const noexcept { return {occurrences_.data(), count_}; }

 private:
  static constexpr int16_t kUnwanted = -1;
  static constexpr size_t kMostOccurrences = 2048;
  static constexpr size_t kTextBytes = size_t{64} << 10;

  std::array<int16_t, kFieldCount> slots_{};
  std::vector<Occurrence> occurrences_;
  std::unique_ptr<uint8_t[]> text_;
  size_t count_ = 0;
  size_t text_used_ = 0;
  uint16_t layer_ = 1;
};

}  // namespace wirewatch::filter
