// SPDX-License-Identifier: BSD-3-Clause
// tcpdump's filter syntax, compiled and interpreted by libpcap (5 to 21 ns a packet): the filter people have in their
// fingers. A BPF program looks at bytes at fixed places, so there is one a link type. DPDK's translation of these
// programs is not used: it is wrong for `tcp[13] = 2`.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/packet/packet.h"

namespace wirewatch {

class BpfFilter {
 public:
  /// Holds on to the expression; link types are compiled for as they turn up.
  explicit BpfFilter(std::string expression);
  ~BpfFilter();
  BpfFilter(BpfFilter&&) noexcept;
  BpfFilter& operator=(BpfFilter&&) noexcept;

  /// Compiles for frames of this LINKTYPE_, once; an Error gives libpcap's reason. Host names in the expression are
  /// looked up by libpcap, as tcpdump does.
  Result<void> prepare(uint16_t link_type);
  /// A frame of a link type that could not be prepared, or was not, does not match.
  bool matches(const Packet& packet) const noexcept;

  const std::string& expression() const noexcept { return expression_; }

 private:
  struct Program;
  const Program* find(uint16_t link_type) const noexcept;

  std::string expression_;
  std::vector<std::unique_ptr<Program>> programs_;  // one a link type, a handful at most
};

}  // namespace wirewatch
