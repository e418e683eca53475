// SPDX-License-Identifier: BSD-3-Clause
// What sets a session off, how often, and what its files hold from before.
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <random>

#include "control/captures/packet_memory.h"
#include "dataplane/base/timestamp.h"
#include "tests/capture_sessions/stand_in_rings.h"

namespace wirewatch::testing {
namespace {

UnwantedSighting sighting(const std::string& application = "bittorrent") {
  return {.application = application, .category = "p2p", .client = "10.0.0.1:51413", .server = "10.0.0.2:6881"};
}

/// A packet every 100 ms for `seconds`, numbered by their time.
void traffic(SessionScene& scene, double seconds) {
  for (int i = 0; i < static_cast<int>(seconds * 10 + 0.5); ++i) {
    scene.settle();  // what begins or ends now does so first
    scene.rings.offer(scene.now);
    scene.settle();
    scene.later(0.1);
  }
}

TEST(TriggeredSession, HoldsThePacketsFromBeforeAndAfterItFired) {
  SessionScene scene;
  scene.start(R"({"name": "s", "trigger": {"unwanted": [], "for_s": 3}, "before_seconds": 5})");
  EXPECT_EQ(scene.view("s").state, CaptureState::Waiting);
  traffic(scene, 20);
  EXPECT_EQ(scene.view("s").counts.in_memory, 51u);
  EXPECT_EQ(scene.view("s").counts.forgotten, 149u) << "the one that is five seconds old to the nanosecond is kept";
  const Timestamp fired = scene.now;
  scene.engine->look({.alerts = {sighting()}}, scene.now);
  EXPECT_EQ(scene.view("s").state, CaptureState::Recording);
  traffic(scene, 10);
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.state, CaptureState::Waiting);
  ASSERT_EQ(view.firings.size(), 1u);
  EXPECT_EQ(view.firings[0].at, fired);
  EXPECT_EQ(view.firings[0].why, "bittorrent from 10.0.0.1:51413 to 10.0.0.2:6881");
  EXPECT_EQ(view.firings[0].from_before, 50u);
  ASSERT_EQ(view.files.size(), 1u);
  EXPECT_EQ(view.firings[0].file, view.files[0].name);
  EXPECT_EQ(view.files[0].packets, 80u);
  EXPECT_EQ(view.files[0].first.ns, fired.ns - 5 * kSecond_ns);
  EXPECT_EQ(view.files[0].last.ns, fired.ns + 3 * kSecond_ns - kSecond_ns / 10);
  EXPECT_EQ(imbalance(view), "");
  if (!is_here("tshark")) GTEST_SKIP() << "tshark is not installed";
  const std::string before = output_of("tshark -n -r " + scene.path(view) + " -Y 'frame.time_epoch < " + std::to_string(fired.ns / kSecond_ns) +
                                       "' -T fields -e frame.number 2>/dev/null");
  EXPECT_EQ(std::ranges::count(before, '\n'), 50);
  EXPECT_EQ(packets_by_capinfos(scene.path(view)), "80");
}

TEST(TriggeredSession, CountsOccasionsThatCameTooSoon) {
  SessionScene scene;
  scene.start(R"({"name": "s", "trigger": {"unwanted": ["p2p"], "for_s": 1, "at_most_every_s": 60}})");
  const auto occasions = [&](double at, size_t count) {
    scene.now = {kStart.ns + static_cast<int64_t>(at * 1e9)};
    scene.engine->tick(scene.now);
    scene.engine->look({.alerts = std::vector(count, sighting())}, scene.now);
    return scene.view("s");
  };
  EXPECT_EQ(occasions(10, 3).fired, 1u);
  EXPECT_EQ(scene.view("s").suppressed, 0u) << "one firing covers what was seen at once";
  EXPECT_EQ(occasions(10.5, 2).suppressed, 2u) << "while it records";
  EXPECT_EQ(occasions(69.9, 1).suppressed, 3u) << "too soon";
  EXPECT_EQ(occasions(70, 1).fired, 2u);
  scene.engine->look({.alerts = {sighting("tls")}}, scene.now);
  EXPECT_EQ(scene.view("s").suppressed, 4u) << "its category is wanted";
  UnwantedSighting other = sighting("telnet");
  other.category = "remote-access";
  scene.engine->look({.alerts = {other}}, scene.now);
  EXPECT_EQ(scene.view("s").suppressed, 4u);
}

TEST(TriggeredSession, KeepsTheNewestFirings) {
  SessionScene scene;
  scene.start(R"({"name": "s", "trigger": {"every_s": 10, "for_s": 2, "most": 3}})");
  traffic(scene, 65);
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.fired, 7u);
  ASSERT_EQ(view.firings.size(), 3u);
  ASSERT_EQ(view.files.size(), 3u);
  EXPECT_EQ(view.firings[0].at.ns, kStart.ns + 40 * kSecond_ns);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(view.firings[i].file, view.files[i].name);
  EXPECT_EQ(view.counts.written, 7u * 20);
  EXPECT_EQ(view.counts.deleted, 4u * 20);
  EXPECT_EQ(view.next.ns, kStart.ns + 70 * kSecond_ns);
  EXPECT_EQ(imbalance(view), "");
}

TEST(TriggeredSession, AsksForPacketsOnlyWhileTheyAreOfUse) {
  SessionScene scene;
  scene.start(R"({"name": "s", "trigger": {"calendar": "*:*:00", "for_s": 2}})");
  scene.settle();
  EXPECT_TRUE(scene.rings.last_command()["taps"].empty());
  EXPECT_EQ(scene.view("s").next.ns, kStart.ns + 60 * kSecond_ns);
  scene.later(60);
  scene.settle();
  EXPECT_EQ(scene.rings.last_command()["taps"].size(), 1u);
  traffic(scene, 10);
  EXPECT_TRUE(scene.rings.last_command()["taps"].empty());
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.counts.written, 20u);
  EXPECT_EQ(view.firings.at(0).why, "scheduled for 2026-11-23 03:01:00 UTC");
  EXPECT_EQ(imbalance(view), "");
  scene.later(52);
  scene.settle();
  traffic(scene, 1);
  EXPECT_EQ(scene.view("s").counts.matched, scene.view("s").counts.received) << "the tap's counts go on over a pause";
  EXPECT_EQ(imbalance(scene.view("s")), "");
}

TEST(TriggeredSession, FiresWhenAPercentileIsOverItsThreshold) {
  SessionScene scene;
  scene.start(
      R"({"name": "s", "trigger": {"rtt": {"percentile": 95, "above_ms": 50, "window": "5m", "port": 443}, "for_s": 1, "at_most_every_s": 100}})");
  std::optional<int64_t> rtt;
  const auto look = [&](double at) {
    scene.now = {kStart.ns + static_cast<int64_t>(at * 1e9)};
    scene.engine->tick(scene.now);
    TriggerFacts facts;
    facts.rtt = [&](std::string_view window, double percentile, std::optional<uint16_t> port) {
      EXPECT_EQ(window, "5m");
      EXPECT_EQ(percentile, 95);
      EXPECT_EQ(port, 443);
      return rtt;
    };
    scene.engine->look(facts, scene.now);
    return scene.view("s");
  };
  EXPECT_EQ(look(1).fired, 0u) << "without samples";
  rtt = 50'000'000;
  EXPECT_EQ(look(2).fired, 0u) << "not over it";
  rtt = 63'100'000;
  EXPECT_EQ(look(3).fired, 1u);
  EXPECT_EQ(scene.view("s").firings.at(0).why, "the SYN,ACK's p95 of 5m was 63.1 ms, over 50 ms, on port 443");
  for (int second = 4; second < 100; ++second) look(second);
  EXPECT_EQ(scene.view("s").fired, 1u);
  EXPECT_EQ(scene.view("s").suppressed, 0u) << "it is one slowness that goes on";
  EXPECT_EQ(look(103).fired, 2u) << "and is worth another file after a while";
  rtt = 1;
  look(104);
  rtt = 63'100'000;
  EXPECT_EQ(look(106).suppressed, 1u) << "a new one, too soon";
}

TEST(TriggeredSession, FiresWhenPacketsGetLost) {
  SessionScene scene;
  scene.start(R"({"name": "s", "trigger": {"loss": true, "for_s": 1, "at_most_every_s": 0}})");
  const auto fired = [&](uint64_t losses) {
    scene.later(2);
    scene.engine->tick(scene.now);
    scene.engine->look({.losses = losses}, scene.now);
    return scene.view("s").fired;
  };
  EXPECT_EQ(fired(100), 0u) << "what was lost before counts for nothing";
  EXPECT_EQ(fired(100), 0u);
  EXPECT_EQ(fired(103), 1u);
  EXPECT_EQ(scene.view("s").firings.at(0).why, "3 packets lost before the workers saw them");
  EXPECT_EQ(fired(5), 1u) << "a data plane that began anew";
  EXPECT_EQ(fired(6), 2u);
}

TEST(TriggeredSession, StopsInTheMiddleOfWhatWasBefore) {
  SessionScene scene;
  scene.start(R"({"name": "s", "max_packets": 7, "trigger": {"unwanted": []}, "before_seconds": 5})");
  traffic(scene, 3);
  scene.engine->look({.alerts = {sighting()}}, scene.now);
  scene.settle();
  const CaptureView view = scene.view("s");
  EXPECT_EQ(to_string(view.stop_reason), "packets");
  EXPECT_EQ(view.counts.written, 7u);
  EXPECT_EQ(view.counts.from_before, 7u);
  EXPECT_EQ(view.counts.forgotten, 23u);
  EXPECT_EQ(view.firings.at(0).from_before, 7u);
  EXPECT_EQ(imbalance(view), "");
}

TEST(TriggeredSession, IsStoppedWhileItWaitsAndWhileItRecords) {
  for (const bool fires : {false, true}) {
    SessionScene scene;
    scene.start(R"({"name": "s", "trigger": {"unwanted": []}, "before_seconds": 5})");
    traffic(scene, 3);
    if (fires) scene.engine->look({.alerts = {sighting()}}, scene.now);
    traffic(scene, 1);
    ASSERT_TRUE(scene.engine->stop("s", scene.now));
    scene.settle();
    const CaptureView view = scene.view("s");
    EXPECT_EQ(view.counts.written, fires ? 40u : 0u);
    EXPECT_EQ(view.counts.forgotten, fires ? 0u : 40u);
    EXPECT_EQ(imbalance(view), "");
  }
}

TEST(TriggeredSession, StaysWithinItsMemory) {
  SessionScene scene;
  scene.start(R"({"name": "s", "trigger": {"unwanted": []}, "before_seconds": 3600, "before_bytes": 65536})");
  for (int i = 0; i < 5000; ++i) scene.rings.offer({scene.now.ns + i});
  scene.settle();
  EXPECT_EQ(imbalance(scene.view("s")), "");
  EXPECT_EQ(scene.view("s").counts.in_memory, 65'536u / (96 + 104));
  scene.engine->look({.alerts = {sighting()}}, scene.now);
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.files.at(0).last.ns, scene.now.ns + 4999) << "the newest are kept";
  EXPECT_EQ(view.counts.from_before, 65'536u / (96 + 104));
  EXPECT_EQ(imbalance(view), "");
}

TEST(PacketMemory, KeepsTheNewestInOrderWhateverTheirLengths) {
  PacketMemory memory(100'000, 3600 * kSecond_ns);
  std::mt19937 random(1);
  std::vector<uint8_t> bytes(200'000);  // more than it ever holds
  uint64_t number = 0;
  for (int round = 0; round < 200; ++round) {
    const auto count = random() % 300;
    for (unsigned i = 0; i < count; ++i, ++number) {
      TappedPacket head;
      head.flow_bytes = number;
      const size_t length = random() % 100 == 0 ? bytes.size() : random() % 3000;
      for (size_t at = 0; at < std::min<size_t>(length, 3000); ++at) bytes[at] = static_cast<uint8_t>(number + at);
      memory.push(head, std::span(bytes).first(length), kStart);
      ASSERT_LE(memory.used(), 100'000u);
    }
    if (round % 10 != 9) continue;
    const uint64_t kept = memory.packets();
    uint64_t last = 0, seen = 0;
    memory.take_all([&](const TappedPacket& head, std::span<const uint8_t> taken, Timestamp) {
      EXPECT_TRUE(seen == 0 || head.flow_bytes > last);
      last = head.flow_bytes;
      ++seen;
      bool same = true;
      for (size_t at = 0; at < taken.size(); ++at) same = same && taken[at] == static_cast<uint8_t>(last + at);
      EXPECT_TRUE(same) << last;
      return true;
    });
    EXPECT_EQ(seen, kept);
    EXPECT_EQ(memory.packets(), 0u);
  }
  EXPECT_GT(memory.forgotten(), 0u);
}

}  // namespace
}  // namespace wirewatch::testing
