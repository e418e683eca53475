// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/capture/file_mapping.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace wirewatch {
namespace {

struct PageRange {
  void* begin;
  size_t length;
};

/// madvise() takes whole pages. Rounding outwards is safe: dropped pages of a file mapping are simply read again.
PageRange pages_of(const uint8_t* data, size_t begin, size_t end) noexcept {
  static const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t first = begin / page * page;
  return {const_cast<uint8_t*>(data) + first, end - first};
}

/// Keeps the mapping alive and drops its pages of one range at the end.
struct Held {
  Held(std::shared_ptr<FileMapping> file_mapping, size_t held_begin, size_t held_end) noexcept
      : mapping(std::move(file_mapping)), begin(held_begin), end(held_end) {}
  ~Held() {
    const auto [at, length] = pages_of(mapping->bytes().data(), begin, end);
    madvise(at, length, MADV_DONTNEED);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  std::shared_ptr<FileMapping> mapping;
  size_t begin;
  size_t end;
};

}  // namespace

Result<std::shared_ptr<FileMapping>> FileMapping::open(FileDescriptor file, size_t size, const std::string& name) {
  void* const at = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (at == MAP_FAILED) return fail(fmt::format("{}: cannot be mapped: {}", name, std::strerror(errno)));
  return std::shared_ptr<FileMapping>(new FileMapping(std::move(file), static_cast<const uint8_t*>(at), size));
}

FileMapping::~FileMapping() { munmap(const_cast<uint8_t*>(data_), size_); }

bool FileMapping::still_whole() const noexcept {
  struct stat now {};
  return fstat(file_.get(), &now) == 0 && static_cast<size_t>(now.st_size) >= size_;
}

std::shared_ptr<const void> FileMapping::hold(size_t begin, size_t end) {
  return std::make_shared<Held>(shared_from_this(), begin, end);
}

}  // namespace wirewatch
