// SPDX-License-Identifier: BSD-3-Clause
// What control has summed up of events it has taken, in a small file beside its socket: events are gone once taken, and a
// daemon that is killed goes on from here. Mapped, so that writing costs no system call and what is written outlives us;
// two slots in turn, each with a hash, so that half a write is never believed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"

namespace wirewatch {

class Checkpoint {
 public:
  static constexpr size_t kLargest = size_t{2} << 20;  // of one state

  /// Makes the file (mode 0600) or takes up the one there is; a file of somebody else is refused.
  static Result<Checkpoint> open(const std::string& path);
  Checkpoint(Checkpoint&& other) noexcept;
  Checkpoint& operator=(Checkpoint&&) = delete;
  ~Checkpoint();

  /// The last state that was written whole; nothing when there is none.
  std::optional<std::string> read() const;
  /// False when it is too large, and then the last one stays.
  bool write(std::string_view state) noexcept;

 private:
  explicit Checkpoint(uint8_t* memory) noexcept : memory_(memory) {}
  struct Slot;
  Slot* slot(uint64_t number) const noexcept;
  const Slot* newest() const;

  uint8_t* memory_;
  uint64_t number_ = 0;
};

}  // namespace wirewatch
