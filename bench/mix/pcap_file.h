// SPDX-License-Identifier: BSD-3-Clause
// Writes a classic pcap file with nanosecond times and Ethernet frames.
#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace wirewatch::mix {

class PcapFile {
 public:
  /// Throws std::runtime_error when the file cannot be created.
  explicit PcapFile(const std::string& path);

  void write(uint64_t time_ns, std::span<const uint8_t> frame, uint32_t original_length);
  /// Throws std::runtime_error when not everything reached the file.
  void close();

 private:
  std::string path_;
  std::vector<char> buffer_;
  std::ofstream file_;
};

}  // namespace wirewatch::mix
