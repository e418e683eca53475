// SPDX-License-Identifier: BSD-3-Clause
// A worker that never ends gives the answers of one that does: however its flows are cut into records, and with what it
// has not folded yet named, so that the sums balance at any moment.
#include <gtest/gtest.h>

#include <map>

#include "dataplane/base/timestamp.h"
#include "tests/pipeline/live_run.h"
#include "tests/pipeline/traffic_mix.h"

namespace wirewatch::testing {
namespace {

/// Frames in the order of their times, as a port brings them.
std::vector<SentFrame> as_it_happened(std::vector<SentFrame> frames) {
  std::stable_sort(frames.begin(), frames.end(), [](const SentFrame& a, const SentFrame& b) { return a.time < b.time; });
  return frames;
}

template <typename Key, typename Value, typename Text>
std::map<std::string, std::string> rows(const BoundedMap<Key, Value>& map, Text text) {
  std::map<std::string, std::string> sorted;
  map.for_each([&](const Key& key, const Value& value) {
    sorted[std::string(reinterpret_cast<const char*>(&key), sizeof key)] = text(value);
  });
  return sorted;
}

std::string text(const Traffic& traffic) { return std::to_string(traffic.packets) + "/" + std::to_string(traffic.bytes); }

enum class Compare { Everything, AllButSides };

/// Who a flow's client is may turn out after some of it was folded, which only a mad flow does: AllButSides is for those.
void expect_same(const Tables& live, const Tables& saved, Compare compare) {
  const bool sides = compare == Compare::Everything;
  std::map<std::string, std::string> paths[2], applications[2];
  size_t which = 0;
  for (const Tables* tables : {&live, &saved}) {
    const auto name_of = [&](uint16_t path) {
      const ProtocolPath& protocols = tables->paths[path];
      return std::string(reinterpret_cast<const char*>(protocols.data()), protocols.size());
    };
    const auto text_of = [&](const SidedTraffic& traffic) {
      std::string all = text(traffic.total());
      for (const Traffic& each : traffic.by_side) all += sides ? " " + text(each) : "";
      return all;
    };
    for (uint16_t path = 1; path < tables->paths.size(); ++path) paths[which][name_of(path)] = text_of(tables->by_path[path]);
    tables->by_application.for_each([&](const PathApplication& key, const SidedTraffic& traffic) {
      applications[which][name_of(key.path) + std::to_string(key.application)] = text_of(traffic);
    });
    ++which;
  }
  // Tables of bytes are no use in a message.
  EXPECT_TRUE(paths[0] == paths[1]);
  EXPECT_TRUE(applications[0] == applications[1]);
  EXPECT_TRUE(rows(live.destinations, text) == rows(saved.destinations, text));
  const auto endpoint = [&](const EndpointCounts& counts) {
    const std::string flows = std::to_string(counts.opened) + "," + std::to_string(counts.accepted);
    return text(counts.sent) + " " + text(counts.received) + " " + (sides ? flows : "");
  };
  EXPECT_TRUE(rows(live.endpoints, endpoint) == rows(saved.endpoints, endpoint));
  if (!sides) return;
  const auto conversation = [](const ConversationCounts& counts) {
    return std::to_string(counts.connections) + " " + text(counts.to_server) + " " + text(counts.to_client) + " " +
           std::to_string(counts.application);
  };
  EXPECT_TRUE(rows(live.conversations, conversation) == rows(saved.conversations, conversation));
}

/// Connections and questions as they are, a few hundred at a time, each from its own client.
std::vector<SentFrame> ordinary_traffic(unsigned connections) {
  std::vector<SentFrame> frames;
  for (unsigned i = 0; i < connections; ++i) {
    const std::string client = "10.1." + std::to_string(i % 7) + "." + std::to_string(1 + i % 250), server = "10.0.0." + std::to_string(1 + i % 5);
    const auto port = static_cast<uint16_t>(20000 + i);
    int64_t at = kSecond_ns + i * kMillisecond;
    const auto step = [&] { return at += (7 + i % 50) * kMillisecond; };
    const auto says = [&](std::string_view text) { return eth().ipv4(client, server).tcp(port, 8000).ack().seq(2).payload(text); };
    const auto answers = [&](std::string_view text) { return eth().ipv4(server, client).tcp(8000, port).ack().seq(6).payload(text); };
    if (i % 4 == 3) {
      frames.push_back(sent(eth().ipv6("2001:db8::1", "2001:db8::2").udp(port, 53).payload(i % 8 == 3 ? "query" : "noise"), at));
      frames.push_back(sent(eth().ipv6("2001:db8::2", "2001:db8::1").udp(53, port).payload("an answer"), step()));
      continue;
    }
    frames.push_back(sent(eth().ipv4(client, server).tcp(port, 8000).syn().seq(1), at));
    if (i % 16 == 0) continue;  // nobody answers
    frames.push_back(sent(eth().ipv4(server, client).tcp(8000, port).syn_ack().seq(5).ack_number(2), step()));
    frames.push_back(sent(eth().ipv4(client, server).tcp(port, 8000).ack().seq(2).ack_number(6), step()));
    for (unsigned k = 0; k < 2 + i % 12; ++k) {
      frames.push_back(sent(says(i % 3 == 0 ? "hello there, how are you" : "something else altogether").seq(2 + 30 * k), step()));
      frames.push_back(sent(answers("not saying").seq(6 + 30 * k), step()));
    }
    frames.push_back(sent(eth().ipv4(client, server).tcp(port, 8000).flags(kFin | kAck).seq(900), step()));
    frames.push_back(sent(eth().ipv4(server, client).tcp(8000, port).flags(kFin | kAck).seq(900), step()));
  }
  return as_it_happened(std::move(frames));
}

TEST(LiveWorker, CountsWhatASavedCaptureOfTheSameFramesCounts) {
  struct Row {
    std::string_view description;
    std::vector<SentFrame> frames;
    Compare compare;
  };
  const std::vector<Row> all{{"ordinary traffic", ordinary_traffic(600), Compare::Everything},
                             {"anything", as_it_happened(traffic_mix(1, 3000)), Compare::AllButSides},
                             {"anything else", as_it_happened(traffic_mix(2, 3000)), Compare::AllButSides}};
  for (const Row& row : all) {
    SCOPED_TRACE(row.description);
    WorkerRun saved;
    saved.feed(row.frames).finish();
    WorkerOptions options = live_options(kMillisecond);
    options.ageing = {};
    LiveRun live(options);
    live.feed(row.frames);
    live.worker.finish();
    const auto snapshot = live.state.read_worker(0);
    ASSERT_TRUE(snapshot);
    EXPECT_EQ(snapshot->counters.by_status, saved.worker.counters().by_status);
    EXPECT_EQ(text(snapshot->counters.total), text(saved.worker.counters().total));
    EXPECT_EQ(text(snapshot->live.not_yet_folded), text({}));
    expect_same(snapshot->tables, saved.worker.tables(), row.compare);
  }
}

TEST(LiveWorker, HandsOnFlowsInPartsThatAddUp) {
  const auto frames = ordinary_traffic(600);
  WorkerRun saved;
  saved.feed(frames).finish();
  WorkerOptions options = live_options(kMillisecond);
  options.ageing = {};
  LiveRun live(options);
  live.feed(frames);
  live.worker.finish();
  live.drain();
  struct Sum {
    Traffic parts, total;
    bool ended = false;
  };
  std::map<FlowId, Sum> flows;
  for (const FlowEvent& event : live.flows) {
    Sum& sum = flows[event.progress.id];
    EXPECT_FALSE(sum.ended) << "a record after the last one";
    sum.parts += event.record.total();
    sum.total = {event.progress.total_to_server.packets + event.progress.total_to_client.packets,
                 event.progress.total_to_server.bytes + event.progress.total_to_client.bytes};
    sum.ended = event.progress.final();
  }
  Traffic all;
  for (const auto& [id, sum] : flows) {
    EXPECT_TRUE(sum.ended);
    EXPECT_EQ(text(sum.parts), text(sum.total));
    all += sum.total;
  }
  EXPECT_GT(live.flows.size(), flows.size() + 100) << "no flow was handed on before it ended";
  // SYNs that nothing followed are told as handshakes alone.
  const auto unanswered = static_cast<size_t>(std::count_if(saved.handshakes.begin(), saved.handshakes.end(), [](const HandshakeRecord& each) {
    return each.outcome == HandshakeOutcome::Unanswered;
  }));
  EXPECT_EQ(flows.size() + unanswered, saved.flows.size());
  EXPECT_EQ(all.packets + unanswered, saved.in_flows().packets);
  EXPECT_EQ(live.handshakes.size(), saved.handshakes.size());
  EXPECT_EQ(live.reader.dropped(), 0u);
}

TEST(LiveWorker, BalancesAtAnyMoment) {
  const auto frames = as_it_happened(traffic_mix(9, 4000));
  LiveRun live(live_options(10 * kMillisecond));
  for (size_t at = 0; at < frames.size(); at += 500) {
    live.feed(std::span(frames).subspan(at, 500));
    const Worker& worker = live.worker.worker();
    Traffic sum = in_paths(worker.tables());
    sum += worker.live_counters().not_yet_folded;
    ASSERT_EQ(text(sum), text(worker.counters().total)) << at;
    const WorkerSnapshot snapshot = live.snapshot();
    sum = in_paths(snapshot.tables);
    sum += snapshot.live.not_yet_folded;
    ASSERT_EQ(text(sum), text(snapshot.counters.total)) << at;
  }
}

TEST(LiveWorker, CountsFramesBeforeTheVerdictForTheNameToo) {
  LiveRun live(live_options(kMillisecond));
  const auto from_client = [](uint32_t sequence, std::string_view said) {
    return eth().ipv4("10.0.0.1", "10.0.0.2").tcp(40000, 9999).ack().seq(sequence).payload(said);
  };
  live.feed(sent(from_client(1, "he"), kSecond_ns));
  for (int64_t i = 1; i < 2000; ++i) live.wait_until(Timestamp{kSecond_ns + i * kMillisecond});
  live.feed(sent(from_client(3, "llo there, long enough"), 3 * kSecond_ns + kMillisecond));
  const WorkerSnapshot snapshot = live.snapshot();
  Traffic named;
  snapshot.tables.by_application.for_each([&](const PathApplication& key, const SidedTraffic& traffic) {
    if (live.state.application_name(key.application) == "greeting") named += traffic.total();
  });
  EXPECT_EQ(named.packets, 2u);
}

TEST(LiveWorker, AllocatesNothingOnceItRuns) {
  WorkerOptions options = live_options(kMillisecond);
  options.preallocate = true;
  options.max_name_bytes = 1 << 16;
  LiveRun live(options);
  const size_t before = live.worker.worker().memory_bytes();
  live.feed(as_it_happened(traffic_mix(4, 6000)));
  EXPECT_EQ(live.worker.worker().memory_bytes(), before);
}

TEST(LiveWorker, MeasuresRoundTripsByServerPort) {
  LiveRun live;
  for (unsigned i = 0; i < 10; ++i) {
    const int64_t at = i * kSecond_ns;
    const auto client = static_cast<uint16_t>(40000 + i);
    live.feed(sent(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(client, 443).syn().seq(7), at));
    live.feed(sent(eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, client).syn_ack().seq(9).ack_number(8), at + 5 * kMillisecond));
    live.feed(sent(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(client, 443).ack().seq(8).ack_number(10), at + 6 * kMillisecond));
  }
  const WorkerSnapshot snapshot = live.snapshot();
  EXPECT_EQ(snapshot.rtt.count(), 10u);
  EXPECT_EQ(snapshot.rtt.sum_ns(), 10u * 5 * kMillisecond);
  ASSERT_EQ(snapshot.rtt_by_port.size(), 1u);
  EXPECT_EQ(snapshot.rtt_by_port[0].port, 443);
  EXPECT_EQ(snapshot.rtt_by_port[0].rtt.max_ns(), 5 * kMillisecond);
  live.drain();
  ASSERT_EQ(live.handshakes.size(), 10u);
  EXPECT_EQ(live.handshakes[3].syn_ack_rtt_ns, 5 * kMillisecond);
}

}  // namespace
}  // namespace wirewatch::testing
