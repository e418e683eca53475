// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/handshake_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <random>

namespace wirewatch {
namespace {

Endpoint server(std::string_view address, uint16_t port) { return {*IpAddress::parse(address), port}; }

HandshakeRecord established(const Endpoint& to, int64_t rtt_ns, uint32_t resent = 0) {
  HandshakeRecord record;
  record.server = to;
  record.outcome = HandshakeOutcome::Established;
  record.syn_ack_rtt_ns = rtt_ns;
  record.syn_retransmissions = resent;
  return record;
}

HandshakeRecord without_answer(const Endpoint& to, HandshakeOutcome outcome) {
  HandshakeRecord record;
  record.server = to;
  record.outcome = outcome;
  return record;
}

struct Summaries {
  HandshakeGroup totals;
  std::vector<HandshakeGroup> by_server, by_port;
};

Summaries summarise(std::span<const HandshakeRecord> handshakes) {
  const std::array runs{handshakes};
  return {handshake_totals(runs), handshakes_by_server(runs, SIZE_MAX).rows, handshakes_by_port(runs, SIZE_MAX).rows};
}

std::vector<HandshakeRecord> many_handshakes(std::mt19937& random) {
  std::vector<HandshakeRecord> handshakes;
  for (uint64_t i = 0; i < 500; ++i) {
    handshakes.push_back(established(server("10.0.0." + std::to_string(1 + random() % 9), random() % 2 == 0 ? 443 : 80),
                                     static_cast<int64_t>(random() % 1000), random() % 5 == 0 ? 1 : 0));
    handshakes.back().syn_time = {static_cast<int64_t>(random() % 50)};
    handshakes.back().syn_frame = i + 1;
  }
  return handshakes;
}

TEST(RttSummary, TakesTheNearestRank) {
  struct Row {
    std::string_view description;
    int64_t samples, p50, p90, p99;
  };
  const std::vector<Row> rows{
      {"one sample is every percentile", 1, 1, 1, 1},   {"two", 2, 1, 2, 2},           {"three", 3, 2, 3, 3},
      {"ten", 10, 5, 9, 10},                            {"a hundred", 100, 50, 90, 99}, {"a hundred and one", 101, 51, 91, 100},
      {"a thousand", 1000, 500, 900, 990},
  };
  std::mt19937 random(1);
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    std::vector<int64_t> samples;
    for (int64_t i = 1; i <= row.samples; ++i) samples.push_back(i);
    std::shuffle(samples.begin(), samples.end(), random);
    const RttSummary summary = summarise_rtt(samples);
    EXPECT_EQ(summary.count, static_cast<uint64_t>(row.samples));
    EXPECT_EQ(summary.min_ns, 1);
    EXPECT_EQ(summary.p50_ns, row.p50);
    EXPECT_EQ(summary.p90_ns, row.p90);
    EXPECT_EQ(summary.p99_ns, row.p99);
    EXPECT_EQ(summary.max_ns, row.samples);
  }
}

TEST(RttSummary, OfNothingIsAbsentNotZero) {
  const RttSummary summary = summarise_rtt({});
  EXPECT_EQ(summary.count, 0u);
  EXPECT_FALSE(summary.p50_ns);
  EXPECT_FALSE(summary.max_ns);
  EXPECT_FALSE(summary.min_ns);
}

TEST(HandshakeSummaries, KeepAmbiguousSamplesOutOfPercentiles) {
  const Endpoint to = server("10.0.0.1", 443);
  const std::vector<HandshakeRecord> handshakes{established(to, 10), established(to, 20), established(to, 1000, 1)};
  const Summaries summaries = summarise(handshakes);
  EXPECT_EQ(summaries.totals.attempts, 3u);
  EXPECT_EQ(summaries.totals.established, 3u);
  EXPECT_EQ(summaries.totals.ambiguous, 1u);
  EXPECT_EQ(summaries.totals.rtt.count, 2u);
  EXPECT_EQ(summaries.totals.rtt.max_ns, 20);
  ASSERT_EQ(summaries.by_server.size(), 1u);
  EXPECT_EQ(summaries.by_server[0].rtt.max_ns, 20);
  EXPECT_EQ(summaries.by_server[0].ambiguous, 1u);
}

TEST(HandshakeSummaries, CountEveryOutcomePerServerAndPerPort) {
  const Endpoint a = server("10.0.0.1", 443), b = server("2001:db8::1", 443), c = server("10.0.0.1", 80);
  const std::vector<HandshakeRecord> handshakes{
      established(a, 30),
      without_answer(a, HandshakeOutcome::Refused),
      without_answer(a, HandshakeOutcome::Unanswered),
      without_answer(b, HandshakeOutcome::HalfOpen),
      established(b, 10),
      established(c, 0),
  };
  const Summaries summaries = summarise(handshakes);
  EXPECT_EQ(summaries.totals.attempts, 6u);
  EXPECT_EQ(summaries.totals.established, 3u);
  EXPECT_EQ(summaries.totals.refused, 1u);
  EXPECT_EQ(summaries.totals.unanswered, 1u);
  EXPECT_EQ(summaries.totals.half_open, 1u);
  ASSERT_EQ(summaries.by_server.size(), 3u);
  EXPECT_EQ(summaries.by_server[0].server, a) << "most attempts first";
  EXPECT_EQ(summaries.by_server[0].attempts, 3u);
  EXPECT_EQ(summaries.by_server[1].server, b);
  EXPECT_EQ(summaries.by_server[2].server, c);
  EXPECT_EQ(summaries.by_server[2].rtt.p50_ns, 0) << "zero is a valid time";
  ASSERT_EQ(summaries.by_port.size(), 2u);
  EXPECT_EQ(summaries.by_port[0].server.port, 443);
  EXPECT_TRUE(summaries.by_port[0].server.address.empty());
  EXPECT_EQ(summaries.by_port[0].attempts, 5u);
  EXPECT_EQ(summaries.by_port[0].rtt.count, 2u);
  EXPECT_EQ(summaries.by_port[0].rtt.min_ns, 10);
}

TEST(HandshakeSummaries, DoNotDependOnTheOrderOfTheRecords) {
  std::mt19937 random(8);
  std::vector<HandshakeRecord> handshakes = many_handshakes(random);
  const Summaries first = summarise(handshakes);
  std::shuffle(handshakes.begin(), handshakes.end(), random);
  const Summaries second = summarise(handshakes);
  ASSERT_EQ(first.by_server.size(), second.by_server.size());
  uint64_t attempts = 0, samples = 0;
  for (size_t i = 0; i < first.by_server.size(); ++i) {
    EXPECT_EQ(first.by_server[i].server, second.by_server[i].server);
    EXPECT_EQ(first.by_server[i].rtt.p50_ns, second.by_server[i].rtt.p50_ns);
    EXPECT_EQ(first.by_server[i].rtt.p99_ns, second.by_server[i].rtt.p99_ns);
    attempts += first.by_server[i].attempts;
    samples += first.by_server[i].rtt.count;
  }
  EXPECT_EQ(attempts, 500u);
  EXPECT_EQ(samples, first.totals.rtt.count);
}

TEST(HandshakeGroups, AreTheSameFirstOnesHoweverManyAreAskedForAndInHoweverManyPiecesTheyCome) {
  std::mt19937 random(9);
  const std::vector<HandshakeRecord> handshakes = many_handshakes(random);
  const std::span all(handshakes);
  const Summaries whole = summarise(handshakes);
  const std::array pieces{all.first(1), all.subspan(1, 200), all.subspan(201, 0), all.subspan(201)};
  for (const size_t most : {size_t{0}, size_t{1}, size_t{5}, size_t{17}, size_t{18}, size_t{1000}}) {
    SCOPED_TRACE(most);
    const RankedHandshakeGroups some = handshakes_by_server(pieces, most);
    EXPECT_EQ(some.all, whole.by_server.size());
    ASSERT_EQ(some.rows.size(), std::min(most, whole.by_server.size()));
    for (size_t i = 0; i < some.rows.size(); ++i) {
      EXPECT_EQ(some.rows[i].server, whole.by_server[i].server);
      EXPECT_EQ(some.rows[i].attempts, whole.by_server[i].attempts);
      EXPECT_EQ(some.rows[i].rtt.count, whole.by_server[i].rtt.count);
      EXPECT_EQ(some.rows[i].rtt.p90_ns, whole.by_server[i].rtt.p90_ns);
      EXPECT_EQ(some.rows[i].rtt.min_ns, whole.by_server[i].rtt.min_ns);
    }
  }
}

TEST(SlowestHandshakes, AreThoseThatSortingAllWouldPutFirst) {
  std::mt19937 random(10);
  const std::vector<HandshakeRecord> handshakes = many_handshakes(random);
  std::vector<HandshakeRecord> sorted;
  std::ranges::copy_if(handshakes, std::back_inserter(sorted), [](const HandshakeRecord& each) { return each.timed(); });
  std::ranges::sort(sorted, [](const HandshakeRecord& a, const HandshakeRecord& b) {
    if (a.syn_ack_rtt_ns != b.syn_ack_rtt_ns) return a.syn_ack_rtt_ns > b.syn_ack_rtt_ns;
    return a.syn_time != b.syn_time ? a.syn_time < b.syn_time : a.syn_frame < b.syn_frame;
  });
  const std::array pieces{std::span(handshakes).first(77), std::span(handshakes).subspan(77)};
  for (const size_t most : {size_t{0}, size_t{1}, size_t{5}, size_t{1000}}) {
    SCOPED_TRACE(most);
    const auto slowest = slowest_handshakes(pieces, most);
    ASSERT_EQ(slowest.size(), std::min(most, sorted.size()));
    for (size_t i = 0; i < slowest.size(); ++i) EXPECT_EQ(slowest[i].syn_frame, sorted[i].syn_frame);
  }
}

}  // namespace
}  // namespace wirewatch
