// SPDX-License-Identifier: BSD-3-Clause
// A network namespace without a name: it lives as long as something of this process is open in it, so that nothing is
// left behind however a test ends, and no real interface can be reached from inside.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/base/file_descriptor.h"

namespace wirewatch::testing {

class NetworkNamespace {
 public:
  /// The calling thread stays where it is. An Error says what privilege is missing.
  static Result<NetworkNamespace> make();

  /// Moves the calling thread inside until destroyed. Sockets made meanwhile stay inside.
  class Visit {
   public:
    explicit Visit(const NetworkNamespace& where);
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit();

   private:
    FileDescriptor home_;
  };

  /// For setns(2), and for children.
  int fd() const noexcept { return fd_.get(); }

 private:
  explicit NetworkNamespace(FileDescriptor fd) noexcept : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

/// Runs a program in the namespace of the calling thread and waits for it; throws with its output when it fails.
void run(const std::vector<std::string>& command);

/// As run(), but says whether it worked and keeps quiet.
bool try_run(const std::vector<std::string>& command);

struct VethOptions {
  unsigned queues = 1;
  unsigned mtu = 1500;
  bool offloads = false;  // off: frames are then on the link as they were sent
};

/// Two interfaces joined by a cable, both up and silent (no IPv6, no ARP), in the namespace of the calling thread.
void make_veth_pair(const std::string& one, const std::string& other, const VethOptions& options = {});

}  // namespace wirewatch::testing
