// SPDX-License-Identifier: BSD-3-Clause
// Taps set over the control socket of the running process: what is drained is what tshark selects, and what did not fit is
// counted.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "dataplane/capture/capture_reader.h"
#include "dataplane/pipeline/packet_region.h"
#include "tests/app/data_plane_process.h"
#include "tests/support/other_programs.h"

namespace wirewatch::testing {
namespace {

using ::testing::HasSubstr;
using nlohmann::json;

constexpr uint64_t kPackets = 4'838;  // of the bundled capture

struct SeenFrame {
  int64_t time_ns = 0;
  std::string bytes;
  friend bool operator==(const SeenFrame&, const SeenFrame&) = default;
};

std::vector<SeenFrame> bytes_and_times_of(const std::filesystem::path& path) {
  auto reader = CaptureReader::open(path.string());
  if (!reader) throw std::runtime_error(reader.error().message);
  std::vector<SeenFrame> frames;
  PacketBatch batch;
  while ((*reader)->read(batch, 1'000) > 0) {
    for (const Packet& packet : batch.packets) {
      frames.push_back({packet.time.ns, std::string(reinterpret_cast<const char*>(packet.data), packet.captured_length)});
    }
  }
  return frames;
}

/// Frame numbers, from 1.
std::vector<size_t> selected_by_tshark(const std::string& filter) {
  const std::string path = bundled_capture().string();
  std::istringstream text(output_of(fmt::format("tshark -n -r '{}' -Y '{}' -T fields -e frame.number 2>/dev/null", path, filter)));
  std::vector<size_t> numbers;
  for (size_t number = 0; text >> number;) numbers.push_back(number);
  return numbers;
}

std::string config_of(unsigned ring_mib, std::string_view port = "name = \"in\"\nsource = \"replay\"\n") {
  return fmt::format("[dataplane]\nrules = \"{}\"\nmax_flows = 20000\nmax_pending_syns = 20000\nmemory_mb = 64\n"
                     "capture_ring_mib = {}\n[[dataplane.port]]\n{}",
                     compiled_rules().string(), ring_mib, port);
}

/// Sets the taps, and maps what the packets come in.
PacketRegionReader set_taps(DataPlaneProcess& process, uint64_t set, const json& taps) {
  const Answered answer = process.client().ask({{"command", "taps"}, {"set", set}, {"taps", taps}});
  if (!answer.json.value("ok", false)) throw std::runtime_error(answer.json.dump());
  EXPECT_EQ(answer.json["set"], set);
  auto region = PacketRegionReader::map(answer.file.get());
  if (!region) throw std::runtime_error(region.error().message);
  return std::move(*region);
}

/// Replays the bundled capture as fast as it goes. `meanwhile` is called now and then, and once at the end.
template <typename Meanwhile>
void replay(DataPlaneProcess& process, Meanwhile meanwhile) {
  const FileDescriptor capture(::open(bundled_capture().c_str(), O_RDONLY | O_CLOEXEC));
  const auto answer = process.client().ask({{"command", "replay"}, {"speed", 0}, {"name", "scenario"}}, capture.get());
  ASSERT_TRUE(answer.json["ok"]) << answer.json;
  EXPECT_TRUE(process.wait_for([&](const json& status) {
    meanwhile();
    return status["ports"][0]["received"]["packets"] == kPackets && status["replay"]["name"] == "";
  }));
  meanwhile();
}

struct Choice {
  std::string filter, bpf;
  std::string tshark;
};
std::ostream& operator<<(std::ostream& out, const Choice& choice) { return out << (choice.bpf.empty() ? choice.filter : choice.bpf); }

TEST(TapsOfTheProcess, HandOverExactlyWhatTsharkSelects) {
  if (output_of("tshark --version 2>/dev/null").find("TShark (Wireshark) 4.0") == std::string::npos) GTEST_SKIP() << "tshark 4.0 is not installed";
  const std::vector<Choice> choices{
      {"", "", "frame"},
      {"tcp.port == 111", "", "tcp.port == 111"},
      {"tcp.flags.syn == 1 && !(ip.src == 10.0.0.0/8)", "", "tcp.flags.syn == 1 && !(ip.src == 10.0.0.0/8)"},
      {"tcp.options.mss_val > 1000", "", "tcp.options.mss_val > 1000"},
      {"ipv6 && udp", "", "ipv6 && udp"},
      {"frame contains \"BitTorrent\"", "", "frame contains \"BitTorrent\""},
      {"udp.length > 100 && ip.ttl in {1, 60..64}", "", "udp.length > 100 && ip.ttl in {1, 60..64}"},
      {"icmp || arp || icmpv6", "", "icmp || arp || icmpv6"},
      {"", "tcp port 3389", "tcp.port == 3389 && !icmp && !icmpv6"},
      {"", "tcp[tcpflags] & tcp-syn != 0", "ip && tcp.flags.syn == 1 && !icmp"},
      {"", "udp port 53 or arp", "(udp.port == 53 && !icmp && !icmpv6) || arp"},
      // Named by their first payload, which is their first frame: all of their frames.
      {"flow.application == \"dns\" && udp", "", "udp.port == 53 && !icmp && !icmpv6"},
      {"flow.application == \"ntp\"", "", "ntp.flags.mode == 4"},  // and here by the server's answer
      {"flow.category == \"name-service\" && udp.port in {53, 67}", "", "udp.port in {53, 67} && !icmp && !icmpv6"},
      {"flow.application == \"bittorrent\" && tcp contains \"BitTorrent protocol\"", "", "tcp contains \"BitTorrent protocol\""},
  };
  json taps = json::array();
  for (size_t i = 0; i < choices.size(); ++i) {
    json tap{{"slot", i}, {"id", 100 + i}, {"port", i % 2 == 0 ? "in" : ""}};
    if (!choices[i].filter.empty()) tap["filter"] = choices[i].filter;
    if (!choices[i].bpf.empty()) tap["bpf"] = choices[i].bpf;
    taps.push_back(tap);
  }
  DataPlaneProcess process(config_of(16));
  ASSERT_TRUE(process.running()) << process.words();
  PacketRegionReader region = set_taps(process, 3, taps);
  ASSERT_EQ(region.workers(), 1u);
  EXPECT_EQ(region.adopted_set(0), 3u) << "in force when it is answered";
  std::vector<std::vector<SeenFrame>> drained(choices.size());
  replay(process, [&] {
    for (PacketRingReader& ring = region.ring(0); const DrainedPacket* packet = ring.peek(); ring.pop()) {
      EXPECT_EQ(packet->head.set, 3u);
      const SeenFrame frame{packet->head.time_ns, std::string(packet->bytes.begin(), packet->bytes.end())};
      for (size_t i = 0; i < choices.size(); ++i) {
        if ((packet->head.taps >> i & 1) != 0) drained[i].push_back(frame);
      }
    }
  });
  const std::vector<SeenFrame> frames = bytes_and_times_of(bundled_capture());
  for (size_t i = 0; i < choices.size(); ++i) {
    SCOPED_TRACE(choices[i]);
    std::vector<SeenFrame> expected;
    for (const size_t number : selected_by_tshark(choices[i].tshark)) expected.push_back(frames.at(number - 1));
    EXPECT_EQ(drained[i].size(), expected.size());
    EXPECT_TRUE(drained[i] == expected) << "other frames, or in another order";
    EXPECT_FALSE(expected.empty()) << "a comparison of nothing";
    const auto counts = region.counts(0, static_cast<uint8_t>(i));
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->tap_id, 100 + i);
    EXPECT_EQ(counts->matched_packets, drained[i].size() + counts->dropped_packets);
    EXPECT_EQ(counts->dropped_packets, 0u);
  }
  EXPECT_EQ(region.ring(0).resynchronised(), 0u);
}

TEST(TapsOfTheProcess, CountWhatDoesNotFitIntoTheRing) {
  DataPlaneProcess process(config_of(1));
  ASSERT_TRUE(process.running()) << process.words();
  PacketRegionReader region = set_taps(process, 1, {{{"slot", 0}, {"id", 1}}, {{"slot", 1}, {"id", 2}, {"filter", "tcp"}, {"snap_length", 64}}});
  replay(process, [] {});  // nobody takes anything
  std::array<uint64_t, 2> drained{};
  for (PacketRingReader& ring = region.ring(0); const DrainedPacket* packet = ring.peek(); ring.pop()) {
    for (size_t i = 0; i < drained.size(); ++i) drained[i] += packet->head.taps >> i & 1;
  }
  for (uint8_t slot = 0; slot < drained.size(); ++slot) {
    const auto counts = region.counts(0, slot);
    ASSERT_TRUE(counts);
    EXPECT_GT(drained[slot], 0u);
    EXPECT_GT(counts->dropped_packets, 0u);
    EXPECT_EQ(counts->matched_packets, drained[slot] + counts->dropped_packets);
  }
  EXPECT_EQ(region.counts(0, 0)->matched_packets, kPackets);
  EXPECT_EQ(region.dropped_packets(0), region.counts(0, 0)->dropped_packets);
}

TEST(TapsOfTheProcess, AreReplacedAsAWholeAndOutliveNewRules) {
  DataPlaneProcess process("[dataplane]\nmax_flows = 20000\nmax_pending_syns = 20000\n[[dataplane.port]]\nname = \"in\"\nsource = \"replay\"\n");
  ASSERT_TRUE(process.running()) << process.words();
  const json by_name{{{"slot", 4}, {"id", 9}, {"filter", "flow.application == \"dns\" && udp"}}};
  PacketRegionReader region = set_taps(process, 1, {{{"slot", 0}, {"id", 8}}});
  region = set_taps(process, 2, by_name);
  EXPECT_EQ(region.adopted_set(0), 2u);
  // There were no rules when the filter was compiled.
  const FileDescriptor blob = memory_file(read_file(compiled_rules()), true);
  ASSERT_TRUE(process.client().ask({{"command", "load-rules"}}, blob.get()).json["ok"]);
  replay(process, [] {});
  EXPECT_EQ(region.counts(0, 0)->matched_packets, 0u);
  EXPECT_GT(region.counts(0, 4)->matched_packets, 300u) << "by names that came with the rules";
  const uint64_t before = region.counts(0, 4)->matched_packets;
  region = set_taps(process, 3, json::array());
  EXPECT_EQ(region.adopted_set(0), 3u);
  replay(process, [] {});
  EXPECT_EQ(region.counts(0, 4)->matched_packets, before);
}

TEST(TapsOfTheProcess, AreRefusedWithTheSlotThatIsWrong) {
  DataPlaneProcess process(config_of(1));
  ASSERT_TRUE(process.running()) << process.words();
  struct Row {
    json request;
    std::string_view says;
    int slot = -1;
  };
  const auto one = [](json tap) { return json{{"set", 1}, {"taps", {{{"slot", 0}, {"id", 1}}, std::move(tap)}}}; };
  json many{{"set", 1}, {"taps", json::array()}};
  for (int i = 0; i < 17; ++i) many["taps"].push_back({{"slot", 0}, {"id", i + 1}});
  const std::vector<Row> rows{
      {{{"taps", json::array()}}, "need \"set\""},
      {{{"set", -1}, {"taps", json::array()}}, "need \"set\""},
      {{{"set", 1}}, "need \"taps\""},
      {{{"set", 1}, {"taps", 7}}, "need \"taps\""},
      {{{"set", 1}, {"taps", {7}}}, "a tap is {"},
      {many, "17 taps are more than 16"},
      {one({{"id", 1}}), "needs \"slot\""},
      {one({{"slot", 256}, {"id", 1}}), "0 to 15"},
      {one({{"slot", 5}}), "needs \"id\"", 5},
      {one({{"slot", 0}, {"id", 2}}), "used twice", 0},
      {one({{"slot", 5}, {"id", 2}, {"filter", 7}}), "\"filter\" of a tap is a text", 5},
      {one({{"slot", 5}, {"id", 2}, {"filter", "tcp.stream == 1"}}), "the packets of a stream", 5},
      {one({{"slot", 5}, {"id", 2}, {"filter", "tcp.port =="}}), "column", 5},
      {one({{"slot", 5}, {"id", 2}, {"bpf", "tcp prot 1"}}), "syntax error", 5},
      {one({{"slot", 5}, {"id", 2}, {"port", "inn"}}), "did you mean 'in'", 5},
      {one({{"slot", 5}, {"id", 2}, {"snap_length", 0}}), "from 1 to 262144", 5},
  };
  for (const Row& row : rows) {
    json request = row.request;
    request["command"] = "taps";
    const Answered answer = process.client().ask(request);
    EXPECT_EQ(answer.json["ok"], false) << request;
    EXPECT_THAT(answer.json.value("error", ""), HasSubstr(std::string(row.says)));
    EXPECT_EQ(answer.json.value("slot", -1), row.slot) << request;
    EXPECT_EQ(answer.file.get(), -1);
  }
  EXPECT_EQ(set_taps(process, 5, json::array()).adopted_set(0), 5u) << "and goes on";
}

}  // namespace
}  // namespace wirewatch::testing
