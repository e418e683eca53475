// SPDX-License-Identifier: BSD-3-Clause
// A client and a server of the kernel's own TCP, each in a namespace of its own, with a gap between their cables for the
// test to fill: client "left" ... "left_inner" | test | "right_inner" ... "right" server.
#pragma once

#include <sys/time.h>

#include <cstdint>
#include <memory>
#include <string>

#include "tests/netns/network_namespace.h"

namespace wirewatch::testing {

class TcpEnds {
 public:
  /// Made in the namespace of the calling thread, which gets the two inner interfaces; throws when it may not.
  explicit TcpEnds(const VethOptions& options);

  /// Sends that many bytes from the client to the server; how many the server got, all of them right.
  uint64_t transfer(uint64_t bytes) const;
  /// Connects, sends a request and waits for it to arrive: what of it the server got. Empty when nothing came for a second.
  std::string say(const std::string& request) const;

 private:
  FileDescriptor listen_for_one(const timeval& patience) const;

  std::unique_ptr<NetworkNamespace> client_;
  std::unique_ptr<NetworkNamespace> server_;
};

}  // namespace wirewatch::testing
