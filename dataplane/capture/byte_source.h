// SPDX-License-Identifier: BSD-3-Clause
// Bytes that come one after the other: a pipe, or the inside of a gzip or zstd file.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dataplane/base/result.h"
#include "dataplane/capture/file_mapping.h"

namespace wirewatch {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fills at most `into`, at least one byte unless the source is at its end or broken; returns how many.
  virtual size_t read(std::span<uint8_t> into) = 0;
  /// A sentence when the source broke off before its end, otherwise empty.
  const std::string& fault() const noexcept { return fault_; }
  /// Bytes taken from the file itself so far.
  virtual uint64_t taken() const noexcept = 0;

 protected:
  std::string fault_;
};

enum class Compression : uint8_t { None, Gzip, Zstd };
/// By the magic number.
Compression detect_compression(std::span<const uint8_t> head) noexcept;
/// "", "gzip" or "zstd".
const char* to_string(Compression compression) noexcept;

/// The bytes of `file`, uncompressed when it is a gzip or zstd file, of any number of members or frames.
struct OpenedSource {
  std::unique_ptr<ByteSource> source;
  Compression compression = Compression::None;
};
OpenedSource open_source(FileDescriptor file);

}  // namespace wirewatch
