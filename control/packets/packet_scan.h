// SPDX-License-Identifier: BSD-3-Clause
// The one loop of `wirewatch packets`: reads frames, keeps what a filter has to know around them, and hands on those that
// match. Only what was asked for is done: a BPF filter alone never parses a frame.
#pragma once

#include <cstdint>
#include <string>

#include "control/packets/flow_book.h"
#include "control/packets/packet_files.h"
#include "dataplane/capture/bpf_filter.h"
#include "dataplane/filter/filter.h"
#include "dataplane/filter/frame.h"

namespace wirewatch {

/// How often a printer looks whether somebody still reads.
inline constexpr uint64_t kLinesBetweenChecks = 4096;

/// Takes the frames that match; either function returns false to end the scan.
class FrameVisitor {
 public:
  virtual ~FrameVisitor() = default;
  virtual bool on_frame(const Frame& frame) = 0;
  /// The frames that do not match, where ScanOptions::others asks for them.
  virtual void on_other(const Frame&) {}
  /// What was read so far is used up, and more may take its time to come.
  virtual bool on_pause() { return true; }
};

struct ScanOptions {
  Filter* filter = nullptr;   // both have to hold
  BpfFilter* bpf = nullptr;
  FlowBook* flows = nullptr;  // for Frame::flow
  Needs needs{};              // of the filter and of the visitor
  bool layers = true;         // the visitor looks at Frame::layers
  bool others = false;        // and at the frames that do not match
  uint64_t most = UINT64_MAX; // matches, after which the scan ends
};

struct ScanTotals {
  uint64_t read = 0;
  uint64_t matched = 0;
  bool bpf_compiled = false;  // for at least one link type
  std::string bpf_fault;      // the first link type's that the expression does not fit
};

/// `visitor` may be nullptr to count only.
ScanTotals scan(PacketFiles& files, const ScanOptions& options, FrameVisitor* visitor);

/// Runs the pipeline over the files from their start, and leaves them at their end. `hosts` may be null.
std::unique_ptr<FlowBook> read_flows(PacketFiles& files, std::shared_ptr<const RuleSet> rules, std::shared_ptr<const HostList> hosts,
                                     size_t max_flows);

}  // namespace wirewatch
