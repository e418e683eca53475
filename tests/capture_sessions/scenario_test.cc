// SPDX-License-Identifier: BSD-3-Clause
// The bundled capture through a live worker with taps, its ring, and sessions: their files hold what tshark selects, and what
// led up to the BitTorrent transfer is in the file of the trigger that it set off.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "control/captures/capture_engine.h"
#include "control/captures/capture_json.h"
#include "dataplane/base/timestamp.h"
#include "dataplane/capture/capture_reader.h"
#include "tests/capture_sessions/outside.h"
#include "tests/pipeline/live_run.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch::testing {
namespace {

std::string capture_path() { return (std::filesystem::path(std::getenv("WIREWATCH_CAPTURES")) / "scenario.cap").string(); }

std::vector<SentFrame> scenario() {
  auto reader = CaptureReader::open(capture_path());
  if (!reader) throw std::runtime_error(reader.error().message);
  std::vector<SentFrame> frames;
  PacketBatch batch;
  while ((*reader)->read(batch, 1000) > 0) {
    for (const Packet& packet : batch.packets) {
      frames.push_back({Bytes(packet.bytes().begin(), packet.bytes().end()), packet.time, packet.link_type, packet.original_length});
    }
  }
  return frames;
}

/// A live worker and the sessions of a daemon, both on this thread.
class LiveScene {
 public:
  LiveScene()
      : live_(live_options(), shipped_rules()),
        packets_(*PacketRegion::create(1, 4 << 20, 7)),
        engine({.directory = folder.path + "/captures", .quota_bytes = 1 << 30}, kBegin) {
    const auto all = live_.registry.applications();
    CaptureNames names{.applications = {{}}, .ports = {"eth1"}};
    for (size_t i = 0; i < all.names.size(); ++i) names.applications.push_back({all.names[i], all.categories[i]});
    engine.set_names(std::move(names));
    engine.connected();
  }

  void start(const std::string& json) {
    const auto spec = read_capture_spec(json, engine.names().for_filters());
    ASSERT_TRUE(spec) << spec.error().message;
    ASSERT_TRUE(engine.start(*spec, now));
  }
  /// What the data plane does with a command.
  void obey() {
    const auto command = engine.take_command(now);
    if (!command) return;
    std::vector<TapSpec> specs;
    for (const auto& tap : (*command)["taps"]) {
      specs.push_back({.slot = tap["slot"],
                       .id = tap["id"],
                       .port = tap["port"],
                       .filter = tap["filter"],
                       .bpf = tap["bpf"],
                       .snap_length = tap["snap_length"]});
    }
    auto all = live_.registry.applications();
    auto set = TapSet::compile(specs, (*command)["set"],
                               std::make_shared<TapNames>(TapNames{{std::move(all.names)}, std::move(all.categories), {"eth1"}}));
    ASSERT_TRUE(set) << set.error().message;
    live_.worker.taps().offer(std::make_unique<TapOrder>(TapOrder{std::move(*set), &packets_.ring(0)}));
    live_.worker.maintain(now, true);
    live_.worker.taps().collect();
    std::unique_ptr<TapSource> source;
    if (!mapped_) source = std::make_unique<RegionSource>(*PacketRegionReader::map(packets_.fd()));
    mapped_ = true;
    engine.answered({{"ok", true}, {"set", (*command)["set"]}}, std::move(source), now);
  }
  void run() {
    obey();
    const auto frames = scenario();
    const ApplicationId bittorrent = live_.registry.find_application("bittorrent");
    constexpr size_t kBurst = 16;
    for (size_t at = 0; at < frames.size(); at += kBurst) {
      const auto burst = std::span(frames).subspan(at, std::min(kBurst, frames.size() - at));
      live_.feed(burst);
      now = burst.back().time;
      while (engine.drain(100, now) > 0) {}
      live_.flows.clear();
      live_.drain();
      TriggerFacts facts;
      for (const FlowEvent& flow : live_.flows) {
        if (flow.record.application != bittorrent) continue;
        facts.alerts.push_back({.application = "bittorrent", .category = "p2p", .client = "a client", .server = "a server"});
        if (first_alert == kNoTimestamp) first_alert = now;
      }
      engine.look(facts, now);
      engine.tick(now);
      obey();
    }
    for (const CaptureView& view : engine.views()) {
      ASSERT_TRUE(engine.stop(view.spec.name, now));
    }
    obey();
    while (engine.drain(100, now) > 0) {}
    engine.tick(now);
  }
  CaptureView view(const std::string& name) {
    for (CaptureView& each : engine.views()) {
      if (each.spec.name == name) return each;
    }
    return {};
  }
  std::string path(const CaptureView& view, size_t file = 0) const {
    return folder.path + "/captures/" + view.spec.directory + "/" + view.files.at(file).name;
  }

  static constexpr Timestamp kBegin{1'795'380'810'000'000'000};
  Timestamp first_alert = kNoTimestamp;
  Timestamp now = kBegin;
  Folder folder;

 private:
  LiveRun live_;
  PacketRegion packets_;
  bool mapped_ = false;

 public:
  CaptureEngine engine;
};

bool can_run() {
  return std::getenv("WIREWATCH_CAPTURES") != nullptr && std::getenv("WIREWATCH_RULES") != nullptr && is_here("tshark") &&
         is_here("capinfos");
}

/// Frames as tshark sees them: when, how long, from where to where.
std::string frames_of(const std::string& path, const std::string& filter = "") {
  return output_of("tshark -n -r " + path + (filter.empty() ? "" : " -Y '" + filter + "'") +
                   " -T fields -e frame.time_epoch -e frame.len -e eth.src -e eth.dst -e ip.id -e udp.srcport -e tcp.seq_raw 2>/dev/null");
}

TEST(LiveSessions, SaveWhatTsharkSelects) {
  if (!can_run()) GTEST_SKIP() << "needs the bundled capture, the rules, tshark and capinfos";
  struct Row {
    const char* name;
    const char* spec;     // the rest of the session's JSON
    const char* tshark;   // the same filter
  };
  const std::vector<Row> rows{{"all", "", ""},
                              {"port111", R"(, "filter": "tcp.port == 111")", "tcp.port == 111"},
                              {"bpf", R"(, "bpf": "udp port 53")", "udp.port == 53 && !icmp && !icmpv6"},
                              {"stream", R"(, "filter": "tcp.stream == 10")", "tcp.stream == 10"},
                              // What one packet does not tell is looked at in control, over a tap of everything.
                              {"dns", R"(, "filter": "dns.qry.name contains \"example\"")", "dns.qry.name contains \"example\""},
                              {"host", R"(, "filter": "flow.host == \"updates.example.net\" and tls.handshake.type == 1")",
                               "tls.handshake.extensions_server_name == \"updates.example.net\" and tls.handshake.type == 1"},
                              {"alpn", R"(, "filter": "flow.alpn == \"h2\" and tls.handshake.type == 1")",
                               "tls.handshake.extensions_alpn_str == \"h2\" and tls.handshake.type == 1"},
                              {"syn", R"(, "filter": "tcp.flags.syn == 1 && ipv6")", "tcp.flags.syn == 1 && ipv6"}};
  LiveScene scene;
  for (const Row& row : rows) scene.start(std::string(R"({"name": ")") + row.name + "\"" + row.spec + "}");
  scene.run();
  for (const Row& row : rows) {
    const CaptureView view = scene.view(row.name);
    EXPECT_EQ(imbalance(view), "") << row.name;
    EXPECT_EQ(view.counts.ring_full, 0u);
    EXPECT_GT(view.counts.written, 0u) << row.name;
    const std::string expected = frames_of(capture_path(), row.tshark);
    EXPECT_EQ(static_cast<uint64_t>(std::ranges::count(expected, '\n')), view.counts.written) << row.name;
    EXPECT_EQ(frames_of(scene.path(view)), expected) << row.name;
    EXPECT_EQ(packets_by_capinfos(scene.path(view)), std::to_string(view.files[0].packets)) << row.name;
  }
}

TEST(LiveSessions, HoldWhatLedUpToTheBitTorrentTransfer) {
  if (!can_run()) GTEST_SKIP() << "needs the bundled capture, the rules, tshark and capinfos";
  LiveScene scene;
  scene.start(R"({"name": "torrent", "trigger": {"unwanted": ["p2p"], "for_s": 3}, "before_seconds": 4})");
  scene.run();
  const CaptureView view = scene.view("torrent");
  ASSERT_EQ(view.firings.size(), 1u);
  EXPECT_EQ(view.firings[0].at, scene.first_alert);
  EXPECT_GT(view.firings[0].from_before, 100u);
  EXPECT_EQ(imbalance(view), "");
  // The first BitTorrent frame of the capture is in it, and frames from before that.
  const std::string first =
      output_of("tshark -n -r " + capture_path() + " -Y bittorrent -T fields -e frame.time_epoch -c 100000 2>/dev/null | head -1");
  const std::string saved = output_of("tshark -n -r " + scene.path(view) + " -T fields -e frame.time_epoch 2>/dev/null");
  ASSERT_FALSE(first.empty());
  EXPECT_GT(saved.find(first), 0u);
  EXPECT_NE(saved.find(first), std::string::npos);
  EXPECT_LE(scene.first_alert.ns - view.files[0].first.ns, 4 * kSecond_ns);
  EXPECT_GE(view.files[0].last.ns, scene.first_alert.ns + 2 * kSecond_ns);
  const std::string comments = output_of("tshark -n -r " + scene.path(view) + " -Y frame.comment -T fields -e frame.comment 2>/dev/null");
  EXPECT_NE(comments.find("flow.application: bittorrent"), std::string::npos) << comments.substr(0, 2000);
  EXPECT_NE(comments.find("handshake.syn_ack_rtt: 0."), std::string::npos);
}

}  // namespace
}  // namespace wirewatch::testing
