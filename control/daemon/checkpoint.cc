// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/checkpoint.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "dataplane/base/byte_order.h"
#include "dataplane/base/file_descriptor.h"
#include "dataplane/stats/bounded_map.h"

namespace wirewatch {

struct Checkpoint::Slot {
  uint64_t number;  // 0: never written
  uint64_t size;
  uint64_t hash;    // over number, size and the bytes
  uint8_t bytes[kLargest];
};

namespace {

uint64_t hash_of(uint64_t number, std::string_view state) noexcept {
  uint64_t hash = detail::mix(number ^ 0x9e3779b97f4a7c15u, state.size() ^ 0xd6e8feb86659fd93u);
  size_t at = 0;
  for (; at + 8 <= state.size(); at += 8) {
    hash = detail::mix(hash ^ detail::load<uint64_t>(reinterpret_cast<const uint8_t*>(state.data()) + at), 0xa0761d6478bd642fu);
  }
  for (; at < state.size(); ++at) hash = detail::mix(hash ^ static_cast<uint8_t>(state[at]), 0xa0761d6478bd642fu);
  return hash;
}

}  // namespace

Result<Checkpoint> Checkpoint::open(const std::string& path) {
  const auto because = [&](const std::string& why) { return fail("cannot keep totals in '" + path + "': " + why); };
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
  const FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  struct stat info {};
  if (!file || ::fstat(file.get(), &info) != 0) return because(std::strerror(errno));
  if (!S_ISREG(info.st_mode) || info.st_uid != ::geteuid()) return because("it is not a file of ours");
  constexpr size_t kSize = 2 * sizeof(Slot);
  // All of it is on the disk from the start: what a mapping writes to when the disk is full ends the process.
  if (const int fault = ::posix_fallocate(file.get(), 0, static_cast<off_t>(kSize)); fault != 0) return because(std::strerror(fault));
  void* const memory = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return because(std::strerror(errno));
  Checkpoint checkpoint(static_cast<uint8_t*>(memory));
  if (const Slot* const last = checkpoint.newest()) checkpoint.number_ = last->number;
  return checkpoint;
}

Checkpoint::Checkpoint(Checkpoint&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)), number_(other.number_) {}

Checkpoint::~Checkpoint() {
  if (memory_ != nullptr) ::munmap(memory_, 2 * sizeof(Slot));
}

Checkpoint::Slot* Checkpoint::slot(uint64_t number) const noexcept {
  return reinterpret_cast<Slot*>(memory_ + (number % 2) * sizeof(Slot));
}

const Checkpoint::Slot* Checkpoint::newest() const {
  const Slot* best = nullptr;
  for (const uint64_t i : {uint64_t{0}, uint64_t{1}}) {
    const Slot* const each = slot(i);
    if (each->number == 0 || each->size > kLargest || (best != nullptr && best->number > each->number)) continue;
    const std::string_view state(reinterpret_cast<const char*>(each->bytes), each->size);
    if (each->hash == hash_of(each->number, state)) best = each;
  }
  return best;
}

std::optional<std::string> Checkpoint::read() const {
  const Slot* const last = newest();
  if (last == nullptr) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(last->bytes), last->size);
}

bool Checkpoint::write(std::string_view state) noexcept {
  if (state.size() > kLargest) return false;
  Slot* const to = slot(++number_);
  to->number = number_;
  to->size = state.size();
  std::memcpy(to->bytes, state.data(), state.size());
  to->hash = hash_of(number_, state);
  return true;
}

}  // namespace wirewatch
