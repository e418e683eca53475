// SPDX-License-Identifier: BSD-3-Clause
// What classification costs a packet of mixed traffic as rules grow in number, and what a host name costs. Flows are
// looked up beforehand: only the classifier is timed, over all packets, also those that it never sees.
#include <cstring>
#include <map>
#include <random>
#include <unordered_map>

#include "bench/classify/synthetic_rules.h"
#include "bench/mix/mixed_packets.h"
#include "bench/rate.h"
#include "bench/rules.h"
#include "control/rules/host_list_file.h"
#include "control/rules/rule_compiler.h"
#include "dataplane/classify/classifier.h"
#include "dataplane/packet/parse.h"

namespace wirewatch {
namespace {

constexpr size_t kPackets = 200'000;

struct Seen {
  uint32_t flow;
  FlowPayload payload;
};

/// The payloads of mixed traffic in order, each with the number of its flow.
struct Mixed {
  mix::MixedPackets packets;
  std::vector<Seen> payloads;
  size_t flows = 0;

  Mixed() : packets([] {
      mix::MixOptions options;
      options.packets = kPackets;
      return options;
    }()) {
    std::unordered_map<uint64_t, std::pair<uint32_t, bool>> known;  // by hash: number, and does the low end begin
    for (const Packet& packet : packets.packets()) {
      Layers layers;
      parse(packet, {}, layers);
      if (!layers.has_flow) continue;
      const auto [at, fresh] = known.try_emplace(layers.flow_hash, static_cast<uint32_t>(known.size()), layers.source_is_low);
      if (layers.payload_length == 0) continue;
      const bool low_is_client = at->second.second;
      const bool from_client = layers.source_is_low == low_is_client;
      payloads.push_back({at->second.first,
                          {.ip_protocol = layers.key.ip_protocol,
                           .direction = from_client ? FlowDirection::ToServer : FlowDirection::ToClient,
                           .client_port = low_is_client ? layers.key.low_port : layers.key.high_port,
                           .server_port = low_is_client ? layers.key.high_port : layers.key.low_port,
                           .payload = layers.payload(packet),
                           .original_length = layers.payload_length,
                           .sequence = layers.tcp_sequence,
                           .has_sequence = layers.key.ip_protocol == 6}});
    }
    flows = known.size();
  }
};

const Mixed& mixed() {
  static const Mixed all;
  return all;
}

size_t catalogue_size() { return shipped_rules()->signature_count() - 1; }

void BM_Rules_Mix(benchmark::State& state) {
  const auto wanted = static_cast<size_t>(state.range(0));
  static std::map<size_t, std::shared_ptr<const RuleSet>> kept;
  std::shared_ptr<const RuleSet>& rules = kept[wanted];
  if (!rules) {
    const auto compiled = compile_rules(rules_of_size(WIREWATCH_SOURCE_RULES, wanted == 0 ? catalogue_size() : wanted, catalogue_size()));
    if (!compiled) return state.SkipWithError(compiled.error().message.c_str());
    rules = RuleSet::load(compiled->blob).value();
  }
  Classifier classifier(rules);
  std::vector<ClassifyState> flows(mixed().flows);
  for (auto _ : state) {
    std::memset(flows.data(), 0, flows.size() * sizeof(ClassifyState));
    for (const Seen& seen : mixed().payloads) {
      if (!flows[seen.flow].done) benchmark::DoNotOptimize(classifier.observe(flows[seen.flow], seen.payload).verdict);
    }
  }
  state.counters["signatures"] = static_cast<double>(rules->signature_count() - 1);
  state.counters["scans_per_flow"] =
      static_cast<double>(classifier.counters().scans) / static_cast<double>(flows.size() * static_cast<size_t>(state.iterations()));
  report_rate(state, static_cast<uint64_t>(state.iterations()) * mixed().packets.packets().size());
}
BENCHMARK(BM_Rules_Mix)->ArgName("rules")->Arg(100)->Arg(0)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void BM_HostList_Find(benchmark::State& state) {
  const auto names = static_cast<uint32_t>(state.range(0));
  std::mt19937 random(1);
  std::vector<ListedDomain> domains;
  std::vector<std::string> hosts;
  for (uint32_t i = 0; i < names; ++i) {
    const std::string domain = "service-" + std::to_string(random() % 1'000'000) + (i % 3 == 0 ? ".com" : ".example.net");
    domains.push_back({domain, 0});
    hosts.push_back(i % 2 == 0 ? "www." + domain : "cdn" + std::to_string(i) + ".elsewhere.org");
  }
  const HostList list({{"service", "cloud"}}, domains);
  size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(list.find(hosts[at]));
    at = at + 1 == hosts.size() ? 0 : at + 1;
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()));
}
BENCHMARK(BM_HostList_Find)->ArgName("names")->Arg(1'000)->Arg(10'000)->Arg(100'000);

}  // namespace
}  // namespace wirewatch
