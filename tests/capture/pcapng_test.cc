// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include "dataplane/base/byte_order.h"
#include "dataplane/base/timestamp.h"
#include "tests/capture/reading.h"

namespace wirewatch::testing {
namespace {

constexpr uint8_t kNanoseconds = 9;
constexpr uint8_t kPowerOfTwo = 0x80;
using Unreads = std::vector<std::pair<std::string, uint64_t>>;

PcapNgBuilder one_interface(InterfaceOptions options = {}) {
  PcapNgBuilder builder;
  builder.section().interface(options);
  return builder;
}

TEST(PcapNg, ReadsEnhancedPacketsInBothByteOrders) {
  for (const std::endian order : {std::endian::little, std::endian::big}) {
    PcapNgBuilder builder;
    builder.section(order).interface({.link_type = 113}).enhanced(0, 5'000'001, kOddFrame).enhanced(0, 6'000'000, kOddFrame, 1500);
    const auto reading = read_memory(builder.bytes());
    const std::vector<Frame> expected{{1, 5 * kSecond_ns + 1000, 61, 113, 0, kOddFrame}, {2, 6 * kSecond_ns, 1500, 113, 0, kOddFrame}};
    EXPECT_EQ(reading.frames, expected);
    EXPECT_EQ(reading.summary.format, CaptureFormat::PcapNg);
    EXPECT_EQ(reading.summary.link_type, 113);
    EXPECT_EQ(reading.summary.timestamp_resolution_ns, 1000);
    EXPECT_FALSE(reading.summary.truncated);
  }
}

TEST(PcapNg, ReadsObsoletePacketBlocks) {
  const auto reading = read_memory(one_interface().obsolete(0, 5'000'000, kOddFrame).bytes());
  const std::vector<Frame> expected{{1, 5 * kSecond_ns, 61, 1, 0, kOddFrame}};
  EXPECT_EQ(reading.frames, expected);
}

TEST(PcapNg, GivesSimplePacketsNoTime) {
  const auto reading = read_memory(one_interface().simple(kOddFrame, 61).bytes());
  const std::vector<Frame> expected{{1, kNoTimestamp.ns, 61, 1, 0, kOddFrame}};
  EXPECT_EQ(reading.frames, expected);
}

TEST(PcapNg, CutsSimplePacketsAtTheSnapshotLength) {
  const auto reading = read_memory(one_interface({.snapshot_length = 40}).simple(pattern(40), 1500).bytes());
  const std::vector<Frame> expected{{1, kNoTimestamp.ns, 1500, 1, 0, pattern(40)}};
  EXPECT_EQ(reading.frames, expected);
}

TEST(PcapNg, KeepsSectionsApartAndCountsInterfacesOverAllOfThem) {
  PcapNgBuilder builder;
  builder.section(std::endian::little).interface().interface({.link_type = 113, .resolution = kNanoseconds});
  builder.enhanced(1, 7, kOddFrame).enhanced(0, 8, kOddFrame);
  builder.section(std::endian::big).interface({.link_type = 101, .resolution = uint8_t{3}}).enhanced(0, 9, kOddFrame);
  const auto reading = read_memory(builder.bytes());
  const std::vector<Frame> expected{
      {1, 7, 61, 113, 1, kOddFrame}, {2, 8000, 61, 1, 0, kOddFrame}, {3, 9'000'000, 61, 101, 2, kOddFrame}};
  EXPECT_EQ(reading.frames, expected);
  EXPECT_EQ(reading.summary.link_types, (std::vector<uint16_t>{1, 101, 113}));
  EXPECT_EQ(reading.summary.link_type, std::nullopt);
  EXPECT_EQ(reading.summary.timestamp_resolution_ns, 1);
}

TEST(PcapNg, TakesResolutionAndLinkTypeOnlyFromInterfacesWithPackets) {
  const auto reading = read_memory(
      one_interface().interface({.link_type = 113, .resolution = kNanoseconds}).enhanced(0, 1, kOddFrame).bytes());
  EXPECT_EQ(reading.summary.link_type, 1);
  EXPECT_EQ(reading.summary.timestamp_resolution_ns, 1000);
}

struct Resolution {
  const char* description;
  InterfaceOptions interface;
  uint64_t units;
  int64_t time_ns;
  int64_t resolution_ns;
};

class PcapNgTime : public ::testing::TestWithParam<Resolution> {};

TEST_P(PcapNgTime, FollowsTheInterface) {
  const auto reading = read_memory(one_interface(GetParam().interface).enhanced(0, GetParam().units, kOddFrame).bytes());
  ASSERT_EQ(reading.frames.size(), 1u);
  EXPECT_EQ(reading.frames[0].time_ns, GetParam().time_ns);
  EXPECT_EQ(reading.summary.timestamp_resolution_ns, GetParam().resolution_ns);
  const bool in_range = GetParam().time_ns != kNoTimestamp.ns;
  EXPECT_EQ(reading.unread(), in_range ? Unreads{} : (Unreads{{"timestamp_out_of_range", 1}}));
}

constexpr uint64_t kMaxUnits = ~uint64_t{0};
INSTANTIATE_TEST_SUITE_P(
    All, PcapNgTime,
    ::testing::Values(
        Resolution{"Seconds", {.resolution = uint8_t{0}}, 5, 5 * kSecond_ns, kSecond_ns},
        Resolution{"Milliseconds", {.resolution = uint8_t{3}}, 5, 5'000'000, 1'000'000},
        Resolution{"Picoseconds", {.resolution = uint8_t{12}}, 5'999, 5, 1},
        Resolution{"FinestDecimal", {.resolution = uint8_t{127}}, kMaxUnits, 0, 1},
        Resolution{"HalfSeconds", {.resolution = uint8_t{kPowerOfTwo | 1}}, 3, kSecond_ns + kSecond_ns / 2, kSecond_ns / 2},
        Resolution{"TwoToTheMinus20", {.resolution = uint8_t{kPowerOfTwo | 20}}, (uint64_t{1} << 20) + 1, kSecond_ns + 953, 954},
        Resolution{"FinestBinary", {.resolution = uint8_t{255}}, kMaxUnits, 0, 1},
        Resolution{"TwoToTheMinus64", {.resolution = uint8_t{kPowerOfTwo | 64}}, uint64_t{1} << 63, kSecond_ns / 2, 1},
        Resolution{"OffsetAdded", {.offset_seconds = 100}, 5'000'000, 105 * kSecond_ns, 1000},
        Resolution{"OffsetBefore1970", {.offset_seconds = -100}, 5'000'000, -95 * kSecond_ns, 1000},
        Resolution{"OffsetBringsItBackIntoRange", {.offset_seconds = -9'000'000'000}, 18'000'000'000'000'000, 9'000'000'000 * kSecond_ns, 1000},
        Resolution{"OffsetOutOfRange", {.offset_seconds = std::numeric_limits<int64_t>::min()}, 1, kNoTimestamp.ns, 1000},
        Resolution{"TimeOutOfRange", {}, kMaxUnits, kNoTimestamp.ns, 1000},
        Resolution{"SumOutOfRange", {.offset_seconds = 9'000'000'000}, 9'000'000'000'000'000, kNoTimestamp.ns, 1000}),
    [](const auto& row) { return std::string(row.param.description); });

TEST(PcapNg, StepsOverEverythingThatIsNoPacket) {
  PcapNgBuilder builder = one_interface();
  const auto some = builder.body().u32(1).u32(2);
  for (const uint32_t type : {kNameResolutionBlock, kInterfaceStatisticsBlock, kDecryptionSecretsBlock}) builder.block(type, some);
  builder.enhanced(0, 1, kOddFrame);
  constexpr uint32_t kCustomNotToBeCopied = 0x40000bad;
  constexpr uint32_t kLocalUse = 0x80000001;
  builder.block(kCustomBlock, some).block(kCustomNotToBeCopied, some).block(kLocalUse, some).enhanced(0, 2, kOddFrame);
  const auto reading = read_memory(builder.bytes());
  EXPECT_EQ(reading.frames.size(), 2u);
  EXPECT_EQ(reading.frames.back().number, 2u);
  EXPECT_EQ(reading.unread(), (Unreads{{"custom_block", 2}, {"unknown_block", 1}}));
  EXPECT_FALSE(reading.summary.truncated);
}

TEST(PcapNg, KeepsTheSecretsOfTls) {
  PcapNgBuilder builder = one_interface();
  constexpr uint32_t kTlsKeyLog = 0x544c534b, kWireGuardKeyLog = 0x57474b4c;
  const auto secrets = [&](uint32_t type, uint32_t length, std::string_view text) {
    auto body = builder.body().u32(type).u32(length);
    for (size_t i = 0; i < text.size(); i += 4) body.u32(load_le32(reinterpret_cast<const uint8_t*>(text.data()) + i));
    builder.block(kDecryptionSecretsBlock, body);
  };
  secrets(kTlsKeyLog, 6, "A B\nC\n  ");
  builder.enhanced(0, 1, kOddFrame);
  secrets(kWireGuardKeyLog, 4, "none");
  secrets(kTlsKeyLog, 400, "D E ");
  EXPECT_EQ(read_memory(builder.bytes()).summary.key_log, "A B\nC\n\nD E \n") << "a length beyond the block ends with it";
}

TEST(PcapNg, StepsOverABlockOfManyMegabytesPieceByPiece) {
  PcapNgBuilder builder = one_interface();
  builder.enhanced(0, 1, kOddFrame).block(kNameResolutionBlock, builder.body().zeros(3'000'000)).enhanced(0, 2, kOddFrame);
  EXPECT_EQ(read_memory(builder.bytes()).frames.size(), 2u);
  EXPECT_EQ(read_in_pieces(builder.bytes(), 100'000).frames.size(), 2u);
  EXPECT_EQ(read_file(builder.bytes()).frames.size(), 2u);
}

TEST(PcapNg, ReadsAPacketWhoseOptionsAreLargerThanItsLookahead) {
  Bytes options = ByteWriter().u16(1).u16(65532).zeros(65532).bytes();
  for (int doubling = 0; doubling < 4; ++doubling) options = options + options;
  const auto reading = read_memory(one_interface().enhanced(0, 1, kOddFrame, 61, options).enhanced(0, 2, kOddFrame).bytes());
  ASSERT_EQ(reading.frames.size(), 2u);
  EXPECT_EQ(reading.frames[0].data, kOddFrame);
  EXPECT_FALSE(reading.summary.truncated);
}

TEST(PcapNg, SkipsPacketsOfAnInterfaceThatWasNeverDescribed) {
  const auto reading = read_memory(one_interface().enhanced(77, 1, kOddFrame).enhanced(0, 2, kOddFrame).bytes());
  ASSERT_EQ(reading.frames.size(), 1u);
  EXPECT_EQ(reading.frames[0].number, 1u);
  EXPECT_EQ(reading.unread(), (Unreads{{"unknown_interface", 1}}));
  EXPECT_NE(reading.summary.damage.find("interface 77"), std::string::npos) << reading.summary.damage;
  EXPECT_FALSE(reading.summary.truncated);
}

TEST(PcapNg, KeepsReadingWhenAnInterfaceOptionOverrunsItsBlock) {
  PcapNgBuilder builder;
  builder.section();
  constexpr uint16_t kComment = 1;
  builder.block(kInterfaceDescriptionBlock, builder.body().u16(1).u16(0).u32(0).u16(kComment).u16(65535));
  const auto reading = read_memory(builder.enhanced(0, 1, kOddFrame).bytes());
  EXPECT_EQ(reading.frames.size(), 1u);
  EXPECT_EQ(reading.unread(), (Unreads{{"damaged_options", 1}}));
}

TEST(PcapNg, AcceptsLengthsThatAreNotMultiplesOfFour) {
  PcapNgBuilder builder = one_interface();
  const auto content = builder.body().u32(1).zeros(4);
  builder.block_claiming(kNameResolutionBlock, content, 18, 18).enhanced(0, 1, kOddFrame);
  EXPECT_EQ(read_memory(builder.bytes()).frames.size(), 1u);
}

TEST(PcapNg, BoundsTheInterfacesOfASection) {
  PcapNgBuilder builder;
  builder.section();
  const Bytes one = PcapNgBuilder().interface().bytes();
  Bytes file = builder.bytes();
  for (int i = 0; i <= 65536; ++i) file.insert(file.end(), one.begin(), one.end());
  const auto reading = read_memory(file);
  EXPECT_TRUE(reading.summary.truncated);
  EXPECT_NE(reading.summary.damage.find("65536"), std::string::npos) << reading.summary.damage;
}

struct Damage {
  const char* description;
  Bytes file;
  size_t frames;
  const char* mentions;
  const char* reason;
};

class DamagedPcapNg : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedPcapNg, DeliversWhatCameBeforeAndSaysWhere) {
  for (const size_t piece : {GetParam().file.size(), size_t{13}}) {
    const auto reading = read_in_pieces(GetParam().file, piece);
    EXPECT_EQ(reading.frames.size(), GetParam().frames);
    EXPECT_TRUE(reading.summary.truncated);
    EXPECT_NE(reading.summary.damage.find(GetParam().mentions), std::string::npos) << reading.summary.damage;
    EXPECT_EQ(reading.unread(), (Unreads{{GetParam().reason, 1}}));
  }
}

Bytes cut(const Bytes& file, size_t from_end) { return Bytes(file.begin(), file.end() - static_cast<std::ptrdiff_t>(from_end)); }
PcapNgBuilder one_packet() { return one_interface().enhanced(0, 1, kOddFrame); }
const Bytes kOnePacket = one_packet().bytes();  // 28 bytes of section, 20 of interface, 96 of packet
ByteWriter packet_claiming(uint32_t captured) {
  return ByteWriter().u32(0).u64(0).u32(captured).u32(61).raw(kOddFrame).pad_to_4();
}

INSTANTIATE_TEST_SUITE_P(
    All, DamagedPcapNg,
    ::testing::Values(
        Damage{"LastByteMissing", cut(one_packet().enhanced(0, 2, kOddFrame).bytes(), 1), 1, "byte 144", "truncated_record"},
        Damage{"BlockHeaderCut", kOnePacket + Bytes(7), 1, "byte 144", "truncated_record"},
        Damage{"SecondLengthDiffers", one_packet().block_claiming(kEnhancedPacketBlock, packet_claiming(61), 96, 100).bytes(),
               1, "ends with length 100, expected 96", "damaged_record"},
        Damage{"LengthBelowItsType", one_packet().block_claiming(kEnhancedPacketBlock, packet_claiming(61), 28, 28).bytes(), 1,
               "claims a length of 28, expected 32", "damaged_record"},
        Damage{"LengthZero", one_packet().block_claiming(kCustomBlock, ByteWriter(), 0, 0).bytes(), 1, "a length of 0",
               "damaged_record"},
        Damage{"LengthHuge", one_packet().block_claiming(kCustomBlock, ByteWriter(), 0xfffffffc, 12).bytes(), 1,
               "a length of 4294967292", "damaged_record"},
        Damage{"CapturedPastTheBlock", one_packet().block(kEnhancedPacketBlock, packet_claiming(65)).bytes(), 1,
               "claims 65 captured bytes, expected at most the 64", "damaged_record"},
        Damage{"CapturedHuge", one_packet().block(kEnhancedPacketBlock, packet_claiming(0xffffffff)).bytes(), 1,
               "claims 4294967295 captured bytes", "damaged_record"},
        Damage{"SectionWithoutByteOrder", one_packet().block(kSectionHeaderBlock, ByteWriter().zeros(16)).bytes(), 1,
               "byte-order magic 0x1a2b3c4d at byte 152", "damaged_record"},
        Damage{"SectionOfVersion2", one_packet().section(std::endian::big, 2).bytes(), 1, "version 1 at byte 156, found 2",
               "damaged_record"},
        Damage{"LongBlockCut",
               cut(one_packet().block(kNameResolutionBlock, ByteWriter().zeros(2'000'000)).bytes(), 1'000'000), 1,
               "ends inside a block", "truncated_record"},
        Damage{"LongBlockWithTwoLengths",
               one_packet().block_claiming(kNameResolutionBlock, ByteWriter().zeros(2'000'000), 2'000'012, 2'000'016).bytes(),
               1, "is 2000016, expected 2000012", "damaged_record"}),
    [](const auto& row) { return std::string(row.param.description); });

struct BadPcapNgHeader {
  const char* description;
  Bytes file;
  const char* mentions;
};

class PcapNgHeader : public ::testing::TestWithParam<BadPcapNgHeader> {};

TEST_P(PcapNgHeader, IsRefusedWithWhatWasExpected) {
  const auto reading = read_memory(GetParam().file);
  EXPECT_NE(reading.error.find(GetParam().mentions), std::string::npos) << reading.error;
}

INSTANTIATE_TEST_SUITE_P(
    All, PcapNgHeader,
    ::testing::Values(BadPcapNgHeader{"MagicOnly", cut(kOnePacket, kOnePacket.size() - 4), "the file has 4"},
                      BadPcapNgHeader{"CutShort", cut(kOnePacket, kOnePacket.size() - 27), "at least 28 bytes, the file has 27"},
                      BadPcapNgHeader{"NoByteOrder", PcapNgBuilder().block(kSectionHeaderBlock, ByteWriter().zeros(16)).bytes(),
                                "found 0x00000000"},
                      BadPcapNgHeader{"Version2", PcapNgBuilder().section(std::endian::big, 2).bytes(), "at byte 12, found 2"}),
    [](const auto& row) { return std::string(row.param.description); });

}  // namespace
}  // namespace wirewatch::testing
