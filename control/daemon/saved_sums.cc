// SPDX-License-Identifier: BSD-3-Clause
#include "control/daemon/saved_sums.h"

#include <array>
#include <cstring>

#include "dataplane/stats/rtt_histogram.h"

namespace wirewatch {
namespace {

constexpr uint64_t kLayout = 2;

class Writer {
 public:
  void number(uint64_t value) { text.append(reinterpret_cast<const char*>(&value), sizeof(value)); }
  void words(std::string_view value) {
    number(value.size());
    text.append(value);
  }
  std::string text;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  uint64_t number() {
    uint64_t value = 0;
    if (text_.size() < sizeof(value)) {
      broken = true;
      return 0;
    }
    std::memcpy(&value, text_.data(), sizeof(value));
    text_.remove_prefix(sizeof(value));
    return value;
  }
  std::string_view words() {
    const uint64_t size = number();
    if (size > text_.size()) {
      broken = true;
      return {};
    }
    const std::string_view value = text_.substr(0, size);
    text_.remove_prefix(size);
    return value;
  }
  bool broken = false;

 private:
  std::string_view text_;
};

void write(Writer& out, const ApplicationSums& sums) {
  for (const uint64_t value : {sums.flows, sums.traffic.packets, sums.traffic.bytes, sums.sent.packets, sums.sent.bytes,
                               sums.received.packets, sums.received.bytes, static_cast<uint64_t>(sums.strongest)}) {
    out.number(value);
  }
}

ApplicationSums read_sums(Reader& in) {
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

ApplicationSums at(const std::vector<ApplicationSums>& table, size_t id) {
  return id < table.size() ? table[id] : ApplicationSums{};
}
void put(std::vector<ApplicationSums>& table, ApplicationId id, const ApplicationSums& sums) {
  if (table.size() <= id) table.resize(size_t{id} + 1);
  table[id] += sums;
}

}  // namespace

std::string encode(const SavedSums& sums, const ApplicationNames& names) {
  Writer out;
  out.number(kLayout);
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
  Reader in(text);
  if (in.number() != kLayout) return std::nullopt;
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
