// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/source/file_chain.h"

#include <gtest/gtest.h>

#include <memory>

#include "dataplane/source/file_source.h"
#include "tests/support/capture_builder.h"

namespace wirewatch::testing {
namespace {

/// A capture of `frames` frames of different lengths.
Bytes capture_of(size_t frames) {
  PcapBuilder pcap;
  for (size_t i = 0; i < frames; ++i) pcap.record(static_cast<uint32_t>(i), 0, pattern(60 + i % 40));
  return pcap.bytes();
}

TEST(FileChain, ReadsSeveralFilesAsOneAndNumbersThrough) {
  const TemporaryFile first(capture_of(100)), second(capture_of(1)), third(capture_of(30));
  auto chain = FileChain::open({first.path(), second.path(), third.path()});
  ASSERT_TRUE(chain) << chain.error().message;
  EXPECT_EQ((*chain)->file_size(), capture_of(100).size() + capture_of(1).size() + capture_of(30).size());
  PacketBatch batch;
  uint64_t expected = 0;
  while ((*chain)->read(batch, 16) > 0) {
    ASSERT_LE(batch.packets.size(), 16u);
    for (const Packet& packet : batch.packets) ASSERT_EQ(packet.number, ++expected);
    ASSERT_EQ((*chain)->packets_read(), expected);
  }
  EXPECT_EQ(expected, 131u);
  ASSERT_EQ((*chain)->files().size(), 3u);
  EXPECT_EQ((*chain)->files()[0].path, first.path());
  EXPECT_EQ((*chain)->files()[0].summary.packets, 100u);
  EXPECT_EQ((*chain)->files()[2].summary.packets, 30u);
  EXPECT_EQ((*chain)->bytes_read(), (*chain)->file_size());
  EXPECT_EQ((*chain)->read(batch, 16), 0u) << "the end stays the end";
}

TEST(FileChain, FailsWhenTheFirstFileCannotBeRead) {
  const TemporaryFile good(capture_of(3)), text(Bytes{'h', 'e', 'l', 'l', 'o', ' ', 'w', 'o', 'r', 'l', 'd', '\n'});
  EXPECT_FALSE(FileChain::open({}));
  EXPECT_FALSE(FileChain::open({good.path() + ".absent", good.path()}));
  const auto refused = FileChain::open({text.path()});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(text.path()), std::string::npos) << refused.error().message;
}

TEST(FileChain, StepsOverALaterFileThatCannotBeReadAndSaysSo) {
  const TemporaryFile first(capture_of(5)), last(capture_of(7)), text(Bytes(100, 'x'));
  auto chain = FileChain::open({first.path(), first.path() + ".absent", text.path(), last.path()});
  ASSERT_TRUE(chain);
  PacketBatch batch;
  size_t frames = 0;
  while (const size_t count = (*chain)->read(batch, 64)) frames += count;
  EXPECT_EQ(frames, 12u);
  EXPECT_EQ((*chain)->files().size(), 2u);
  ASSERT_EQ((*chain)->refused().size(), 2u);
  EXPECT_NE((*chain)->refused()[0].message.find(".absent"), std::string::npos);
}

TEST(FileSource, GivesBurstsAndThenTheEnd) {
  const TemporaryFile file(capture_of(150));
  auto chain = FileChain::open({file.path()});
  ASSERT_TRUE(chain);
  FileSource source(**chain);
  const auto burst = std::make_unique<Burst>();
  size_t frames = 0;
  while (source.poll(*burst) == Poll::Packets) {
    ASSERT_GT(burst->count, 0u);
    ASSERT_LE(burst->count, kBurstSize);
    frames += burst->count;
    source.recycle(*burst);
  }
  EXPECT_EQ(frames, 150u);
  EXPECT_EQ(source.poll(*burst), Poll::End);
}

}  // namespace
}  // namespace wirewatch::testing
