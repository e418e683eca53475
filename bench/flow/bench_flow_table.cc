// SPDX-License-Identifier: BSD-3-Clause
// Finding, adding and forgetting flows, from a table that fits the cache to one of ten million.
#include <cstring>
#include <vector>

#include "bench/mix/random.h"
#include "bench/rate.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/flow/syn_table.h"

namespace wirewatch {
namespace {

constexpr size_t kBatch = 64;       // a burst
constexpr size_t kDrawn = 1 << 16;  // lookups drawn beforehand, so that drawing is not measured

FlowKey key_of(uint32_t number) {
  FlowKey key;
  const uint32_t client = number * 0x9e3779b1u;  // odd, so that no two numbers give the same
  const uint32_t server = 0xc6120000u + number % 4096;
  std::memcpy(key.low_address.data(), &client, sizeof client);
  std::memcpy(key.high_address.data(), &server, sizeof server);
  key.low_port = static_cast<uint16_t>(number);
  key.high_port = 443;
  key.ip_protocol = 6;
  key.family = IpFamily::V4;
  return key;
}

struct Lookup {
  FlowKey key;
  uint64_t hash;
};

std::vector<Lookup> draw(uint32_t flows) {
  mix::Random random(1);
  std::vector<Lookup> drawn(kDrawn);
  for (auto& lookup : drawn) {
    lookup.key = key_of(random.below(flows));
    lookup.hash = hash(lookup.key);
  }
  return drawn;
}

void fill(FlowTable& table, uint32_t flows) {
  for (uint32_t i = 0; i < flows; ++i) {
    table.make_room(1);
    const auto key = key_of(i);
    table.insert(key, hash(key), i);
  }
}

/// As the worker does it: prefetch a burst, then look each up.
void BM_FlowTable_LookupHit(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  FlowTable table(flows);
  fill(table, flows);
  const auto drawn = draw(flows);
  size_t at = 0;
  for (auto _ : state) {
    for (size_t i = at; i < at + kBatch; ++i) table.prefetch(drawn[i].hash);
    for (size_t i = at; i < at + kBatch; ++i) table.prefetch_flow(drawn[i].key.family, drawn[i].hash);
    for (size_t i = at; i < at + kBatch; ++i) benchmark::DoNotOptimize(table.find(drawn[i].key, drawn[i].hash));
    at = (at + kBatch) % kDrawn;
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * kBatch);
}
BENCHMARK(BM_FlowTable_LookupHit)->ArgName("flows")->Arg(1 << 10)->Arg(100'000)->Arg(1 << 20)->Arg(10'000'000);

void BM_FlowTable_LookupMiss(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  FlowTable table(flows);
  fill(table, flows);
  auto drawn = draw(flows);
  for (auto& lookup : drawn) {
    lookup.key.ip_protocol = 17;
    lookup.hash = hash(lookup.key);
  }
  size_t at = 0;
  for (auto _ : state) {
    for (size_t i = at; i < at + kBatch; ++i) table.prefetch(drawn[i].hash);
    for (size_t i = at; i < at + kBatch; ++i) benchmark::DoNotOptimize(table.find(drawn[i].key, drawn[i].hash));
    at = (at + kBatch) % kDrawn;
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * kBatch);
}
BENCHMARK(BM_FlowTable_LookupMiss)->ArgName("flows")->Arg(1 << 10)->Arg(1 << 20);

void BM_FlowTable_InsertErase(benchmark::State& state) {
  const auto flows = static_cast<uint32_t>(state.range(0));
  FlowTable table(flows + kBatch);
  fill(table, flows);
  std::vector<Lookup> fresh(kBatch);
  std::vector<uint32_t> slots(kBatch);
  uint32_t next = flows;
  for (auto _ : state) {
    table.make_room(kBatch);
    for (size_t i = 0; i < kBatch; ++i) {
      fresh[i].key = key_of(next + static_cast<uint32_t>(i));
      fresh[i].hash = hash(fresh[i].key);
      slots[i] = table.insert(fresh[i].key, fresh[i].hash, 1);
    }
    for (const auto slot : slots) table.erase(slot);
    next += kBatch;
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()) * kBatch);
}
BENCHMARK(BM_FlowTable_InsertErase)->ArgName("flows")->Arg(1 << 10)->Arg(1 << 20);

/// A SYN flood: bare SYNs into a table that is full, each pushing out an older one.
void BM_SynTable_Flood(benchmark::State& state) {
  const auto most = static_cast<size_t>(state.range(0));
  SynTable table(most);
  table.make_room(most);
  uint32_t next = 0;
  for (auto _ : state) {
    PendingSyn syn;
    syn.key = key_of(next++);
    syn.frame_length = 60;
    benchmark::DoNotOptimize(table.insert(syn, hash(syn.key)));
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()));
}
BENCHMARK(BM_SynTable_Flood)->ArgName("most")->Arg(1 << 16)->Arg(4'000'000);

}  // namespace
}  // namespace wirewatch
