// SPDX-License-Identifier: BSD-3-Clause
// Every DNS answer of a saved capture, to be asked when all of it is read: which name had this client asked for when it
// began to speak to that address? Each worker writes a log; the names of all are gathered and put in the order of frames, so
// that the answer does not depend on which worker saw what.
#pragma once

#include <cstddef>
#include <cstdint>
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

/// The notes of all workers. Gathered once, at the end: expect, add, arrange; then read by all.
class DnsNames {
 public:
  /// So many notes will be added in all.
  void expect(size_t notes);
  /// A worker's notes, one after the other in the order of frames. No more than expected.
  void add(const DnsNote& note);
  /// All notes are there: from here on names can be asked for.
  void arrange();

  /// What `client` had been told last before `frame` and could still go by at `time`; empty when nothing.
  std::string_view name_of(const IpAddress& client, const IpAddress& server, uint64_t frame, Timestamp time) const noexcept;
  bool empty() const noexcept { return notes_.empty(); }

 private:
  /// What is noted of one client and one address.
  struct Group {
    IpAddress client;
    IpAddress server;
    uint32_t first = 0;  // of its notes, once arranged
    uint32_t count = 0;
  };
  struct Note {
    uint64_t frame = 0;
    int64_t expires_ns = 0;
    std::string_view name;
    uint32_t group = 0;  // while they are gathered
  };

  size_t place_of(const IpAddress& client, const IpAddress& server) const noexcept;

  std::vector<uint32_t> index_;  // a hash table of the groups by number, from 1; at most half full
  std::vector<Group> groups_;
  std::vector<Note> notes_;      // as they came, then by group and frame
};

}  // namespace wirewatch
