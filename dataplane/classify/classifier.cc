// SPDX-License-Identifier: BSD-3-Clause
// Scan, verify, choose. Hyperscan reports matches in an order of its own; nothing below depends on it.
#include "dataplane/classify/classifier.h"

#include <hs.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace wirewatch {
namespace {

constexpr size_t kJoinedBytes = 2048;  // of a second segment, enough for a ClientHello or a request head

uint8_t transport_bit(uint8_t ip_protocol) noexcept {
  switch (ip_protocol) {
    case 6:
      return kTcpBit;
    case 17:
      return kUdpBit;
    case 132:
      return kSctpBit;
    default:
      return 0;
  }
}

uint8_t sender_bits(FlowDirection direction) noexcept {
  if (direction == FlowDirection::ToServer) return kClientBit;
  return direction == FlowDirection::ToClient ? kServerBit : kAnySender;
}

size_t side_of(const FlowPayload& packet) noexcept {
  if (packet.direction == FlowDirection::Unknown) return packet.from_second_side ? 1 : 0;
  return packet.direction == FlowDirection::ToClient ? 1 : 0;
}

Verdict verdict_of(const ClassifyState& state) noexcept {
  return {state.best.application, state.evidence, state.best.signature};
}

}  // namespace

/// What one scan looks at.
struct Classifier::Subject {
  PredicateInput input;
  uint8_t transport = 0;
  uint8_t senders = 0;
  size_t side = 0;
  size_t kept = 0;  // leading bytes that are of an earlier segment
  uint32_t sequence = 0;  // TCP, of the payload behind them
  bool has_sequence = false;
};

void Classifier::FreeScratch::operator()(hs_scratch* scratch) const noexcept { hs_free_scratch(scratch); }

Classifier::Classifier(std::shared_ptr<const RuleSet> rules) : rules_(std::move(rules)) {
  hs_scratch_t* scratch = nullptr;
  const auto make_room = [&](const hs_database_t* database) {
    if (database == nullptr || hs_alloc_scratch(database, &scratch) == HS_SUCCESS) return;
    hs_free_scratch(scratch);
    throw std::bad_alloc();
  };
  for (uint16_t byte = 0; byte <= kAnyFirstByte; ++byte) {
    make_room(rules_->database(kTcpBit, byte));
    make_room(rules_->database(kUdpBit, byte));
  }
  for (size_t i = 0; i < rules_->signature_count(); ++i)
    make_room(rules_->own_database(static_cast<uint16_t>(i)));
  scratch_.reset(scratch);
  candidates_.resize(rules_->signature_count());
  matches_.resize(rules_->signature_count() + 1);
}

Classifier::~Classifier() = default;

void Classifier::add_candidate(unsigned int signature) noexcept {
  if (signature < candidates_.size() && candidate_count_ < candidates_.size()) {
    candidates_[candidate_count_++] = static_cast<uint16_t>(signature);
  } else {
    ++counters_.dropped_matches;
  }
}

int Classifier::on_match(unsigned int id, unsigned long long, unsigned long long, unsigned int,
                         void* context) noexcept {
  static_cast<Classifier*>(context)->add_candidate(id);
  return 0;
}

int Classifier::on_whole_match(unsigned int, unsigned long long, unsigned long long, unsigned int,
                               void* context) noexcept {
  *static_cast<bool*>(context) = true;
  return 0;
}

Classification Classifier::observe(ClassifyState& state, const FlowPayload& packet) noexcept {
  host_reader_.begin();
  const uint8_t transport = transport_bit(packet.ip_protocol);
  if (transport == 0) state.done = true;
  if (state.done || packet.payload.empty()) return {state.done, verdict_of(state), {}};

  const size_t side = side_of(packet);
  if (state.packets[side] < kPatience) ++state.packets[side];
  await_hello(state, packet, side);
  // After a strong verdict only the rest of a split message and the first words of the other side are of
  // interest: they may make it more specific.
  const bool decided = state.evidence == Evidence::Payload && state.prefix_length[side] == 0;
  const bool first_alone = decided && (later_senders(state) & sender_bits(packet.direction)) == 0;
  const uint8_t wanted = first_alone ? uint8_t{1} : kScannedPackets;
  if (state.packets[side] <= wanted) {
    Subject subject{{packet.payload, 0, packet.server_port, packet.client_port},
                    transport,
                    sender_bits(packet.direction),
                    side,
                    0,
                    packet.sequence,
                    packet.has_sequence};
    scan_packet(state, packet, side, subject);
  }
  const bool named = named_by_hello(state, packet);
  state.done = (named || settled(state, packet, side)) && !state.hello.for_hello();
  if (!state.done) return {false, verdict_of(state), names().host};
  return {true, finish(state, packet.ip_protocol, packet.client_port, packet.server_port), names().host};
}

/// A ClientHello may say what will be spoken inside. Whatever comes later is encrypted and adds nothing.
bool Classifier::named_by_hello(ClassifyState& state, const FlowPayload& packet) noexcept {
  if (names().ja4.empty() || state.hello.for_hello()) return false;
  const HelloVerdict said = rules_->name_by_hello(
      {state.best.application, names().alpn, names().host, packet.server_port, packet.client_port});
  if (said.application == kUnknownApplication) return false;
  state.best.application = said.application;
  state.evidence = said.evidence;
  if (trace_ != nullptr) [[unlikely]] {
    trace_->on_match(state.best.signature, said.application, said.evidence, MatchFate::Won, state.best.signature);
  }
  return true;
}

/// Hands the packet on to a ClientHello that is awaited, or keeps it when it overtook the sender's first one.
void Classifier::await_hello(ClassifyState& state, const FlowPayload& packet, size_t side) noexcept {
  const bool waits = state.hello.ticket.serial != 0;
  const bool early = packet.has_stream_begin && static_cast<int32_t>(packet.sequence - packet.stream_begin) > 0 &&
                     (state.packets[side] == 1 || (waits && !state.hello.for_hello()));
  if (!waits && !early) [[likely]] return;
  const SentBytes sent{packet.payload, packet.sequence, packet.has_sequence, static_cast<uint8_t>(side)};
  if (waits) host_reader_.resume(sent, state.hello);
  if (early) host_reader_.keep_early(sent, packet.stream_begin, state.hello);
}

void Classifier::scan_packet(ClassifyState& state, const FlowPayload& packet, size_t side,
                             Subject& subject) noexcept {
  const auto payload = packet.payload;
  const auto wire_length = std::max<int64_t>(packet.original_length, static_cast<int64_t>(payload.size()));
  auto& prefix = state.prefix[side];
  uint8_t& prefix_length = state.prefix_length[side];
  const bool first = state.packets[side] == 1;

  if (prefix_length > 0) {
    std::array<uint8_t, kPrefixLimit + kJoinedBytes> joined;
    const size_t added = std::min(payload.size(), kJoinedBytes);
    std::memcpy(joined.data(), prefix.data(), prefix_length);
    std::memcpy(joined.data() + prefix_length, payload.data(), added);
    subject.input.bytes = {joined.data(), prefix_length + added};
    subject.input.length = prefix_length + wire_length;
    subject.kept = prefix_length;
    scan(state, subject);
    subject.kept = 0;
    const size_t total = subject.input.bytes.size();
    if (total < kPrefixLimit) std::memcpy(prefix.data(), joined.data(), total);
    prefix_length = total < kPrefixLimit ? static_cast<uint8_t>(total) : uint8_t{0};
    if (state.evidence == Evidence::Payload) return;
  } else if (first && subject.transport == kTcpBit && payload.size() < kPrefixLimit) {
    std::memcpy(prefix.data(), payload.data(), payload.size());
    prefix_length = static_cast<uint8_t>(payload.size());
  }
  subject.input.bytes = payload;
  subject.input.length = wire_length;
  scan(state, subject);
}

void Classifier::scan(ClassifyState& state, const Subject& subject) noexcept {
  if (trace_ != nullptr) [[unlikely]] trace_->on_scan(subject.input.bytes, subject.input.length, subject.kept);
  find_candidates(subject);
  match_count_ = 0;
  for (size_t i = 0; i < candidate_count_; ++i) verify(state, candidates_[i], subject);
  if (match_count_ > 0) choose(state, subject);
}

std::span<const uint8_t> Classifier::scanned_part(const Subject& subject) const noexcept {
  const auto bytes = subject.input.bytes;
  return bytes.first(std::min<size_t>(bytes.size(), rules_->scan_limit(subject.transport)));
}

void Classifier::find_candidates(const Subject& subject) noexcept {
  candidate_count_ = 0;
  const auto add = [&](uint16_t signature) noexcept { add_candidate(signature); };
  const uint16_t server_port = subject.input.server_port;
  const uint16_t client_port = subject.input.client_port;
  rules_->for_signatures_of_port(server_port, add);
  if (client_port != server_port) rules_->for_signatures_of_port(client_port, add);
  const auto part = scanned_part(subject);
  if (rules_->has_databases(subject.transport) && !part.empty()) {
    for (const uint16_t byte : {uint16_t{part.front()}, kAnyFirstByte}) {
      const hs_database_t* const database = rules_->database(subject.transport, byte);
      if (database == nullptr) continue;
      if (hs_scan(database, reinterpret_cast<const char*>(part.data()), static_cast<unsigned>(part.size()), 0,
                  scratch_.get(), &Classifier::on_match, this) != HS_SUCCESS)
        ++counters_.errors;
    }
    ++counters_.scans;
    counters_.scanned_bytes += part.size();
  }
  const auto begin = candidates_.begin();
  const auto end = begin + static_cast<std::ptrdiff_t>(candidate_count_);
  std::sort(begin, end);
  // A signature may have both ports.
  candidate_count_ = static_cast<size_t>(std::unique(begin, end) - begin);
}

/// The shared database knows the first bytes of some signatures and nothing of those looked for by port.
bool Classifier::whole_matches(uint16_t signature, const Subject& subject) noexcept {
  const hs_database_t* const database = rules_->own_database(signature);
  if (database == nullptr) return true;
  bool matched = false;
  const auto part = scanned_part(subject);
  if (hs_scan(database, reinterpret_cast<const char*>(part.data()), static_cast<unsigned>(part.size()), 0,
              scratch_.get(), &Classifier::on_whole_match, &matched) != HS_SUCCESS)
    ++counters_.errors;
  return matched;
}

void Classifier::verify(ClassifyState& state, uint16_t index, const Subject& subject) noexcept {
  const Signature& signature = rules_->signature(index);
  if ((signature.transports & subject.transport) == 0) return tell(index, CandidateFate::OtherTransport);
  if ((signature.senders & subject.senders) == 0) return tell(index, CandidateFate::OtherSender);
  const auto tests = rules_->tests(signature);
  for (size_t i = 0; i < tests.size(); ++i) {
    if (!holds(tests[i], subject.input)) return tell(index, CandidateFate::TestFailed, i);
  }
  if (!whole_matches(index, subject)) return tell(index, CandidateFate::ExpressionFailed);
  ClassifyState::Claim claim{index, signature.protocol};
  if (const auto refinements = rules_->refinements(signature); !refinements.empty()) {
    const auto value = evaluate(signature.refine_field, subject.input);
    const auto at = std::ranges::lower_bound(refinements, value.value_or(-1), {}, &Refinement::value);
    if (value && at != refinements.end() && at->value == *value) claim.application = at->application;
  }
  switch (signature.strength) {
    case Strength::Strong:
      tell(index, CandidateFate::Strong);
      return add_match(claim, Evidence::Payload);
    case Strength::NeedsPort: {
      const auto ports = rules_->ports(signature);
      const bool listed = std::ranges::any_of(ports, [&](uint16_t port) noexcept {
        return port == subject.input.server_port || port == subject.input.client_port;
      });
      if (!listed) return weigh_weak(state, claim, subject);
      tell(index, CandidateFate::ConfirmedByPort);
      return add_match(claim, Evidence::Confirmed);
    }
    case Strength::NeedsBothDirections:
      return weigh_weak(state, claim, subject);
  }
}

/// A weak match meets its like from the other direction, or waits for it.
void Classifier::weigh_weak(ClassifyState& state, const ClassifyState::Claim& claim,
                            const Subject& subject) noexcept {
  const Signature& signature = rules_->signature(claim.signature);
  if (!rules_->confirmed_by_both_directions(signature.protocol)) return tell(claim.signature, CandidateFate::NotConfirmed);
  const bool willing = signature.strength == Strength::NeedsBothDirections;
  for (const auto& other : state.pending[1 - subject.side]) {
    if (other.signature == 0) break;
    const Signature& theirs = rules_->signature(other.signature);
    if (theirs.protocol != signature.protocol) continue;
    if (!willing && theirs.strength != Strength::NeedsBothDirections) continue;
    tell(claim.signature, CandidateFate::ConfirmedByOther, other.signature);
    return add_match(willing ? claim : other, Evidence::Confirmed);
  }
  tell(claim.signature, CandidateFate::Waits);
  // One slot a protocol is enough, and it is best held by the signature that the other direction can confirm.
  for (auto& slot : state.pending[subject.side]) {
    const bool same = slot.signature != 0 && rules_->signature(slot.signature).protocol == signature.protocol;
    if (same && !willing) return;
    if (!same && slot.signature != 0) continue;
    slot = claim;
    return;
  }
  ++counters_.dropped_matches;
}

void Classifier::add_match(const ClassifyState::Claim& claim, Evidence evidence) noexcept {
  if (match_count_ < matches_.size()) matches_[match_count_++] = {claim, evidence};
}

bool Classifier::names_in_over(const ClassifyState::Claim& specific,
                               const ClassifyState::Claim& general) const noexcept {
  const ApplicationId protocol = rules_->signature(general.signature).protocol;
  return std::ranges::any_of(
      rules_->over(rules_->signature(specific.signature)),
      [&](ApplicationId id) noexcept { return id == protocol || id == general.application; });
}

bool Classifier::before(const Match& a, const Match& b) const noexcept {
  if (a.evidence != b.evidence) return a.evidence > b.evidence;
  const Signature& left = rules_->signature(a.claim.signature);
  const Signature& right = rules_->signature(b.claim.signature);
  if (left.tests.count != right.tests.count) return left.tests.count > right.tests.count;
  if (left.minimum_width != right.minimum_width) return left.minimum_width > right.minimum_width;
  return a.claim.signature < b.claim.signature;
}

void Classifier::choose(ClassifyState& state, const Subject& subject) noexcept {
  const Match so_far{state.best, state.evidence};
  if (so_far.evidence == Evidence::Payload) {
    const auto is_of_interest = [&](const Match& match) noexcept {
      return match.claim.signature == so_far.claim.signature || names_in_over(match.claim, so_far.claim);
    };
    const auto end = std::partition(
        matches_.begin(), matches_.begin() + static_cast<std::ptrdiff_t>(match_count_), is_of_interest);
    const auto kept = static_cast<size_t>(end - matches_.begin());
    for (size_t i = kept; trace_ != nullptr && i < match_count_; ++i) {
      const Match& late = matches_[i];
      trace_->on_match(late.claim.signature, late.claim.application, late.evidence, MatchFate::TooLate, so_far.claim.signature);
    }
    match_count_ = kept;
    if (match_count_ == 0) return;
  }
  if (so_far.evidence != Evidence::None) matches_[match_count_++] = so_far;
  const std::span<const Match> matches(matches_.data(), match_count_);
  const auto outdone = [&](const Match& match) noexcept {
    return std::ranges::any_of(matches, [&](const Match& other) noexcept {
      return names_in_over(other.claim, match.claim) && !names_in_over(match.claim, other.claim);
    });
  };
  const Match* winner = nullptr;
  for (const Match& match : matches) {
    if (!outdone(match) && (winner == nullptr || before(match, *winner))) winner = &match;
  }
  if (winner == nullptr) return;  // rules that outdo one another in a circle decide nothing
  state.best = winner->claim;
  state.evidence = winner->evidence;
  if (trace_ != nullptr) [[unlikely]] tell_choice(winner->claim, matches);
  read_names(state, matches, subject);
}

/// The more specific protocol need not know how to find the host that the one beneath it carries.
void Classifier::read_names(ClassifyState& state, std::span<const Match> matches, const Subject& subject) noexcept {
  const SentBytes sent{subject.input.bytes, subject.sequence - static_cast<uint32_t>(subject.kept), subject.has_sequence,
                       static_cast<uint8_t>(subject.side)};
  host_reader_.read(rules_->signature(state.best.signature).extractor, sent, state.hello);
  for (const Match& match : matches) {
    if (!names().host.empty() || state.hello.for_hello()) return;
    if (names_in_over(state.best, match.claim)) {
      host_reader_.read(rules_->signature(match.claim.signature).extractor, sent, state.hello);
    }
  }
}

void Classifier::tell_choice(const ClassifyState::Claim& winner, std::span<const Match> matches) const noexcept {
  for (const Match& match : matches) {
    MatchFate fate = match.claim.signature == winner.signature ? MatchFate::Won : MatchFate::RankedLow;
    uint16_t by = winner.signature;
    for (const Match& other : matches) {
      if (!names_in_over(other.claim, match.claim) || names_in_over(match.claim, other.claim)) continue;
      fate = MatchFate::Outdone;
      by = other.claim.signature;
    }
    trace_->on_match(match.claim.signature, match.claim.application, match.evidence, fate, by);
  }
}

/// Whose later packets may still make the verdict so far more specific.
uint8_t Classifier::later_senders(const ClassifyState& state) const noexcept {
  return rules_->later_senders(state.best.application) |
         rules_->later_senders(rules_->signature(state.best.signature).protocol);
}

bool Classifier::settled(const ClassifyState& state, const FlowPayload& packet, size_t side) const noexcept {
  const uint8_t mine = state.packets[side];
  const uint8_t theirs = state.packets[1 - side];
  if (state.evidence == Evidence::Payload) {
    const Signature& signature = rules_->signature(state.best.signature);
    const uint8_t refining =
        rules_->refining_senders(state.best.application) | rules_->refining_senders(signature.protocol);
    const uint8_t senders = sender_bits(packet.direction);
    const uint8_t others = senders == kAnySender ? kAnySender : senders ^ kAnySender;
    const bool rest_may_tell = (refining & senders) != 0 || signature.extractor != Extractor::None;
    if (state.prefix_length[side] > 0 && mine < kScannedPackets && rest_may_tell) return false;
    const uint8_t later = later_senders(state);
    if ((later & senders) != 0 && mine < kScannedPackets) return false;
    if ((later & others) != 0 && theirs < kScannedPackets && mine < kPatience) return false;
    return theirs > 0 || mine >= kScannedPackets || (refining & others) == 0;
  }
  return (mine >= kScannedPackets && theirs >= kScannedPackets) || mine >= kPatience;
}

Verdict Classifier::finish(ClassifyState& state, uint8_t ip_protocol, uint16_t client_port,
                           uint16_t server_port) noexcept {
  state.done = true;
  host_reader_.give_up(state.hello);
  if (state.evidence != Evidence::None) return verdict_of(state);
  const uint8_t transport = transport_bit(ip_protocol);
  ApplicationId guess = rules_->guess(transport, server_port);
  // Without a handshake the two may be swapped; the lower port is the likelier service.
  if (guess == kUnknownApplication && client_port < server_port)
    guess = rules_->guess(transport, client_port);
  if (guess == kUnknownApplication) return {};
  return {guess, Evidence::Port, 0};
}

}  // namespace wirewatch
