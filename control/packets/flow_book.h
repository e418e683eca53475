// SPDX-License-Identifier: BSD-3-Clause
// What became of every flow of a capture, for looking up by frame: its application, its counts, its handshake. Written by
// one pass of the pipeline over the capture, read by the pass that filters and prints.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/classify/host_list.h"
#include "dataplane/classify/rule_set.h"
#include "dataplane/filter/frame.h"
#include "dataplane/pipeline/worker.h"

namespace wirewatch {

class FlowBook final : public EventSink {
 public:
  /// `hosts` tells services by their hosts; null: none are told.
  explicit FlowBook(std::shared_ptr<const RuleSet> rules, std::shared_ptr<const HostList> hosts = nullptr)
      : rules_(std::move(rules)), hosts_(std::move(hosts)) {}

  void on_handshake(const HandshakeRecord& handshake) noexcept override;
  void on_flow(const FlowRecord& flow) noexcept override;
  /// Once the pipeline has finished; find() answers from then on.
  void finish();

  /// The frame's flow, nullptr when it has none; valid until the next call.
  const FlowContext* find(const Layers& layers, uint64_t frame_number) noexcept;

  /// Flows and handshakes that there was no room for.
  uint64_t refused() const noexcept { return refused_; }

 private:
  struct Entry {
    FlowKey key;
    uint32_t handshake = kNone;
    uint64_t hash = 0;
    uint64_t first_frame = 0;
    uint64_t packets = 0;
    uint64_t bytes = 0;
    ApplicationId application = kUnknownApplication;
    Evidence evidence = Evidence::None;
    uint64_t names_at = 0;       // in names_
    uint32_t names_length = 0;   // 0: it has none
  };
  struct HandshakeEntry {
    uint64_t hash = 0;
    HandshakeRecord record;
  };
  static constexpr uint32_t kNone = 0xffffffff;
  static constexpr size_t kMost = 20'000'000;

  void join_handshakes();
  void make_index();
  void fill(const Entry& entry) noexcept;

  std::shared_ptr<const RuleSet> rules_;
  std::shared_ptr<const HostList> hosts_;
  std::vector<char> names_;                // sheets, one behind the other
  std::vector<Entry> entries_;             // by hash, then by first frame
  std::vector<HandshakeEntry> handshakes_; // by hash, then by frame of the SYN
  std::vector<uint32_t> index_;            // the first entry of a hash's; open addressing
  uint32_t filled_ = kNone;                // the entry that context_ is of
  FlowContext context_;
  uint64_t refused_ = 0;
};

}  // namespace wirewatch
