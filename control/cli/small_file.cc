// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/small_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace wirewatch {

Result<std::string> read_small_file(const std::string& path, std::string_view what) {
  constexpr size_t kLargest = 1 << 20;
  std::ifstream file(path, std::ios::binary);
  std::string text(kLargest + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof())
    return fail("cannot read the " + std::string(what) + " '" + path + "': " + std::strerror(errno));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kLargest)
    return fail("the " + std::string(what) + " '" + path + "' is larger than 1 MiB");
  return text;
}

}  // namespace wirewatch
