// SPDX-License-Identifier: BSD-3-Clause
// Classic pcap and its dialects. What tshark makes of the dialects was checked with
// `editcap -F rh6_1pcap|suse6_3pcap|nokiapcap|modpcap` and with hand-made AIX, 2.2 and 2.3 files (tshark 4.0.17).
#include <gtest/gtest.h>

#include "dataplane/base/timestamp.h"
#include "tests/capture/reading.h"

namespace wirewatch::testing {
namespace {

TEST(Pcap, ReadsBothByteOrdersAndBothResolutions) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    for (const bool nanoseconds : {false, true}) {
      SCOPED_TRACE(nanoseconds ? "ns" : "us");
      PcapOptions options{.order = order, .magic = nanoseconds ? kNanosecondMagic : kMicrosecondMagic};
      const auto reading =
          read_memory(PcapBuilder(options).record(7, 5, kFrame).record(8, 6, pattern(20, 9), 1500).bytes());
      const int64_t unit = nanoseconds ? 1 : 1000;
      const std::vector<Frame> expected{{1, 7 * kSecond_ns + 5 * unit, 60, 1, 0, kFrame},
                                        {2, 8 * kSecond_ns + 6 * unit, 1500, 1, 0, pattern(20, 9)}};
      EXPECT_EQ(reading.frames, expected);
      EXPECT_EQ(reading.summary.format, CaptureFormat::Pcap);
      EXPECT_EQ(reading.summary.timestamp_resolution_ns, unit);
      EXPECT_EQ(reading.summary.packets, 2u);
      EXPECT_FALSE(reading.summary.truncated);
    }
  }
}

struct Dialect {
  const char* description;
  PcapOptions options;
};

class PcapDialect : public ::testing::TestWithParam<Dialect> {};

TEST_P(PcapDialect, IsToldByWhereTheSecondRecordStarts) {
  PcapBuilder builder(GetParam().options);
  // Data that looks like no record header, as real frames do not.
  builder.record(1'400'000'000, 1, kFrame).record(1'400'000'001, 2, pattern(42, 200)).record(1'400'000'002, 3, kFrame);
  const auto reading = read_memory(builder.bytes());
  ASSERT_EQ(reading.frames.size(), 3u);
  EXPECT_EQ(reading.frames[1].data, pattern(42, 200));
  EXPECT_EQ(reading.frames[2].data, kFrame);
  EXPECT_FALSE(reading.summary.truncated);
}

INSTANTIATE_TEST_SUITE_P(
    All, PcapDialect,
    ::testing::Values(Dialect{"Standard", {}},
                      Dialect{"Nokia", {.extra_header = 4}},
                      Dialect{"RedHat61", {.extra_header = 8}},
                      Dialect{"RedHat61BigEndian", {.order = std::endian::big, .extra_header = 8}},
                      Dialect{"Modified", {.magic = kModifiedMagic, .extra_header = 8}},
                      Dialect{"Suse63", {.magic = kModifiedMagic, .extra_header = 12}},
                      Dialect{"Ixia", {.magic = kIxiaNanosecondMagic}}),
    [](const auto& row) { return std::string(row.param.description); });

TEST(Pcap, ReadsASingleRecordOfEachDialect) {
  for (const size_t extra : {size_t{0}, size_t{4}, size_t{8}}) {
    const auto reading = read_memory(PcapBuilder({.extra_header = extra}).record(1, 2, kFrame).bytes());
    ASSERT_EQ(reading.frames.size(), 1u) << extra;
    EXPECT_EQ(reading.frames[0].data, kFrame) << extra;
  }
}

TEST(Pcap, SwapsTheLengthsOfVersionsBefore23) {
  const auto reading = read_memory(PcapBuilder({.minor = 2}).record_claiming(1, 2, 90, 60, kFrame).bytes());
  ASSERT_EQ(reading.frames.size(), 1u);
  EXPECT_EQ(reading.frames[0].data, kFrame);
  EXPECT_EQ(reading.frames[0].original, 90u);
}

TEST(Pcap, TakesTheSmallerLengthOfVersion23AsCaptured) {
  PcapBuilder builder({.minor = 3});
  builder.record_claiming(1, 2, 90, 60, kFrame).record_claiming(1, 3, 60, 91, kFrame);
  const auto reading = read_memory(builder.bytes());
  ASSERT_EQ(reading.frames.size(), 2u);
  EXPECT_EQ(reading.frames[0].original, 90u);
  EXPECT_EQ(reading.frames[1].original, 91u);
}

TEST(Pcap, ReadsAixInterfaceTypesAndNanoseconds) {
  constexpr uint32_t kIfTypeEthernet = 6;
  const auto reading = read_memory(PcapBuilder({.minor = 2, .link_type = kIfTypeEthernet}).record(1, 123456789, kFrame).bytes());
  ASSERT_EQ(reading.frames.size(), 1u);
  EXPECT_EQ(reading.frames[0].link_type, 1);
  EXPECT_EQ(reading.frames[0].time_ns, 1'123'456'789);
}

TEST(Pcap, KeepsWhatWasCapturedWhenTheOriginalLengthIsSmaller) {
  const auto reading = read_memory(PcapBuilder().record(1, 2, kFrame, 0).record(1, 3, kFrame).bytes());
  ASSERT_EQ(reading.frames.size(), 2u);
  EXPECT_EQ(reading.frames[0].data, kFrame);
  EXPECT_EQ(reading.frames[0].original, 0u);  // as tshark's frame.len
}

TEST(Pcap, HoldsOriginalLengthsAtWhatTsharkReports) {
  const auto reading = read_memory(PcapBuilder().record(1, 2, kFrame, 0xffffffff).bytes());
  EXPECT_EQ(reading.frames.at(0).original, 0x7fffffffu);
}

TEST(Pcap, CarriesASubsecondFieldOfASecondOrMoreOver) {
  const auto reading = read_memory(PcapBuilder().record(1, 2'500'000, kFrame).bytes());
  ASSERT_EQ(reading.frames.size(), 1u);
  EXPECT_EQ(reading.frames[0].time_ns, 3 * kSecond_ns + kSecond_ns / 2);
}

TEST(Pcap, CountsSecondsPast2038) {
  const auto reading = read_memory(PcapBuilder().record(0xffffffff, 0, kFrame).bytes());
  EXPECT_EQ(reading.frames.at(0).time_ns, 4'294'967'295 * kSecond_ns);
}

TEST(Pcap, IgnoresTheFrameCheckSequenceBitsOfTheLinkType) {
  constexpr uint32_t kFcsOf4Bytes = 0x24000000;
  const auto reading = read_memory(PcapBuilder({.link_type = kFcsOf4Bytes | 113}).record(1, 2, kFrame).bytes());
  EXPECT_EQ(reading.frames.at(0).link_type, 113);
  EXPECT_EQ(reading.summary.damage, "");
}

TEST(Pcap, SaysWhenReservedBitsOfTheLinkTypeAreSet) {
  constexpr uint32_t kReservedBit = 0x00010000;
  const auto reading = read_memory(PcapBuilder({.link_type = kReservedBit | 1}).record(1, 2, kFrame).bytes());
  EXPECT_EQ(reading.frames.size(), 1u);
  EXPECT_NE(reading.summary.damage.find("byte 20"), std::string::npos) << reading.summary.damage;
}

TEST(Pcap, ReadsRawIpOfOpenBsdAsRawIp) {
  EXPECT_EQ(read_memory(PcapBuilder({.link_type = 14}).record(1, 2, kFrame).bytes()).frames.at(0).link_type, 12);
}

TEST(Pcap, ReadsAFileWithoutPackets) {
  const auto reading = read_memory(PcapBuilder({.link_type = 113}).bytes());
  EXPECT_TRUE(reading.frames.empty());
  EXPECT_EQ(reading.error, "");
  EXPECT_FALSE(reading.summary.truncated);
  EXPECT_EQ(reading.summary.link_type, 113);
}

struct PcapDamage {
  const char* description;
  Bytes file;
  size_t frames;         // delivered before it
  const char* mentions;  // in the sentence
  const char* reason;
};

class DamagedPcap : public ::testing::TestWithParam<PcapDamage> {};

TEST_P(DamagedPcap, DeliversWhatCameBeforeAndSaysWhere) {
  const auto reading = read_memory(GetParam().file);
  EXPECT_EQ(reading.frames.size(), GetParam().frames);
  EXPECT_TRUE(reading.summary.truncated);
  EXPECT_NE(reading.summary.damage.find(GetParam().mentions), std::string::npos) << reading.summary.damage;
  const std::vector<std::pair<std::string, uint64_t>> unread{{GetParam().reason, 1}};
  EXPECT_EQ(reading.unread(), unread);
}

const Bytes kTwoRecords = PcapBuilder().record(1, 2, kFrame).record(1, 3, kFrame).bytes();
constexpr uint32_t kOneTooMany = kMaxCapturedLength + 1;

INSTANTIATE_TEST_SUITE_P(
    All, DamagedPcap,
    ::testing::Values(
        PcapDamage{"LastByteMissing", cut(kTwoRecords, 1), 1, "75 bytes into the record at byte 100", "truncated_record"},
        PcapDamage{"HeaderCut", cut(kTwoRecords, 61), 1, "15 bytes into the record at byte 100", "truncated_record"},
        PcapDamage{"OneStrayByte", kTwoRecords + Bytes{0}, 2, "byte 176", "truncated_record"},
        PcapDamage{"LengthTooLarge",
               PcapBuilder().record(1, 2, kFrame).record_claiming(1, 3, kOneTooMany, kOneTooMany, kFrame).bytes(), 1,
               "byte 100 claims 262145", "damaged_record"},
        PcapDamage{"FirstLengthHuge", PcapBuilder().record_claiming(1, 2, 0xffffffff, 60, kFrame).bytes(), 0,
               "byte 24 claims 4294967295", "damaged_record"}),
    [](const auto& row) { return std::string(row.param.description); });

TEST(Pcap, ReadsTheLargestRecordThatIsBelieved) {
  const auto reading = read_memory(PcapBuilder().record(1, 2, pattern(kMaxCapturedLength)).bytes());
  ASSERT_EQ(reading.frames.size(), 1u);
  EXPECT_EQ(reading.frames[0].data.size(), kMaxCapturedLength);
}

struct BadPcapHeader {
  const char* description;
  Bytes file;
  const char* mentions;
};

class PcapHeader : public ::testing::TestWithParam<BadPcapHeader> {};

TEST_P(PcapHeader, IsRefusedWithWhatWasExpected) {
  const auto reading = read_memory(GetParam().file);
  EXPECT_NE(reading.error.find(GetParam().mentions), std::string::npos) << reading.error;
}

INSTANTIATE_TEST_SUITE_P(
    All, PcapHeader,
    ::testing::Values(BadPcapHeader{"Empty", {}, "an empty one"},
                      BadPcapHeader{"Text", Bytes{'N', 'o', '.', ' '}, "found 4e 6f 2e 20"},
                      BadPcapHeader{"OneByte", Bytes{0xd4}, "found d4"},
                      BadPcapHeader{"CutShort", cut(PcapBuilder().bytes(), 1), "expected 24 bytes, the file has 23"},
                      BadPcapHeader{"Version1", PcapBuilder({.major = 1}).bytes(), "version 2 or later at byte 4, found 1.4"}),
    [](const auto& row) { return std::string(row.param.description); });

}  // namespace
}  // namespace wirewatch::testing
