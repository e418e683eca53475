// SPDX-License-Identifier: BSD-3-Clause
// Decides which application a flow carries from its first payload packets. One per worker thread: it owns the
// Hyperscan scratch and the buffer the host name is read into. Nothing here allocates after construction.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "dataplane/classify/classify_trace.h"
#include "dataplane/classify/host_reader.h"
#include "dataplane/classify/rule_set.h"
#include "dataplane/base/verdict.h"

struct hs_scratch;

namespace wirewatch {

/// Who sent a payload; Unknown when no handshake told us who the client is.
enum class FlowDirection : uint8_t { ToServer, ToClient, Unknown };

struct FlowPayload {
  uint8_t ip_protocol = 0;  // 6, 17 or 132
  FlowDirection direction = FlowDirection::Unknown;
  uint16_t client_port = 0;
  uint16_t server_port = 0;
  std::span<const uint8_t> payload;  // as captured
  uint32_t original_length = 0;      // payload bytes on the wire; what is less than captured is ignored
  /// With Unknown: set when the sender is not the one whose payload came first, so that the two still stay
  /// apart.
  bool from_second_side = false;
  /// TCP: the sequence number of the first payload byte, and that of the sender's first byte when its SYN was seen. They
  /// put segments of a ClientHello in order; without them it is taken as it comes.
  uint32_t sequence = 0;
  uint32_t stream_begin = 0;
  bool has_sequence = false;
  bool has_stream_begin = false;
};

/// Of the first payload packets of each direction, how many are scanned.
inline constexpr uint8_t kScannedPackets = 4;
/// After this many payload packets of one direction without a word from the other, the other is not waited
/// for.
inline constexpr uint8_t kPatience = 32;
/// A first TCP segment shorter than this is kept, so that a message split after its first bytes is
/// recognised.
inline constexpr size_t kPrefixLimit = 16;

/// A flow's share of the work: plain bytes the flow owns. All zero is a fresh one.
struct ClassifyState {
  struct Claim {
    uint16_t signature;
    ApplicationId application;
  };
  static constexpr size_t kPending = 3;

  std::array<std::array<uint8_t, kPrefixLimit - 1>, 2> prefix;  // by sender: client, server
  std::array<uint8_t, 2> prefix_length;
  std::array<uint8_t, 2> packets;                      // with payload; stops counting at kPatience
  std::array<std::array<Claim, kPending>, 2> pending;  // weak matches that wait for the other direction
  Claim best;
  HelloWait hello;
  Evidence evidence;  // of `best`
  bool done;
};
static_assert(sizeof(ClassifyState) <= 72 && std::is_trivial_v<ClassifyState>);

/// `verdict` is the best so far; while not done it may still become a stronger or more specific one.
/// `host` (SNI, HTTP Host) belongs to the classifier and is valid until its next call; names() says more.
struct Classification {
  bool done = false;
  Verdict verdict;
  std::string_view host;
};

struct ClassifyCounters {
  uint64_t scans = 0;
  uint64_t scanned_bytes = 0;
  uint64_t errors = 0;           // hs_scan refused
  uint64_t dropped_matches = 0;  // more candidates or weak matches than there is room for
  uint64_t hellos_given_up = 0;  // ClientHellos of which the rest was no longer awaited because too many others were
};

class Classifier {
 public:
  /// Throws std::bad_alloc when there is no memory for the scratch.
  explicit Classifier(std::shared_ptr<const RuleSet> rules);
  ~Classifier();
  Classifier(Classifier&&) noexcept = default;
  Classifier& operator=(Classifier&&) noexcept = default;

  /// Takes the next payload packet of a flow, in either direction. Not to be called again once `done`.
  Classification observe(ClassifyState& state, const FlowPayload& packet) noexcept;

  /// At the end of a flow: the verdict reached, else a guess from the ports (Evidence::Port), else none.
  Verdict finish(ClassifyState& state, uint8_t ip_protocol, uint16_t client_port,
                 uint16_t server_port) noexcept;

  /// Tells `trace` of every candidate and choice from now on; null for nobody. It must outlive the listening.
  void explain_to(ClassifyTrace* trace) noexcept { trace_ = trace; }

  /// What the last payload observed says of names. They may come while `verdict` is long known, and before `done`.
  const FlowNames& names() const noexcept { return host_reader_.names(); }

  const RuleSet& rules() const noexcept { return *rules_; }
  ClassifyCounters counters() const noexcept {
    ClassifyCounters counters = counters_;
    counters.hellos_given_up = host_reader_.hellos_given_up();
    return counters;
  }

 private:
  struct Subject;
  struct Match {
    ClassifyState::Claim claim;
    Evidence evidence;
  };
  struct FreeScratch {
    void operator()(hs_scratch* scratch) const noexcept;
  };

  static int on_match(unsigned int id, unsigned long long from, unsigned long long to, unsigned int flags,
                      void* context) noexcept;
  static int on_whole_match(unsigned int id, unsigned long long from, unsigned long long to,
                            unsigned int flags, void* context) noexcept;
  void await_hello(ClassifyState& state, const FlowPayload& packet, size_t side) noexcept;
  bool named_by_hello(ClassifyState& state, const FlowPayload& packet) noexcept;
  void read_names(ClassifyState& state, std::span<const Match> matches, const Subject& subject) noexcept;
  void scan_packet(ClassifyState& state, const FlowPayload& packet, size_t side, Subject& subject) noexcept;
  void scan(ClassifyState& state, const Subject& subject) noexcept;
  void add_candidate(unsigned int signature) noexcept;
  std::span<const uint8_t> scanned_part(const Subject& subject) const noexcept;
  void find_candidates(const Subject& subject) noexcept;
  bool whole_matches(uint16_t signature, const Subject& subject) noexcept;
  void verify(ClassifyState& state, uint16_t signature, const Subject& subject) noexcept;
  void weigh_weak(ClassifyState& state, const ClassifyState::Claim& claim, const Subject& subject) noexcept;
  void add_match(const ClassifyState::Claim& claim, Evidence evidence) noexcept;
  void choose(ClassifyState& state, const Subject& subject) noexcept;
  void tell(uint16_t signature, CandidateFate fate, size_t detail = 0) const noexcept {
    if (trace_ != nullptr) [[unlikely]] trace_->on_candidate(signature, fate, detail);
  }
  void tell_choice(const ClassifyState::Claim& winner, std::span<const Match> matches) const noexcept;
  bool names_in_over(const ClassifyState::Claim& specific,
                     const ClassifyState::Claim& general) const noexcept;
  bool before(const Match& a, const Match& b) const noexcept;
  uint8_t later_senders(const ClassifyState& state) const noexcept;
  bool settled(const ClassifyState& state, const FlowPayload& packet, size_t side) const noexcept;

  std::shared_ptr<const RuleSet> rules_;
  std::unique_ptr<hs_scratch, FreeScratch> scratch_;
  std::vector<uint16_t> candidates_;  // SINGLEMATCH: one entry a signature is enough
  size_t candidate_count_ = 0;
  std::vector<Match> matches_;  // of the scan under way; room for every signature and the verdict so far
  size_t match_count_ = 0;
  HostReader host_reader_;
  ClassifyTrace* trace_ = nullptr;
  ClassifyCounters counters_;
};

}  // namespace wirewatch
