// SPDX-License-Identifier: BSD-3-Clause
// The memory between the processes: what is written is what is read, and no byte of it, whatever it is turned into, does
// the reader any harm.
#include "dataplane/pipeline/shared_state.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <random>

#include "dataplane/base/timestamp.h"
#include "tests/pipeline/live_run.h"

namespace wirewatch::testing {
namespace {

SharedLimits tiny_limits() {
  SharedLimits limits;
  limits.workers = 2;
  limits.applications = 8;
  limits.signatures = 16;
  limits.paths = 64;
  limits.application_rows = 64;
  limits.table_rows = 64;
  limits.rtt_ports = 4;
  limits.events = 64;
  return limits;
}

std::vector<SentFrame> some_traffic() {
  std::vector<SentFrame> frames;
  for (uint16_t i = 0; i < 20; ++i) {
    const auto port = static_cast<uint16_t>(40000 + i);
    const int64_t at = kSecond_ns + i * kMillisecond;
    frames.push_back(sent(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 443).syn().seq(7), at));
    frames.push_back(sent(eth().ipv4("10.0.0.2", "10.0.0.1").tcp(443, port).syn_ack().seq(9).ack_number(8), at + 1000));
    frames.push_back(sent(eth().ipv4("10.0.0.1", "10.0.0.2").tcp(port, 443).ack().seq(8).ack_number(10).payload("hello there, you"), at + 2000));
    frames.push_back(sent(eth().ipv6("2001:db8::1", "2001:db8::2").udp(port, 53).payload("query"), at + 3000));
  }
  return frames;
}

/// Reads everything a region has to give, as control does.
void read_all(const SharedState& state) {
  size_t letters = 0;
  for (unsigned i = 0; i < state.worker_count(); ++i) {
    if (const auto snapshot = state.read_worker(i)) {
      snapshot->tables.by_application.for_each([&](const PathApplication& key, const SidedTraffic&) {
        letters += state.application_name(key.application).size() + name(snapshot->tables.paths[key.path].front()).size();
      });
      for (uint16_t path = 0; path < snapshot->tables.paths.size(); ++path) {
        for (const Protocol protocol : snapshot->tables.paths[path]) letters += name(protocol).size();
      }
      snapshot->tables.destinations.for_each([&](const DestinationKey& key, const Traffic&) {
        letters += IpAddress{key.address, key.family}.to_string().size();
      });
      letters += static_cast<size_t>(snapshot->rtt.percentile_ns(0.5) != 0);
    }
    EventReader events = state.events(i);
    for (int n = 0; n < 200; ++n) {
      const auto event = events.pop();
      if (!event) continue;
      if (const auto* flow = std::get_if<FlowEvent>(&*event)) {
        letters += flow->host().size() + to_string(flow->record.evidence).size() + state.signature_id(flow->record.signature).size();
      } else if (const auto* handshake = std::get_if<HandshakeEvent>(&*event)) {
        letters += to_string(handshake->record.outcome).size();
      } else if (const auto* names = std::get_if<NamesEvent>(&*event)) {
        const NameSheet sheet = names->sheet();
        letters += sheet.host().size() + sheet.alpn().size() + sheet.ja4().size() + sheet.user_agent().size();
      } else {
        const auto& answer = std::get<AnswerEvent>(*event);
        letters += answer.name().size();
        for (size_t k = 0; k < answer.count; ++k) letters += answer.addresses[k].address.to_string().size();
      }
    }
  }
  if (const auto process = state.read_process()) {
    for (const PortState& port : process->ports) letters += port.name.size() + to_string(port.timestamps.source).size();
  }
  ASSERT_GE(letters, 0u);
}

TEST(SharedState, GivesBackWhatTheProcessSaid) {
  auto region = SharedRegion::create(tiny_limits(), 42, 1'700'000'000);
  ASSERT_TRUE(region);
  const auto state = SharedState::map(region->fd());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->generation(), 42u);
  EXPECT_EQ(state->pid(), getpid());
  EXPECT_EQ(state->start_time_ns(), 1'700'000'000);
  EXPECT_FALSE(state->read_process()) << "nothing was published yet";
  EXPECT_FALSE(state->read_worker(0));
  EXPECT_FALSE(state->read_worker(2)) << "there are two";

  ProcessPublisher publisher(*region);
  ProcessState said{.updated_ns = 5,
                    .rules_generation = 3,
                    .rules_sha256 = std::string(64, 'a'),
                    .state = "running",
                    .replay = "morning.pcap at 2.0 times its pace",
                    .replay_packets = 17,
                    .idle_share = 0.25,
                    .ports = {}};
  said.ports.push_back({.name = "eth0",
                        .source = "afpacket",
                        .clock_state = "kernel stamps",
                        .timestamps = {.source = TimestampSource::Kernel, .resolution_ns = 1, .error_ns = 50'000},
                        .received = {100, 6000},
                        .forwarded_packets = 90,
                        .dropped_packets = 10,
                        .link_up = true,
                        .worker = 1,
                        .losses = {{"ring_full", 3}, {std::string(100, 'x'), 4}}});
  publisher.publish(said);
  const auto heard = state->read_process();
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->rules_sha256, said.rules_sha256);
  EXPECT_EQ(heard->replay, said.replay);
  EXPECT_DOUBLE_EQ(heard->idle_share, 0.25);
  ASSERT_EQ(heard->ports.size(), 1u);
  const PortState& port = heard->ports[0];
  EXPECT_EQ(port.name, "eth0");
  EXPECT_EQ(to_string(port.timestamps.source), "kernel");
  EXPECT_EQ(port.timestamps.error_ns, 50'000);
  EXPECT_EQ(port.received.bytes, 6000u);
  EXPECT_EQ(port.worker, 1u);
  EXPECT_TRUE(port.link_up);
  ASSERT_EQ(port.losses.size(), 2u);
  EXPECT_EQ(port.losses[0], (std::pair<std::string, uint64_t>("ring_full", 3)));
  EXPECT_EQ(port.losses[1].first.size(), 48u) << "cut to what fits";
}

TEST(SharedState, KeepsTheNumberOfANameWhateverRulesCome) {
  auto region = SharedRegion::create(tiny_limits(), 1, 1);
  Registry registry(*region);
  const auto state = SharedState::map(region->fd());
  const ApplicationId tls = registry.application("tls", "web");
  const ApplicationId dns = registry.application("dns", "network");
  EXPECT_EQ(registry.application("tls", "something else"), tls);
  EXPECT_EQ(state->application_name(tls), "tls");
  EXPECT_EQ(state->application_category(tls), "web");
  EXPECT_EQ(state->application_name(dns), "dns");
  EXPECT_EQ(state->application_name(99), "unknown");
  EXPECT_EQ(state->signature_id(registry.signature("tls.hello")), "tls.hello");
  EXPECT_EQ(registry.find_application("dns"), dns);
  EXPECT_EQ(registry.in_category("web"), std::vector<ApplicationId>{tls});
  for (int i = 0; i < 20; ++i) registry.application("number " + std::to_string(i), "many");
  EXPECT_EQ(registry.application("one too many", "many"), kUnknownApplication);
  EXPECT_GT(registry.refused(), 0u);
  EXPECT_EQ(state->application_count(), tiny_limits().applications);
}

TEST(SharedState, GivesBackHandshakesAndFlowsAsTheyWere) {
  LiveRun live;
  live.feed(some_traffic());
  live.worker.finish();
  live.drain();
  ASSERT_EQ(live.handshakes.size(), 20u);
  EXPECT_EQ(live.handshakes[0].outcome, HandshakeOutcome::Established);
  EXPECT_EQ(live.handshakes[0].syn_ack_rtt_ns, 1000);
  EXPECT_EQ(live.handshakes[0].server.port, 443);
  std::erase_if(live.flows, [](const FlowEvent& flow) { return !flow.progress.final(); });
  ASSERT_EQ(live.flows.size(), 40u);
  for (const FlowEvent& flow : live.flows) {
    EXPECT_EQ(live.state.application_name(flow.record.application), flow.record.ip_protocol == 6 ? "greeting" : "asking");
    EXPECT_EQ(flow.record.evidence, Evidence::Payload);
    EXPECT_EQ(live.state.signature_id(flow.record.signature), flow.record.ip_protocol == 6 ? "greeting.hello" : "asking.query");
    EXPECT_EQ(flow.progress.reason, CloseReason::Stopped);
  }
}

TEST(SharedState, CutsAHostThatDoesNotFitAndSaysSo) {
  const std::string host(200, 'h');
  FlowRecord record;
  record.client.address.family = record.server.address.family = IpFamily::V4;
  record.host = host;
  const auto event = decode(encode(record, FlowProgress{}));
  ASSERT_TRUE(event);
  const auto& flow = std::get<FlowEvent>(*event);
  EXPECT_TRUE(flow.host_cut);
  EXPECT_EQ(flow.host(), host.substr(0, FlowEvent::kLongestHost));
}

TEST(SharedState, CarriesTheNamesReadInsideAFlow) {
  std::array<char, NameSheet::kMost> room;
  const std::string agent(400, 'u');
  const NameSheet names(NameSheet::pack(
      {.host = "www.example", .alpn = "h2", .ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1", .user_agent = agent, .encrypted_hello = true}, room));
  const auto event = decode(encode(names, FlowId{.slot = 7, .worker = 1, .incarnation = 3}));
  ASSERT_TRUE(event);
  const auto& named = std::get<NamesEvent>(*event);
  EXPECT_EQ(named.id, (FlowId{.slot = 7, .worker = 1, .incarnation = 3}));
  EXPECT_EQ(named.sheet().host(), "") << "that is in the flow's own record";
  EXPECT_EQ(named.sheet().alpn(), "h2");
  EXPECT_EQ(named.sheet().ja4(), "t13d1516h2_8daaf6152771_e5627efa2ab1");
  EXPECT_EQ(named.sheet().user_agent(), agent.substr(0, NameSheet::kLongestUserAgent));
  EXPECT_TRUE(named.sheet().encrypted_hello());
}

TEST(SharedState, CarriesWhatClientsWereTold) {
  const std::array addresses{DnsAddress{IpAddress::parse("192.0.2.1").value(), 600'000'000'000},
                             DnsAddress{IpAddress::parse("2001:db8::1").value(), 300'000'000'000}};
  const IpAddress client = IpAddress::parse("10.0.0.5").value();
  const auto event = decode(encode("www.example", addresses, client, Timestamp{42}));
  ASSERT_TRUE(event);
  const auto& answer = std::get<AnswerEvent>(*event);
  EXPECT_EQ(answer.name(), "www.example");
  EXPECT_EQ(answer.client, client);
  EXPECT_EQ(answer.time.ns, 42);
  ASSERT_EQ(answer.count, 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(answer.addresses[i].address, addresses[i].address);
    EXPECT_EQ(answer.addresses[i].kept_ns, addresses[i].kept_ns);
  }
}

TEST(SharedState, RefusesARegionThatIsNotWhatItSays) {
  struct Row {
    std::string_view description;
    void (*spoil)(SharedHeader& header);
    std::string_view complaint;
  };
  const std::vector<Row> rows{
      {"other memory", [](SharedHeader& h) { h.magic = 1; }, "not one of a wirewatch"},
      {"another version", [](SharedHeader& h) { h.version = 99; }, "version 99"},
      {"more workers than memory", [](SharedHeader& h) { h.limits.workers = 200; }, "do not lie where"},
      {"no workers", [](SharedHeader& h) { h.limits.workers = 0; }, "limits"},
      {"a ring of an odd size", [](SharedHeader& h) { h.limits.events = 63; }, "limits"},
      {"rows without end", [](SharedHeader& h) { h.limits.table_rows = 0xffffffff; }, "limits"},
      {"a part elsewhere", [](SharedHeader& h) { h.workers_offset += 64; }, "do not lie where"},
      {"parts that agree but do not fit", [](SharedHeader& h) {
         h.limits.workers = 3;
         const SharedLayout layout = *SharedLayout::of(h.limits);
         h.total_bytes = layout.total;
       }, "its parts need"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    auto region = SharedRegion::create(tiny_limits(), 1, 1);
    auto memory = SharedMemory::map(region->fd());
    ASSERT_TRUE(memory);
    row.spoil(*reinterpret_cast<SharedHeader*>(memory->data()));
    const auto state = SharedState::map(region->fd());
    ASSERT_FALSE(state);
    EXPECT_NE(state.error().message.find(row.complaint), std::string::npos) << state.error().message;
  }
}

TEST(SharedState, RefusesMemoryThatMayShrinkUnderIt) {
  const int loose = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(ftruncate(loose, 1 << 20), 0);
  const auto state = SharedState::map(loose);
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().message.find("shrink"), std::string::npos);
  close(loose);
  EXPECT_FALSE(SharedState::map(-1));
  const int short_one = memfd_create("short", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  ASSERT_EQ(ftruncate(short_one, 10), 0);
  ASSERT_EQ(fcntl(short_one, F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_FALSE(SharedState::map(short_one));
  close(short_one);
}

TEST(SharedState, IsReadWithoutHarmWhateverItsBytesAre) {
  LiveRun live(live_options(), small_rules(), tiny_limits());
  ProcessState process;
  process.ports.resize(3);
  ProcessPublisher(live.region).publish(process);
  live.feed(some_traffic());
  live.worker.finish();
  auto memory = SharedMemory::map(live.region.fd());
  ASSERT_TRUE(memory);
  const std::vector<uint8_t> good(memory->data(), memory->data() + memory->size());
  std::mt19937_64 random(1);
  const SharedLayout layout = *SharedLayout::of(tiny_limits());
  for (int round = 0; round < 400; ++round) {
    std::copy(good.begin(), good.end(), memory->data());
    const int changes = 1 << random() % 12;
    for (int i = 0; i < changes; ++i) {
      // Half of them where counts and indices are, the rest anywhere behind the header.
      const bool near_start = random() % 2 == 0;
      const size_t parts[] = {layout.names, layout.process, layout.workers, layout.workers + layout.snapshots,
                              layout.workers + layout.snapshots + layout.snapshot_bytes};
      const size_t at = near_start ? parts[random() % 5] + random() % 4096 : layout.names + random() % (layout.total - layout.names);
      memory->data()[at] = static_cast<uint8_t>(random() % 4 == 0 ? 0xff : random());
    }
    const auto state = SharedState::map(live.region.fd());
    ASSERT_TRUE(state);
    read_all(*state);
  }
}

}  // namespace
}  // namespace wirewatch::testing
