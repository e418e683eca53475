// SPDX-License-Identifier: BSD-3-Clause
// The packets that -Y and --bpf choose of some captures: compiles the filters, and reads the flows beforehand where
// filter or output speak of what a flow turned out to be.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/packets/packet_scan.h"

namespace wirewatch {

struct ChosenOptions {
  std::vector<std::string> files;
  std::string filter;              // display filter; empty: none
  std::string bpf;                 // BPF expression; empty: none
  Needs needs{};                   // of the output
  std::vector<std::string> rules{};  // --rules
  std::shared_ptr<const RuleSet> loaded{};  // the same, if somebody has them already
  size_t max_flows = 10'000'000;
  bool keep_input = false;         // standard input will be read once more afterwards
};

/// Compiles a display filter, with the applications of the rules as names only when it does not compile without: loading
/// the rules takes longer than filtering a small file.
struct CompiledFilter {
  Filter filter;
  std::shared_ptr<const RuleSet> rules;  // when they were needed
};
Result<CompiledFilter> compile_filter(const std::string& text, const std::vector<std::string>& rules,
                                      std::shared_ptr<const RuleSet> loaded = nullptr);

class ChosenPackets {
 public:
  static Result<ChosenPackets> open(ChosenOptions options);

  /// `layers`, `others`: what the visitor looks at, see ScanOptions.
  ScanTotals scan(FrameVisitor* visitor, uint64_t most, bool layers, bool others = false);
  const PacketFiles& files() const noexcept { return *files_; }
  /// A sentence when the BPF expression fits none of the link types that were read; of a wrong expression as well.
  std::string bpf_fault(const ScanTotals& totals);

 private:
  ChosenPackets() = default;

  std::unique_ptr<PacketFiles> files_;  // stays in place: visitors refer to it
  std::optional<Filter> filter_;
  std::optional<BpfFilter> bpf_;
  std::unique_ptr<FlowBook> flows_;
  Needs needs_;
};

}  // namespace wirewatch
