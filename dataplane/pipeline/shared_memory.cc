// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/pipeline/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace wirewatch {
namespace {

std::string because() { return std::string(": ") + std::strerror(errno); }

void* map_all(int fd, size_t bytes) noexcept { return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0); }

}  // namespace

Result<SharedMemory> SharedMemory::create(const char* name, size_t bytes) {
  const int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return fail("cannot make a memory file" + because());
  SharedMemory memory(nullptr, bytes, fd);  // closes it on the way out
  if (ftruncate(fd, static_cast<off_t>(bytes)) != 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return fail("cannot size shared memory of " + std::to_string(bytes) + " bytes" + because());
  }
  void* data = map_all(fd, bytes);
  if (data == MAP_FAILED) return fail("cannot map shared memory of " + std::to_string(bytes) + " bytes" + because());
  memory.data_ = static_cast<uint8_t*>(data);
  return memory;
}

Result<SharedMemory> SharedMemory::map(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0) return fail("the shared memory is no memory file" + because());
  if ((seals & F_SEAL_SHRINK) == 0) return fail("the shared memory may still shrink: it must be sealed against that");
  struct stat status {};
  if (fstat(fd, &status) != 0) return fail("cannot tell the size of the shared memory" + because());
  if (status.st_size <= 0) return fail("the shared memory is empty");
  const auto bytes = static_cast<size_t>(status.st_size);
  void* data = map_all(fd, bytes);
  if (data == MAP_FAILED) return fail("cannot map shared memory of " + std::to_string(bytes) + " bytes" + because());
  return SharedMemory(static_cast<uint8_t*>(data), bytes, -1);
}

SharedMemory::~SharedMemory() {
  if (data_ != nullptr) munmap(data_, size_);
  if (fd_ >= 0) close(fd_);
}

}  // namespace wirewatch
