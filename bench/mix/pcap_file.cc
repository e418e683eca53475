// SPDX-License-Identifier: BSD-3-Clause
#include "bench/mix/pcap_file.h"

#include <array>
#include <stdexcept>

namespace wirewatch::mix {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

template <size_t N>
void put(std::ofstream& file, const std::array<uint32_t, N>& words) {
  file.write(reinterpret_cast<const char*>(words.data()), sizeof words);
}

}  // namespace

PcapFile::PcapFile(const std::string& path) : path_(path), buffer_(1 << 20) {
  file_.rdbuf()->pubsetbuf(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
  file_.open(path, std::ios::binary | std::ios::trunc);
  if (!file_) throw std::runtime_error("cannot create " + path);
  // Magic for nanoseconds, version 2.4, no zone, no accuracy, snapshot length, Ethernet; in this machine's byte order.
  put(file_, std::array<uint32_t, 6>{0xa1b23c4d, 0x00040002, 0, 0, 262144, 1});
}

void PcapFile::write(uint64_t time_ns, std::span<const uint8_t> frame, uint32_t original_length) {
  put(file_, std::array<uint32_t, 4>{static_cast<uint32_t>(time_ns / kSecond), static_cast<uint32_t>(time_ns % kSecond),
                                     static_cast<uint32_t>(frame.size()), original_length});
  file_.write(reinterpret_cast<const char*>(frame.data()), static_cast<std::streamsize>(frame.size()));
}

void PcapFile::close() {
  file_.close();
  if (!file_) throw std::runtime_error("cannot write all of " + path_ + "; is the disk full?");
}

}  // namespace wirewatch::mix
