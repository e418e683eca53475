// SPDX-License-Identifier: BSD-3-Clause
// The reader over real files and pipes: compression, chunk borders, the life of packets, and words for what is missing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include <thread>

#include "dataplane/capture/link_type.h"
#include "tests/capture/reading.h"

namespace wirewatch::testing {
namespace {

Bytes gzip(const Bytes& plain) {
  z_stream stream{};
  constexpr int kGzipHeader = 16;
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + kGzipHeader, 8, Z_DEFAULT_STRATEGY);
  Bytes packed(deflateBound(&stream, plain.size()));
  stream.next_in = const_cast<uint8_t*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = packed.data();
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

Bytes zstd(const Bytes& plain) {
  Bytes packed(ZSTD_compressBound(plain.size()));
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 1));
  return packed;
}

Bytes first_half(const Bytes& file) { return Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(file.size() / 2)); }
Bytes second_half(const Bytes& file) { return Bytes(file.begin() + static_cast<std::ptrdiff_t>(file.size() / 2), file.end()); }

/// Some megabytes of packets of all sizes, so that records straddle the reader's chunks at every offset.
Bytes large_pcap(size_t packets = 6000) {
  PcapBuilder builder;
  for (size_t i = 0; i < packets; ++i) {
    builder.record(static_cast<uint32_t>(i), 0, pattern(i * 37 % 1500, static_cast<uint8_t>(i)));
  }
  return builder.bytes();
}

Bytes large_pcapng() {
  PcapNgBuilder builder;
  builder.section().interface();
  for (size_t i = 0; i < 200; ++i) builder.enhanced(0, i, pattern(i * 997 % 30000, static_cast<uint8_t>(i)));
  return builder.bytes();
}

Bytes small_netmon() { return NetMonBuilder({.hole = 3, .table_reversed = true}).record(0, kOddFrame).record(1, kOddFrame).bytes(); }

struct Container {
  const char* description;
  Bytes plain;
};

class CaptureContainer : public ::testing::TestWithParam<Container> {};

TEST_P(CaptureContainer, ReadsTheSameFromPlainGzipAndZstdFiles) {
  const Bytes& plain = GetParam().plain;
  const Reading expected = read_memory(plain);
  ASSERT_FALSE(expected.frames.empty());
  struct Packed {
    const char* description;
    Bytes file;
    const char* compression;
  };
  const Packed cases[] = {
      {"plain", plain, ""},
      {"gzip", gzip(plain), "gzip"},
      {"gzip of two members", gzip(first_half(plain)) + gzip(second_half(plain)), "gzip"},
      {"gzip with zeros behind it", gzip(plain) + Bytes(1000), "gzip"},
      {"zstd", zstd(plain), "zstd"},
      {"zstd of two frames", zstd(first_half(plain)) + zstd(second_half(plain)), "zstd"},
      {"zstd behind a skippable frame", ByteWriter().u32(0x184d2a5e).u32(4).u32(0).raw(zstd(plain)).bytes(), "zstd"},
  };
  for (const auto& [description, file, compression] : cases) {
    SCOPED_TRACE(description);
    const Reading reading = read_file(file, 100);
    EXPECT_EQ(reading.error, "");
    EXPECT_TRUE(reading.frames == expected.frames);
    EXPECT_EQ(reading.summary.compression, compression);
    EXPECT_EQ(reading.summary.packets, expected.frames.size());
    EXPECT_EQ(reading.summary.file_size, file.size());
    EXPECT_EQ(reading.summary.bytes_read, file.size());
    EXPECT_FALSE(reading.summary.truncated) << reading.summary.damage;
  }
}

TEST_P(CaptureContainer, ReadsAPipe) {
  const Bytes& plain = GetParam().plain;
  const Reading expected = read_memory(plain);
  const std::string folder = TemporaryFile(Bytes{}).path() + ".d";
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  const std::string path = folder + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::jthread writer([&] {
    const int pipe = ::open(path.c_str(), O_WRONLY);
    for (size_t at = 0; at < plain.size();) {
      const ssize_t put = write(pipe, plain.data() + at, std::min<size_t>(plain.size() - at, 5000));
      if (put <= 0) break;
      at += static_cast<size_t>(put);
    }
    close(pipe);
  });
  const Reading reading = read_path(path);
  EXPECT_TRUE(reading.frames == expected.frames);
  EXPECT_EQ(reading.summary.file_size, 0u);
  EXPECT_EQ(reading.summary.bytes_read, plain.size());
  unlink(path.c_str());
  rmdir(folder.c_str());
}

TEST_P(CaptureContainer, SaysThatACompressedFileIsCutAndKeepsWhatCameBefore) {
  const Bytes& plain = GetParam().plain;
  for (const Bytes& packed : {gzip(plain), zstd(plain)}) {
    const Reading reading = read_file(Bytes(packed.begin(), packed.end() - 6));
    if (!reading.error.empty()) continue;  // zstd gives nothing before a block is complete
    EXPECT_TRUE(reading.summary.truncated);
    EXPECT_NE(reading.summary.damage.find("stream ends early"), std::string::npos) << reading.summary.damage;
  }
}

INSTANTIATE_TEST_SUITE_P(All, CaptureContainer,
                         ::testing::Values(Container{"Pcap", large_pcap()}, Container{"PcapNg", large_pcapng()},
                                           Container{"NetMon", small_netmon()}),
                         [](const auto& row) { return std::string(row.param.description); });

TEST(CaptureReader, DeliversFramesInFrontOfDamageInACompressedStream) {
  const Bytes garbage{'n', 'o', ' ', 'm', 'e', 'm', 'b', 'e', 'r'};
  const auto wrong_checksum = [](Bytes packed) {
    packed[packed.size() - 5] ^= 1;  // the last eight bytes are checksum and length
    return packed;
  };
  struct Case {
    const char* description;
    Bytes file;
    const char* mentions;
  };
  const Case cases[] = {{"behind a gzip member", gzip(large_pcap(500)) + garbage, "gzip stream is damaged"},
                        {"gzip checksum", wrong_checksum(gzip(large_pcap(500))), "incorrect data check"},
                        {"behind a zstd frame", zstd(large_pcap(500)) + garbage, "zstd stream is damaged"}};
  for (const auto& [description, file, mentions] : cases) {
    SCOPED_TRACE(description);
    const Reading reading = read_file(file);
    EXPECT_EQ(reading.frames.size(), 500u);
    EXPECT_TRUE(reading.summary.truncated);
    EXPECT_NE(reading.summary.damage.find(mentions), std::string::npos) << reading.summary.damage;
    const std::vector<std::pair<std::string, uint64_t>> unread{{"damaged_compression", 1}};
    EXPECT_EQ(reading.unread(), unread);
  }
}

TEST(CaptureReader, GivesTheSamePacketsHoweverTheFileIsSplit) {
  const Bytes files[] = {PcapBuilder({.extra_header = 8}).record(1, 2, kOddFrame).record(1, 3, kOddFrame).bytes(),
                         PcapBuilder().record(1, 2, kOddFrame).record(1, 3, kOddFrame).bytes(),
                         PcapNgBuilder().section().interface().enhanced(0, 1, kOddFrame).simple(kOddFrame, 61).bytes()};
  for (const Bytes& file : files) {
    const Reading whole = read_memory(file);
    ASSERT_EQ(whole.frames.size(), 2u);
    for (size_t piece = 1; piece < file.size(); ++piece) {
      const Reading pieces = read_in_pieces(file, piece, 1);
      ASSERT_TRUE(pieces.frames == whole.frames) << "in pieces of " << piece;
      ASSERT_EQ(pieces.summary.truncated, whole.summary.truncated);
    }
  }
}

TEST(CaptureReader, KeepsThePacketsOfABatchWhileItIsHeld) {
  for (const Bytes& file : {large_pcap(), gzip(large_pcap()), small_netmon()}) {
    const Reading expected = read_memory(file[0] == 0x1f ? large_pcap() : file);
    const TemporaryFile on_disk(file);
    auto reader = CaptureReader::open(on_disk.path());
    ASSERT_TRUE(reader) << reader.error().message;
    std::vector<PacketBatch> batches(1);
    while ((*reader)->read(batches.back(), 64) != 0) batches.emplace_back();
    reader->reset();  // what is held outlives even the reader
    std::vector<Frame> frames;
    for (const PacketBatch& batch : batches) append_frames(batch.packets, frames);
    EXPECT_TRUE(frames == expected.frames);
  }
}

TEST(CaptureReader, NeverGivesMoreThanTheLimitAndStaysAtTheEnd) {
  const TemporaryFile file(large_pcap(10));
  auto reader = CaptureReader::open(file.path());
  ASSERT_TRUE(reader);
  PacketBatch batch;
  EXPECT_EQ((*reader)->read(batch, 0), 0u);
  EXPECT_EQ((*reader)->read(batch, 7), 7u);
  EXPECT_EQ((*reader)->read(batch, 7), 3u);
  EXPECT_EQ((*reader)->read(batch, 7), 0u);
  EXPECT_EQ((*reader)->read(batch, 7), 0u);
  EXPECT_TRUE(batch.packets.empty());
}

TEST(CaptureReader, DecidesByTheMagicNumberAndNotByTheName) {
  const TemporaryFile file(PcapNgBuilder().section().interface().bytes());
  const std::string misnamed = file.path() + ".pcap";
  ASSERT_EQ(link(file.path().c_str(), misnamed.c_str()), 0);
  EXPECT_EQ(read_path(misnamed).summary.format, CaptureFormat::PcapNg);
  unlink(misnamed.c_str());
}

TEST(CaptureReader, SaysWhatIsWrongWithAPathThatIsNoCapture) {
  const auto error_of = [](const std::string& path) { return read_path(path).error; };
  EXPECT_NE(error_of("/no/such/file.pcap").find("/no/such/file.pcap: cannot be opened: No such file"), std::string::npos);
  EXPECT_NE(error_of("/").find("found a directory"), std::string::npos);
  EXPECT_NE(read_file({}).error.find("found an empty one"), std::string::npos);
  EXPECT_NE(read_file(gzip(Bytes{'t', 'e', 'x', 't'})).error.find("found 74 65 78 74"), std::string::npos);
}

TEST(CaptureReader, StopsWhenANetMonFileShrinksWhileItIsRead) {
  const TemporaryFile file(NetMonBuilder().record(0, kOddFrame).record(1, kOddFrame).bytes());
  auto reader = CaptureReader::open(file.path());
  ASSERT_TRUE(reader);
  PacketBatch batch;
  ASSERT_EQ((*reader)->read(batch, 1), 1u);
  ASSERT_EQ(truncate(file.path().c_str(), 10), 0);
  EXPECT_EQ((*reader)->read(batch, 1), 0u);
  EXPECT_TRUE((*reader)->summary().truncated);
  EXPECT_NE((*reader)->summary().damage.find("shrank"), std::string::npos);
}

TEST(LinkType, HasTheNamesOfLibpcap) {
  EXPECT_EQ(link_type_name(1), "EN10MB");
  EXPECT_EQ(link_type_name(113), "LINUX_SLL");
  EXPECT_EQ(link_type_name(12), "RAW");
  EXPECT_EQ(link_type_name(101), "RAW");
  EXPECT_EQ(link_type_name(0), "NULL");
  EXPECT_EQ(link_type_name(127), "IEEE802_11_RADIO");
  EXPECT_EQ(link_type_name(kLinkTypeUnknown), "UNKNOWN");
}

TEST(LinkType, NamesUnknownValuesByTheirNumber) {
  const std::string_view first = link_type_name(9999);
  EXPECT_EQ(first, "LINKTYPE_9999");
  EXPECT_EQ(link_type_name(9998), "LINKTYPE_9998");
  EXPECT_EQ(first.data(), link_type_name(9999).data());
}

}  // namespace
}  // namespace wirewatch::testing
