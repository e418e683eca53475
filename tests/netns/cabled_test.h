// SPDX-License-Identifier: BSD-3-Clause
// A test inside a namespace of its own, with a cable from "left" to "right". Skipped without the privilege.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "tests/netns/frame_sender.h"
#include "tests/netns/network_namespace.h"
#include "tests/support/packet_builder.h"

namespace wirewatch::testing {

inline Bytes udp_frame(size_t payload, uint16_t port = 1000) {
  return eth().ipv4("10.0.0.1", "10.0.0.2").udp(port, 2000).zeros(payload).bytes();
}

class CabledTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto made = NetworkNamespace::make();
    if (!made) GTEST_SKIP() << made.error().message;
    inside_ = std::make_unique<NetworkNamespace>(std::move(*made));
    visit_.emplace(*inside_);
  }

  void cable(const VethOptions& options = {}) {
    make_veth_pair("left", "right", options);
    left_.emplace("left");
    right_.emplace("right");
  }

  std::unique_ptr<NetworkNamespace> inside_;
  std::optional<NetworkNamespace::Visit> visit_;
  std::optional<FrameSender> left_;
  std::optional<FrameSender> right_;
};

}  // namespace wirewatch::testing
