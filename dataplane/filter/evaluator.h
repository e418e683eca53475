// SPDX-License-Identifier: BSD-3-Clause
// Runs a compiled filter over a frame. All memory is there from the start; what does not fit into it is no value.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "dataplane/filter/frame_walk.h"
#include "dataplane/filter/program.h"

namespace wirewatch::filter {

class Evaluator {
 public:
  explicit Evaluator(std::span<const FieldId> wanted) : walk_(wanted), values_(kMostValues), text_(std::make_unique_for_overwrite<uint8_t[]>(kTextBytes)) {}

  bool run(const Test& test, const Frame& frame) noexcept {
    frame_ = &frame;
    plain_ = is_plain(frame);
    walked_ = false;
    if (!plain_) walk_.observe(frame);
    else walk_.observe_plain();
    values_used_ = text_used_ = 0;
    return holds_test(test);
  }
  const Needs& needs() const noexcept { return walk_.needs(); }

  /// The value of a term without fields.
  std::span<const Value> constant(const Term& term) noexcept {
    values_used_ = text_used_ = 0;
    return evaluate(term);
  }

 private:
  using Values = std::span<const Value>;

  bool holds_test(const Test& test) noexcept;
  bool member(const Test& test) noexcept;
  bool is_application(const Test& test) const noexcept;
  Values evaluate(const Term& term) noexcept;
  Values field_values(const Term& term) noexcept;
  Values slices(const Term& term) noexcept;
  Values call(const Term& term) noexcept;
  Values extreme(const Term& term, bool largest) noexcept;
  Values arithmetic(const Term& term) noexcept;
  std::span<const Occurrence> occurrences() noexcept;

  void push(const Value& value) noexcept {
    if (values_used_ < values_.size()) values_[values_used_++] = value;
  }
  Values since(size_t start) const noexcept { return {values_.data() + start, values_used_ - start}; }
  std::span<uint8_t> text(size_t length) noexcept {
    if (kTextBytes - text_used_ < length) return {};
    const std::span<uint8_t> room(text_.get() + text_used_, length);
    text_used_ += length;
    return room;
  }

  static constexpr size_t kMostValues = 4096;
  static constexpr size_t kTextBytes = size_t{256} << 10;

  FrameWalk walk_;
  std::vector<Value> values_;
  std::unique_ptr<uint8_t[]> text_;
  const Frame* frame_ = nullptr;
  size_t values_used_ = 0;
  size_t text_used_ = 0;
  bool plain_ = false;
  bool walked_ = false;
};

}  // namespace wirewatch::filter
