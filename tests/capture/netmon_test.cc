// SPDX-License-Identifier: BSD-3-Clause
// Network Monitor. Which network types are frames was checked by patching one record's type and asking tshark 4.0.17.
#include <gtest/gtest.h>

#include "dataplane/base/timestamp.h"
#include "dataplane/capture/link_type.h"
#include "tests/capture/reading.h"

namespace wirewatch::testing {
namespace {

using Unreads = std::vector<std::pair<std::string, uint64_t>>;
constexpr int64_t kStart = 1'333'039'053 * kSecond_ns + 377'000'000;  // date -u -d '2012-03-29 16:37:33.377' +%s.%N
constexpr uint64_t kFileTimeOf1970 = 116'444'736'000'000'000;

TEST(NetMon, ReadsTimesAsMicrosecondsSinceAStartTakenAsUtc) {
  const auto reading = read_memory(NetMonBuilder().record(0, kFrame).record(1'000'005, pattern(20)).bytes());
  const std::vector<Frame> expected{{1, kStart, 60, 1, 0, kFrame}, {2, kStart + kSecond_ns + 5000, 20, 1, 0, pattern(20)}};
  EXPECT_EQ(reading.frames, expected);
  EXPECT_EQ(reading.summary.format, CaptureFormat::NetMon);
  EXPECT_EQ(reading.summary.timestamp_resolution_ns, 1000);
  EXPECT_EQ(reading.summary.packets, 2u);
  EXPECT_FALSE(reading.summary.truncated);
}

TEST(NetMon, ReadsFramesFromBeforeTheStart) {
  const auto a_second_before = static_cast<uint64_t>(-1'000'000);
  EXPECT_EQ(read_memory(NetMonBuilder().record(a_second_before, kFrame).bytes()).frames.at(0).time_ns, kStart - kSecond_ns);
}

TEST(NetMon, ReadsTheUtcTimeOfVersion23) {
  const auto reading = read_memory(NetMonBuilder({.minor = 3}).record(5, kFrame, 1, kFileTimeOf1970 + 12'345'678).bytes());
  EXPECT_EQ(reading.frames.at(0).time_ns, 1'234'567'800);
  EXPECT_EQ(reading.summary.timestamp_resolution_ns, 100);
}

TEST(NetMon, ReadsVersion1InMilliseconds) {
  const auto reading = read_memory(NetMonBuilder({.major = 1, .minor = 1}).record(1500, kFrame).bytes());
  const std::vector<Frame> expected{{1, kStart + kSecond_ns + kSecond_ns / 2, 60, 1, 0, kFrame}};
  EXPECT_EQ(reading.frames, expected);
  EXPECT_EQ(reading.summary.timestamp_resolution_ns, 1'000'000);
}

TEST(NetMon, FollowsTheFrameTableOverHolesAndInAnyOrder) {
  for (uint8_t minor = 0; minor <= 3; ++minor) {
    NetMonBuilder builder({.minor = minor, .hole = 7, .table_reversed = true});
    const auto reading = read_memory(builder.record(0, kFrame).record(1, pattern(20)).record(2, pattern(33)).bytes());
    ASSERT_EQ(reading.frames.size(), 3u);
    EXPECT_EQ(reading.frames[0].data, pattern(33));
    EXPECT_EQ(reading.frames[2].data, kFrame);
  }
}

struct Network {
  const char* description;
  uint16_t network;
  std::optional<uint16_t> link_type;  // absent: no frame
};

class NetMonNetwork : public ::testing::TestWithParam<Network> {};

TEST_P(NetMonNetwork, DecidesTheLinkTypeOfItsRecord) {
  for (const uint8_t minor : {uint8_t{1}, uint8_t{2}, uint8_t{3}}) {
    NetMonBuilder builder({.minor = minor});
    const uint64_t utc = kFileTimeOf1970;
    const auto reading = read_memory(builder.record(0, kFrame, GetParam().network, utc).record(1, kFrame, 1, utc).bytes());
    ASSERT_EQ(reading.frames.size(), GetParam().link_type ? 2u : 1u);
    EXPECT_EQ(reading.frames[0].link_type, GetParam().link_type.value_or(1));
    EXPECT_EQ(reading.frames.back().number, reading.frames.size());
    EXPECT_EQ(reading.unread(), GetParam().link_type ? Unreads{} : (Unreads{{"metadata_record", 1}}));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, NetMonNetwork,
    ::testing::Values(Network{"VpnOfNetMon34", 0, 1}, Network{"Ethernet", 1, 1}, Network{"TokenRing", 2, 6},
                      Network{"Fddi", 3, 10}, Network{"Atm", 4, 100}, Network{"Ieee1394", 5, kLinkTypeUnknown},
                      Network{"Wifi", 6, 105}, Network{"Tunnel", 7, 101}, Network{"WirelessWan", 8, 101},
                      Network{"RawIp", 9, 101}, Network{"IrDa", 11, kLinkTypeUnknown}, Network{"PcapEthernet", 0xe001, 1},
                      Network{"PcapLinuxSll", 0xe071, 113}, Network{"AnalyzerWifi", 0xe080, 105},
                      Network{"AnalyzerWfp", 0xe083, kLinkTypeUnknown}, Network{"NetEvent", 0xffe0, kLinkTypeUnknown},
                      Network{"NetworkInfoEx", 0xfffb, kLinkTypeUnknown}, Network{"PayloadHeader", 0xfffc, std::nullopt},
                      Network{"NetworkInfo", 0xfffd, std::nullopt}, Network{"DnsCache", 0xfffe, std::nullopt},
                      Network{"Filter", 0xffff, kLinkTypeUnknown}),
    [](const auto& row) { return std::string(row.param.description); });

TEST(NetMon, TakesTheNetworkOfTheHeaderBeforeVersion21) {
  EXPECT_EQ(read_memory(NetMonBuilder({.network = 3}).record(0, kFrame).bytes()).frames.at(0).link_type, 10);
}

TEST(NetMon, StepsOverTheRadioInformationInFrontOfWifiFrames) {
  constexpr uint16_t kRadioInformation = 32;
  const Bytes frame = ByteWriter().u8(2).u16(kRadioInformation).zeros(kRadioInformation - 3).raw(kFrame).bytes();
  const auto reading = read_memory(NetMonBuilder({.minor = 1}).record(0, frame, 6).bytes());
  EXPECT_EQ(reading.frames.at(0).data, kFrame);
  EXPECT_EQ(reading.frames.at(0).original, frame.size());  // as tshark's frame.len
}

TEST(NetMon, BoundsRadioInformationThatIsLongerThanItsFrame) {
  const Bytes frame = ByteWriter().u8(2).u16(65535).raw(kFrame).bytes();
  EXPECT_TRUE(read_memory(NetMonBuilder({.minor = 1}).record(0, frame, 6).bytes()).frames.at(0).data.empty());
}

struct Start {
  const char* description;
  NetMonStart start;
  int64_t time_ns;
};

class NetMonStartTime : public ::testing::TestWithParam<Start> {};

TEST_P(NetMonStartTime, BecomesNanosecondsSince1970) {
  EXPECT_EQ(read_memory(NetMonBuilder({.start = GetParam().start}).record(0, kFrame).bytes()).frames.at(0).time_ns,
            GetParam().time_ns);
}

// `date -u -d '...' +%s` gave the seconds; month 13 as tshark 4.0.17 reads it under TZ=UTC.
INSTANTIATE_TEST_SUITE_P(
    All, NetMonStartTime,
    ::testing::Values(Start{"Epoch", {1970, 1, 1, 0, 0, 0, 0}, 0},
                      Start{"BeforeEpoch", {1969, 12, 31, 23, 59, 59, 1}, -kSecond_ns + 1'000'000},
                      Start{"LeapDay", {2024, 2, 29, 12, 0, 0, 0}, 1'709'208'000 * kSecond_ns},
                      Start{"DayAfterLeapDay", {2000, 3, 1, 0, 0, 0, 0}, 951'868'800 * kSecond_ns},
                      Start{"NoLeapDayIn2100", {2100, 3, 1, 0, 0, 0, 0}, 4'107'542'400 * kSecond_ns},
                      Start{"Month13", {2012, 13, 29, 16, 37, 33, 0}, 1'359'477'453 * kSecond_ns},
                      Start{"YearZero", {0, 3, 29, 16, 37, 33, 0}, kNoTimestamp.ns},
                      Start{"AllOnes", {65535, 65535, 65535, 65535, 65535, 65535, 65535}, kNoTimestamp.ns}),
    [](const auto& row) { return std::string(row.param.description); });

TEST(NetMon, CountsTimesOutOfRange) {
  const auto reading = read_memory(NetMonBuilder({.minor = 3}).record(0, kFrame, 1, ~uint64_t{0}).bytes());
  EXPECT_EQ(reading.frames.at(0).time_ns, kNoTimestamp.ns);
  EXPECT_EQ(reading.unread(), (Unreads{{"timestamp_out_of_range", 1}}));
}

struct NetMonDamage {
  const char* description;
  Bytes file;
  size_t frames;
  const char* mentions;
};

class DamagedNetMon : public ::testing::TestWithParam<NetMonDamage> {};

TEST_P(DamagedNetMon, DeliversWhatCanBeReadAndSaysWhatIsWrong) {
  const auto reading = read_memory(GetParam().file);
  EXPECT_EQ(reading.frames.size(), GetParam().frames);
  EXPECT_TRUE(reading.summary.truncated);
  EXPECT_NE(reading.summary.damage.find(GetParam().mentions), std::string::npos) << reading.summary.damage;
}

NetMonBuilder three(uint8_t minor = 0) {  // of 16 + 60 bytes and the trailer each, from byte 128 on
  return NetMonBuilder({.minor = minor}).record(0, kFrame).record(1, kFrame).record(2, kFrame);
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedNetMon,
    ::testing::Values(
        NetMonDamage{"TableCut", cut(three().bytes(), 4), 2, "frame table at byte 356 is cut short: expected 12 bytes, 2 whole"},
        NetMonDamage{"TableLengthOdd", three().bytes(std::nullopt, 11), 2, "expected 11 bytes"},
        NetMonDamage{"TableMissing", cut(three(2).bytes(), 12), 3, "12 bytes of frame table at byte 374 of 374"},
        NetMonDamage{"TableEmpty", three(3).bytes(std::nullopt, 0), 3, "0 bytes of frame table at byte 401"},
        NetMonDamage{"TableFarBehindTheEnd", cut(three().bytes(0xfffffff0), 12), 3, "at byte 4294967280"},
        NetMonDamage{"FileCutInALaterRecord", cut(three().bytes(), 12 + 30), 2, "12 bytes of frame table at byte 356 of 326"},
        NetMonDamage{"RecordBehindTheEnd", three().table_entry(400).bytes(), 3, "frame 4 is said to be at byte 400"},
        NetMonDamage{"RecordHeaderCut", three().table_entry(357).bytes(), 3, "frame 4 is said to be at byte 357"},
        NetMonDamage{"LengthHuge", three().record(3, kFrame, 1, 0, 0xffffffff).bytes(), 3, "byte 356 claims 4294967295"}),
    [](const auto& row) { return std::string(row.param.description); });

TEST(NetMon, RefusesHeadersThatSayNothing) {
  const Bytes file = three().bytes();
  EXPECT_NE(read_memory(Bytes(file.begin(), file.begin() + 31)).error.find("the file has 31"), std::string::npos);
  EXPECT_NE(read_memory(NetMonBuilder({.major = 9}).record(0, kFrame).bytes()).error.find("at byte 5, found 9"),
            std::string::npos);
}

TEST(NetMon, StopsAtTheLimitAndGoesOnBehindIt) {
  const auto reading = read_in_pieces(three().bytes(), 0, 1);
  ASSERT_EQ(reading.frames.size(), 3u);
  EXPECT_EQ(reading.frames[2].number, 3u);
}

}  // namespace
}  // namespace wirewatch::testing
