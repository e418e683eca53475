// SPDX-License-Identifier: BSD-3-Clause
// What a writer hands to its file descriptor, as a string.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "control/report/output.h"

namespace wirewatch::testing {

template <typename Write>
std::string captured(Write write) {
  const int fd = ::memfd_create("output", MFD_CLOEXEC);
  Output out(fd);
  write(out);
  EXPECT_FALSE(out.finish());
  std::string text(static_cast<size_t>(::lseek(fd, 0, SEEK_END)), '\0');
  EXPECT_EQ(::pread(fd, text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
  ::close(fd);
  return text;
}

}  // namespace wirewatch::testing
