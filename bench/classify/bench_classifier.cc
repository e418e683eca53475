// SPDX-License-Identifier: BSD-3-Clause
// The first payload packet of a flow through the shipped rules.
#include "bench/mix/payloads.h"
#include "bench/mix/quic.h"
#include "bench/rate.h"
#include "bench/rules.h"
#include "dataplane/classify/classifier.h"

namespace wirewatch {
namespace {

void observe_first(benchmark::State& state, uint8_t ip_protocol, uint16_t server_port, std::span<const uint8_t> payload) {
  Classifier classifier(shipped_rules());
  for (auto _ : state) {
    ClassifyState flow{};
    const auto result = classifier.observe(flow, {.ip_protocol = ip_protocol,
                                                  .direction = FlowDirection::ToServer,
                                                  .client_port = 50'000,
                                                  .server_port = server_port,
                                                  .payload = payload,
                                                  .original_length = static_cast<uint32_t>(payload.size())});
    benchmark::DoNotOptimize(result.verdict);
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()));
}

constexpr uint8_t kTcp = 6, kUdp = 17;

void BM_Classifier_TlsClientHello(benchmark::State& state) {
  mix::Random random(1);
  const auto hello = mix::tls_record(22, mix::client_hello("www.example.com", false, random).view());
  observe_first(state, kTcp, 443, hello.view());
}
BENCHMARK(BM_Classifier_TlsClientHello);

void BM_Classifier_HttpRequest(benchmark::State& state) {
  observe_first(state, kTcp, 80, mix::http_request("GET", "www.example.com", "/index.html").view());
}
BENCHMARK(BM_Classifier_HttpRequest);

void BM_Classifier_DnsQuery(benchmark::State& state) {
  observe_first(state, kUdp, 53, mix::dns_query(7, "www.example.com", 1).view());
}
BENCHMARK(BM_Classifier_DnsQuery);

void BM_Classifier_QuicInitial(benchmark::State& state) {
  mix::Random random(1);
  const auto hello = mix::client_hello("www.example.com", true, random);
  observe_first(state, kUdp, 443, mix::quic_client_initial(hello.view(), {1, 2, 3, 4, 5, 6, 7, 8}).view());
}
BENCHMARK(BM_Classifier_QuicInitial);

void BM_Classifier_Noise(benchmark::State& state) {
  mix::Random random(1);
  const auto noise = mix::noise(static_cast<size_t>(state.range(1)), random);
  observe_first(state, static_cast<uint8_t>(state.range(0)), 9443, noise.view());
}
BENCHMARK(BM_Classifier_Noise)->ArgNames({"transport", "bytes"})->Args({kTcp, 100})->Args({kTcp, 1448})->Args({kUdp, 100})->Args({kUdp, 1448});

}  // namespace
}  // namespace wirewatch
