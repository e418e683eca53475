// SPDX-License-Identifier: BSD-3-Clause
// Names of hosts to services: "www.youtube.com" is youtube, a video service, since youtube.com is. A hash table of domains,
// apart from the protocol databases, which names would triple. Immutable once built, shared by all threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace wirewatch {

struct HostService {
  std::string name;
  std::string category;
};

/// A domain in lower case without dots at its ends, and the index of its service.
struct ListedDomain {
  std::string domain;
  uint32_t service = 0;
};

class HostList {
 public:
  HostList() : HostList({}, {}) {}
  /// Of domains that are named twice, the last one counts.
  HostList(std::vector<HostService> services, const std::vector<ListedDomain>& domains);

  /// The service of the longest listed domain that `host` (lower case) is or lies below; null when there is none.
  const HostService* find(std::string_view host) const noexcept;

  size_t domain_count() const noexcept { return count_; }
  const std::vector<HostService>& services() const noexcept { return services_; }

 private:
  struct Slot {
    uint32_t tag = 0;   // the upper half of the hash; 0: empty
    uint32_t name = 0;  // offset in names_
    uint32_t length = 0;
    uint32_t service = 0;
  };
  const Slot* lookup(std::string_view suffix, uint64_t hash) const noexcept;

  std::vector<HostService> services_;
  std::vector<Slot> slots_;  // a power of two, at most half full
  std::string names_;
  size_t count_ = 0;
  size_t longest_ = 0;  // characters of the longest domain
};

}  // namespace wirewatch
