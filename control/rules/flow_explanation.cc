// SPDX-License-Identifier: BSD-3-Clause
// A second reading of the files: only frames of this flow are looked at, from its first frame to as many as it has.
#include "control/rules/flow_explanation.h"

#include <algorithm>
#include <array>
#include <optional>

#include "control/rules/predicate_text.h"
#include "dataplane/packet/parse.h"
#include "dataplane/packet/transport_number.h"
#include "dataplane/source/file_chain.h"

namespace wirewatch {
namespace {

using transport_number::kTcp;
constexpr size_t kAtOnce = 256;

class Recorder final : public ClassifyTrace {
 public:
  explicit Recorder(const RuleSet& rules) : rules_(rules) {}

  void begin(const FlowPayload& payload) {
    ports_ = {payload.server_port, payload.client_port};
    scans.clear();
  }
  void on_scan(std::span<const uint8_t> bytes, int64_t wire_length, size_t kept) noexcept override {
    input_ = {bytes, wire_length, ports_[0], ports_[1]};
    const auto shown = bytes.first(std::min(bytes.size(), kShownBytes));
    scans.push_back({{shown.begin(), shown.end()}, wire_length, kept, {}, {}});
  }
  void on_candidate(uint16_t index, CandidateFate fate, size_t detail) noexcept override {
    ExplainedCandidate candidate{index, fate, 0, {}};
    if (fate == CandidateFate::ConfirmedByOther) candidate.other = static_cast<uint16_t>(detail);
    const auto tests = rules_.tests(rules_.signature(index));
    size_t made = tests.size();
    if (fate == CandidateFate::OtherTransport || fate == CandidateFate::OtherSender) made = 0;
    if (fate == CandidateFate::TestFailed) made = detail + 1;
    for (const Predicate& test : tests.first(made)) {
      candidate.tests.push_back({text_of(test), wirewatch::compared(test, input_), holds(test, input_)});
    }
    if (!scans.empty()) scans.back().candidates.push_back(std::move(candidate));
  }
  void on_match(uint16_t signature, ApplicationId application, Evidence evidence, MatchFate fate,
                uint16_t by) noexcept override {
    if (!scans.empty()) scans.back().matches.push_back({signature, application, evidence, fate, by});
  }

  std::vector<ExplainedScan> scans;

 private:
  const RuleSet& rules_;
  std::array<uint16_t, 2> ports_{};
  PredicateInput input_;
};

/// Which end sent a frame of the flow; nothing when the frame is of another flow.
std::optional<bool> from_client(const Layers& layers, const FlowRecord& flow) {
  if (!layers.has_flow || layers.key.ip_protocol != flow.ip_protocol) return std::nullopt;
  const Endpoint low = layers.key.low(), high = layers.key.high();
  if (low == flow.client && high == flow.server) return layers.source_is_low;
  if (high == flow.client && low == flow.server) return !layers.source_is_low;
  return std::nullopt;
}

/// A segment that is sent again is not looked at again, as in the pipeline.
class Copies {
 public:
  bool is_copy(const Layers& layers, bool client) {
    if (layers.key.ip_protocol != kTcp) return false;
    std::optional<uint32_t>& last = last_[client ? 0 : 1];
    if (last == layers.tcp_sequence) return true;
    last = layers.tcp_sequence;
    return false;
  }

 private:
  std::array<std::optional<uint32_t>, 2> last_;
};

}  // namespace

Result<FlowExplanation> explain_flow(const std::vector<std::string>& paths, std::shared_ptr<const RuleSet> rules,
                                     const FlowRecord& flow) {
  auto chain = FileChain::open(paths);
  if (!chain) return tl::unexpected(chain.error());
  Recorder recorder(*rules);
  Classifier classifier(rules);
  classifier.explain_to(&recorder);
  ClassifyState state{};
  FlowExplanation explanation;
  Copies copies;
  PacketBatch batch;
  uint64_t left = flow.total().packets;
  while (left > 0 && !state.done && (*chain)->read(batch, kAtOnce) > 0) {
    for (const Packet& packet : batch.packets) {
      if (packet.number < flow.first_frame) continue;
      Layers layers;
      parse(packet, {}, layers);
      const auto client = from_client(layers, flow);
      if (!client || left == 0) continue;
      --left;
      if (state.done || layers.payload_length == 0 || copies.is_copy(layers, *client)) continue;
      const FlowPayload payload{.ip_protocol = flow.ip_protocol,
                                .direction = !flow.client_known ? FlowDirection::Unknown
                                             : *client          ? FlowDirection::ToServer
                                                                : FlowDirection::ToClient,
                                .client_port = flow.client.port,
                                .server_port = flow.server.port,
                                .payload = layers.payload(packet),
                                .original_length = layers.payload_length,
                                .from_second_side = !*client,
                                .sequence = layers.tcp_sequence,
                                .has_sequence = flow.ip_protocol == kTcp};
      recorder.begin(payload);
      const Classification said = classifier.observe(state, payload);
      const FlowNames& names = classifier.names();
      explanation.packets.push_back({.frame = packet.number,
                                     .from_client = *client,
                                     .scans = std::move(recorder.scans),
                                     .after = said.verdict,
                                     .host = std::string(names.host),
                                     .alpn = std::string(names.alpn),
                                     .ja4 = std::string(names.ja4),
                                     .user_agent = std::string(names.user_agent),
                                     .encrypted_hello = names.encrypted_hello,
                                     .done = said.done});
      recorder.scans = {};
    }
  }
  explanation.verdict = classifier.finish(state, flow.ip_protocol, flow.client.port, flow.server.port);
  return explanation;
}

}  // namespace wirewatch
