// SPDX-License-Identifier: BSD-3-Clause
// Counting a packet in the tables of the report.
#include "bench/mix/random.h"
#include "bench/rate.h"
#include "dataplane/stats/tables.h"

namespace wirewatch {
namespace {

constexpr size_t kDrawn = 1 << 14;

void BM_Tables_CountDestination(benchmark::State& state) {
  const auto rows = static_cast<uint32_t>(state.range(0));
  mix::Random random(1);
  std::vector<Endpoint> drawn(kDrawn);
  for (auto& end : drawn) {
    const uint32_t row = random.below(rows);
    const std::array<uint8_t, 4> address{10, static_cast<uint8_t>(row >> 16), static_cast<uint8_t>(row >> 8), static_cast<uint8_t>(row)};
    end = {IpAddress::v4(address.data()), 443};
  }
  Tables tables(4'000'000);
  tables.make_room(rows);
  size_t at = 0;
  for (auto _ : state) {
    tables.count_destination(drawn[at], 6, {1, 64});
    at = (at + 1) % kDrawn;
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()));
}
BENCHMARK(BM_Tables_CountDestination)->ArgName("rows")->Arg(100)->Arg(10'000)->Arg(1'000'000);

void BM_PathTable_IdOf(benchmark::State& state) {
  PathTable table;
  std::vector<ProtocolPath> paths(static_cast<size_t>(state.range(0)));
  for (size_t i = 0; i < paths.size(); ++i) {
    paths[i] = {Protocol::Eth, static_cast<Protocol>(1 + i % 30), static_cast<Protocol>(1 + i / 30)};
    table.id_of(paths[i]);
  }
  size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.id_of(paths[at]));
    at = at + 1 == paths.size() ? 0 : at + 1;
  }
  report_rate(state, static_cast<uint64_t>(state.iterations()));
}
BENCHMARK(BM_PathTable_IdOf)->ArgName("paths")->Arg(8)->Arg(200);

}  // namespace
}  // namespace wirewatch
