// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/saved_sums.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "control/daemon/state_text.h"
#include "dataplane/stats/rtt_histogram.h"

namespace wirewatch {
namespace {

constexpr uint64_t kSumsLayout = 3;
constexpr uint64_t kNoMorePorts = UINT64_MAX;
static_assert(RttHistogram::kBuckets <= 256, "a bucket's number and its count go into one word");

void write(StateWriter& out, const ApplicationSums& sums) {
  for (const uint64_t value : {sums.flows, sums.traffic.packets, sums.traffic.bytes, sums.sent.packets, sums.sent.bytes,
                               sums.received.packets, sums.received.bytes, static_cast<uint64_t>(sums.strongest)}) {
    out.number(value);
  }
}

ApplicationSums read_sums(StateReader& in) {
  ApplicationSums sums;
  for (uint64_t* value : {&sums.flows, &sums.traffic.packets, &sums.traffic.bytes, &sums.sent.packets, &sums.sent.bytes,
                          &sums.received.packets, &sums.received.bytes}) {
    *value = in.number();
  }
  const uint64_t evidence = in.number();
  in.broken = in.broken || evidence > static_cast<uint64_t>(Evidence::Payload);
  sums.strongest = static_cast<Evidence>(evidence);
  return sums;
}

void write(StateWriter& out, const HandshakeLog::PortHistograms& by_port) {
  for (const auto& [capture_port, histograms] : by_port) {
    for (const auto& [server_port, rtt] : histograms) {
      const auto& buckets = rtt.buckets();
      for (const uint64_t value : {uint64_t{capture_port}, uint64_t{server_port}, rtt.sum_ns(), static_cast<uint64_t>(rtt.max_ns()),
                                   rtt.negative(), static_cast<uint64_t>(std::ranges::count_if(buckets, [](uint64_t n) { return n > 0; }))}) {
        out.number(value);
      }
      for (size_t i = 0; i < buckets.size(); ++i) {
        if (buckets[i] > 0) out.number(buckets[i] << 8 | i);
      }
    }
  }
  out.number(kNoMorePorts);
}

void read(StateReader& in, HandshakeLog::PortHistograms& by_port) {
  for (uint64_t capture_port = in.number(); capture_port != kNoMorePorts && !in.broken; capture_port = in.number()) {
    const uint64_t server_port = in.number(), sum_ns = in.number(), max_ns = in.number(), negative = in.number();
    std::array<uint64_t, RttHistogram::kBuckets> buckets{};
    for (uint64_t left = in.number(); left > 0 && !in.broken; --left) {
      const uint64_t cell = in.number();
      in.broken = in.broken || (cell & 0xff) >= buckets.size();
      if (!in.broken) buckets[cell & 0xff] = cell >> 8;
    }
    in.broken = in.broken || capture_port > 0xffff || server_port > 0xffff || max_ns > INT64_MAX;
    if (in.broken) return;
    by_port[static_cast<uint16_t>(capture_port)][static_cast<uint16_t>(server_port)] =
        RttHistogram(buckets, sum_ns, static_cast<int64_t>(max_ns), negative);
  }
}

ApplicationSums at(const std::vector<ApplicationSums>& table, size_t id) {
  return id < table.size() ? table[id] : ApplicationSums{};
}
void put(std::vector<ApplicationSums>& table, ApplicationId id, const ApplicationSums& sums) {
  if (table.size() <= id) table.resize(size_t{id} + 1);
  table[id] += sums;
}

}  // namespace

std::string encode(const SavedSums& sums, const ApplicationNames& names) {
  StateWriter out;
  out.number(kSumsLayout);
  out.number(sums.generation);
  for (const uint64_t value : {sums.flows.flows, sums.flows.unclassified, sums.flows.without_payload}) out.number(value);
  const HandshakeCounts& counts = sums.handshakes;
  for (const uint64_t value :
       {counts.attempts, counts.established, counts.refused, counts.unanswered, counts.half_open, counts.ambiguous, counts.clock_unsteady}) {
    out.number(value);
  }
  const auto cells = counts.rtt.words();
  out.number(cells.size());
  for (const uint64_t value : cells) out.number(value);
  write(out, sums.by_port);
  const size_t most = std::max(sums.flows.detected.size(), sums.flows.guessed.size());
  for (size_t id = 1; id < most; ++id) {
    const ApplicationSums detected = at(sums.flows.detected, id), guessed = at(sums.flows.guessed, id);
    if (detected.flows + guessed.flows == 0) continue;
    out.words(names.name(static_cast<ApplicationId>(id)));
    out.words(names.category(static_cast<ApplicationId>(id)));
    write(out, detected);
    write(out, guessed);
  }
  out.words({});
  return std::move(out.text);
}

std::optional<SavedSums> decode_sums(std::string_view text, NameCatalogue& catalogue) {
  StateReader in(text);
  if (in.number() != kSumsLayout) return std::nullopt;
  SavedSums sums;
  sums.generation = in.number();
  for (uint64_t* value : {&sums.flows.flows, &sums.flows.unclassified, &sums.flows.without_payload}) *value = in.number();
  HandshakeCounts& counts = sums.handshakes;
  for (uint64_t* value :
       {&counts.attempts, &counts.established, &counts.refused, &counts.unanswered, &counts.half_open, &counts.ambiguous, &counts.clock_unsteady}) {
    *value = in.number();
  }
  std::vector<uint64_t> cells;
  for (uint64_t left = in.number(); left > 0 && !in.broken; --left) cells.push_back(in.number());
  in.broken = in.broken || !counts.rtt.assign(cells);
  read(in, sums.by_port);
  while (!in.broken) {
    const std::string_view name = in.words();
    if (name.empty()) break;
    const std::string_view category = in.words();
    const ApplicationSums detected = read_sums(in), guessed = read_sums(in);
    if (in.broken) break;
    const ApplicationId id = catalogue.id_of(std::string(name), std::string(category));
    put(sums.flows.detected, id, detected);
    put(sums.flows.guessed, id, guessed);
  }
  if (in.broken) return std::nullopt;
  return sums;
}

}  // namespace wirewatch
