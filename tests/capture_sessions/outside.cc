// SPDX-License-Identifier: BSD-3-Clause
#include "tests/capture_sessions/outside.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace wirewatch::testing {

Folder::Folder() : path((std::filesystem::temp_directory_path() / "wirewatch-sessions-XXXXXX").string()) {
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

std::string imbalance(const CaptureView& view) {
  const CaptureCounts& c = view.counts;
  uint64_t in_files = 0;
  for (const CaptureFile& file : view.files) in_files += file.packets;
  std::string fault;
  const uint64_t known = c.ring_full + c.in_ring + c.received;
  if (c.matched != known) fault += fmt::format("matched {} != {}; ", c.matched, known);
  const uint64_t ends = c.not_matching + c.in_memory + c.forgotten + c.after_limit + c.write_failed + c.written;
  if (c.received != ends) fault += fmt::format("received {} != {}; ", c.received, ends);
  if (c.written != in_files + c.deleted) fault += fmt::format("written {} != {} + {}; ", c.written, in_files, c.deleted);
  if (c.from_before > c.written) fault += fmt::format("from before {} > {}; ", c.from_before, c.written);
  return fault;
}

std::string packets_by_capinfos(const std::string& path) {
  // "File name\tNumber of packets", one row without its header.
  std::string row = output_of("capinfos -rTMc " + path + " 2>&1");
  while (row.ends_with('\n')) row.pop_back();
  const size_t tab = row.rfind('\t');
  return tab == std::string::npos || row.find('\n') != std::string::npos ? row : row.substr(tab + 1);
}

}  // namespace wirewatch::testing
