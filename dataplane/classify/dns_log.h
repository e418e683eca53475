// SPDX-License-Identifier: BSD-3-Clause
// Every DNS answer of a saved capture, to be asked when all of it is read: which name had this client asked for when it
// began to speak to that address? Each worker writes a log; the names of all are put in the order of frames, so that the
// answer does not depend on which worker saw what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/classify/dns_answer.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch {

/// One address that a client was given.
struct DnsNote {
  IpAddress client;
  IpAddress server;
  uint64_t frame = 0;
  int64_t expires_ns = 0;
  std::string_view name;  // owned by whoever wrote the note
};

/// The notes of all workers, ready to be asked. Made once, at the end; read by all.
class DnsNames {
 public:
  DnsNames() = default;
  explicit DnsNames(std::vector<DnsNote> notes);

  /// What `client` had been told last before `frame` and could still go by at `time`; empty when nothing.
  std::string_view name_of(const IpAddress& client, const IpAddress& server, uint64_t frame, Timestamp time) const noexcept;
  bool empty() const noexcept { return notes_.empty(); }

 private:
  struct Group {
    uint32_t first = 0;
    uint32_t count = 0;  // 0: no group
  };

  std::vector<DnsNote> notes_;   // by client, server, frame
  std::vector<Group> groups_;    // a hash table of the pairs of client and server, at most half full
};

}  // namespace wirewatch
