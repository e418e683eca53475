// SPDX-License-Identifier: BSD-3-Clause
// Runs the extractor a signature names and keeps the host it found. One per classifier.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/classify/extractor.h"
#include "dataplane/classify/host_name.h"
#include "dataplane/classify/quic_initial.h"

namespace wirewatch {

class HostReader {
 public:
  /// Empty when the payload holds no usable name; valid until the next call.
  std::string_view read(Extractor extractor, std::span<const uint8_t> payload) noexcept;

 private:
  HostName name_;
  QuicInitial quic_;
};

}  // namespace wirewatch
