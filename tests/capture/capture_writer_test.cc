// SPDX-License-Identifier: BSD-3-Clause
// Captures as they are written: read back by our own reader, and by capinfos and tshark where these are installed; and
// what is left of them when the disk is full or the writer is killed.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "dataplane/capture/capture_writer.h"
#include "tests/capture/reading.h"
#include "tests/support/other_programs.h"

namespace wirewatch::testing {
namespace {

constexpr int64_t kTime = 1'700'000'000'123'456'789;

/// A path in a folder of its own, which goes away with it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "wirewatch-writer-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

Packet packet_of(const Bytes& bytes, int64_t time_ns, uint32_t original = 0) {
  return {.data = bytes.data(),
          .captured_length = static_cast<uint32_t>(bytes.size()),
          .original_length = original != 0 ? original : static_cast<uint32_t>(bytes.size()),
          .time = {time_ns}};
}

std::unique_ptr<CaptureWriter> create(const std::string& path, const CaptureOrigin& origin = {}, bool nanoseconds = true) {
  auto writer = create_capture(path, format_of_name(path), origin, nanoseconds);
  if (!writer) throw std::runtime_error(writer.error().message);
  return std::move(*writer);
}

TEST(CaptureWriter, ChoosesTheFormatByTheNameOfTheFile) {
  EXPECT_EQ(format_of_name("a.pcap"), SavedFormat::Pcap);
  EXPECT_EQ(format_of_name("a.cap"), SavedFormat::Pcap);
  EXPECT_EQ(format_of_name("a.pcapng"), SavedFormat::PcapNg);
  EXPECT_EQ(format_of_name("pcap"), SavedFormat::PcapNg);
  EXPECT_EQ(format_of_name("-"), SavedFormat::PcapNg);
}

struct RoundTrip {
  const char* description;
  const char* name;
  bool nanoseconds;
  int64_t expected_time;
};

class WrittenCapture : public ::testing::TestWithParam<RoundTrip> {};

TEST_P(WrittenCapture, ReadsBackEqual) {
  const Folder folder;
  const std::string path = folder / GetParam().name;
  std::vector<Frame> expected;
  auto writer = create(path, {}, GetParam().nanoseconds);
  const auto interface = writer->add_interface({.link_type = 1});
  ASSERT_TRUE(interface);
  // Every remainder of the padding to four bytes, nothing at all, a snapshot, and more than the buffer holds.
  for (uint64_t i = 0; i < 3000; ++i) {
    const Bytes bytes = pattern(i % 1500);
    const uint32_t original = static_cast<uint32_t>(bytes.size() + (i % 7 == 0 ? 100 : 0));
    const int64_t later = static_cast<int64_t>(i) * 1'000'000;
    ASSERT_TRUE(writer->write(packet_of(bytes, kTime + later, original), *interface));
    expected.push_back({i + 1, GetParam().expected_time + later, original, 1, 0, bytes});
  }
  EXPECT_EQ(writer->packets(), 3000u);
  const uint64_t size = writer->size();
  ASSERT_TRUE(writer->close());
  EXPECT_EQ(std::filesystem::file_size(path), size);
  const Reading reading = read_path(path);
  EXPECT_EQ(reading.error, "");
  EXPECT_FALSE(reading.summary.truncated);
  EXPECT_EQ(reading.frames, expected);
}

INSTANTIATE_TEST_SUITE_P(Formats, WrittenCapture,
                         ::testing::Values(RoundTrip{"pcapng", "a.pcapng", true, kTime},
                                           RoundTrip{"pcap in nanoseconds", "a.pcap", true, kTime},
                                           RoundTrip{"pcap in microseconds", "a.cap", false, kTime / 1000 * 1000}),
                         [](const auto& test) {
                           std::string name = test.param.description;
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

TEST(CaptureWriter, MakesFilesForTheirOwnerAlone) {
  const Folder folder;
  const mode_t before = umask(0);
  ASSERT_TRUE(create(folder / "a.pcapng")->close());
  umask(before);
  struct stat status {};
  ASSERT_EQ(stat((folder / "a.pcapng").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(CaptureWriter, WritesHeadersEvenWithoutPackets) {
  const Folder folder;
  for (const char* name : {"a.pcapng", "a.pcap"}) {
    ASSERT_TRUE(create(folder / name)->close());
    const Reading reading = read_path(folder / name);
    EXPECT_EQ(reading.error, "") << name;
    EXPECT_TRUE(reading.frames.empty()) << name;
    EXPECT_FALSE(reading.summary.truncated) << name;
  }
}

TEST(CaptureWriter, KeepsLinkTypesOfInterfacesApartInPcapNg) {
  const Folder folder;
  const Bytes bytes = pattern(60);
  auto writer = create(folder / "a.pcapng");
  ASSERT_EQ(writer->add_interface({.link_type = 1}).value(), 0u);
  ASSERT_TRUE(writer->write(packet_of(bytes, kTime), 0));
  ASSERT_EQ(writer->add_interface({.link_type = 101}).value(), 1u);
  ASSERT_TRUE(writer->write(packet_of(bytes, kTime), 1));
  ASSERT_TRUE(writer->write(packet_of(bytes, kTime), 0));
  ASSERT_TRUE(writer->close());
  const Reading reading = read_path(folder / "a.pcapng");
  ASSERT_EQ(reading.frames.size(), 3u);
  EXPECT_EQ(reading.frames[0].link_type, 1);
  EXPECT_EQ(reading.frames[1].link_type, 101);
  EXPECT_EQ(reading.frames[1].interface, 1);
  EXPECT_EQ(reading.frames[2].link_type, 1);
}

TEST(CaptureWriter, SaysThatPcapHoldsOneLinkTypeOnly) {
  const Folder folder;
  auto writer = create(folder / "a.pcap");
  ASSERT_TRUE(writer->add_interface({.link_type = 1}));
  const auto second = writer->add_interface({.link_type = 101});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("holds one link type, this one EN10MB, and now there are frames of RAW"), std::string::npos)
      << second.error().message;
}

TEST(CaptureWriter, KeepsPacketsWithoutATimeWithoutOneWherePcapNgCan) {
  const Folder folder;
  const Bytes bytes = pattern(61);
  auto writer = create(folder / "a.pcapng");
  ASSERT_TRUE(writer->add_interface({}));
  ASSERT_TRUE(writer->write(packet_of(bytes, kNoTimestamp.ns), 0));        // a Simple Packet Block
  ASSERT_TRUE(writer->write(packet_of(bytes, kNoTimestamp.ns, 100), 0));   // has no place for a snapshot
  ASSERT_TRUE(writer->close());
  const Reading reading = read_path(folder / "a.pcapng");
  ASSERT_EQ(reading.frames.size(), 2u);
  EXPECT_EQ(reading.frames[0].time_ns, kNoTimestamp.ns);
  EXPECT_EQ(reading.frames[0].data, bytes);
  EXPECT_EQ(reading.frames[1].time_ns, 0);
  EXPECT_EQ(reading.frames[1].original, 100u);
}

TEST(CaptureWriter, TellsCapinfosAndTsharkEverythingThatIsKnown) {
  if (!is_here("capinfos") || !is_here("tshark")) GTEST_SKIP() << "capinfos or tshark is not installed";
  const Folder folder;
  const std::string path = folder / "a.pcapng";
  const Bytes bytes = pattern(60);
  auto writer = create(path, {.application = "Wirewatch 9.9", .system = "Linux", .comment = "display filter: tcp"});
  const auto interface = writer->add_interface(
      {.link_type = 1, .snapshot_length = 96, .name = "eth7", .description = "mirror port", .filter = "tcp port 111"});
  ASSERT_TRUE(interface);
  ASSERT_TRUE(writer->write(packet_of(bytes, kTime), *interface, {.comment = "portmap, SYN,ACK after 5 ms", .dropped = 7}));
  ASSERT_TRUE(writer->write(packet_of(bytes, kTime + 1), *interface));
  ASSERT_TRUE(writer->write_statistics(*interface, {.first = {kTime}, .last = {kTime + 1}, .received = 12, .dropped = 7, .accepted = 2,
                                                    .dropped_by_system = 3, .delivered = 2},
                                       {kTime + 2}));
  ASSERT_TRUE(writer->close());
  const std::string about = output_of("capinfos " + path + " 2>&1");
  for (const char* expected : {"nanoseconds (9)", "Wirewatch 9.9", "display filter: tcp", "Name = eth7", "Description = mirror port",
                               "Capture length = 96", "tcp port 111", "Number of packets:   2"}) {
    EXPECT_NE(about.find(expected), std::string::npos) << expected << " in:\n" << about;
  }
  const std::string packets = output_of("tshark -n -r " + path + " -T fields -e frame.number -e frame.comment -e frame.time_epoch"
                                        " -e frame.packet_flags 2>/dev/null");
  EXPECT_NE(packets.find("portmap, SYN,ACK after 5 ms\t1700000000.123456789"), std::string::npos) << packets;
  EXPECT_NE(packets.find("1700000000.123456790"), std::string::npos) << packets;
  // What tshark dissects of the blocks themselves.
  const std::string blocks = output_of("tshark -n -r " + path + " -X 'read_format:MIME Files Format' -V 2>/dev/null");
  EXPECT_NE(blocks.find("Drop Count = 7"), std::string::npos) << blocks.substr(0, 4000);
  EXPECT_NE(blocks.find("Number of Received Packets = 12"), std::string::npos);
  EXPECT_EQ(blocks.find("Malformed"), std::string::npos);
}

TEST(CaptureWriter, CutsCommentsThatAreTooLong) {
  const Folder folder;
  const Bytes bytes = pattern(60);
  auto writer = create(folder / "a.pcapng");
  ASSERT_TRUE(writer->add_interface({}));
  ASSERT_TRUE(writer->write(packet_of(bytes, kTime), 0, {.comment = std::string(100'000, 'x')}));
  ASSERT_TRUE(writer->close());
  const Reading reading = read_path(folder / "a.pcapng");
  ASSERT_EQ(reading.frames.size(), 1u);
  EXPECT_EQ(reading.frames[0].data, bytes);
  EXPECT_LT(std::filesystem::file_size(folder / "a.pcapng"), 5000u);
}

TEST(CaptureWriter, SaysWhatKeptAFileFromBeingMade) {
  const auto writer = create_capture("/nonexistent/a.pcapng", SavedFormat::PcapNg, {}, true);
  ASSERT_FALSE(writer);
  EXPECT_EQ(writer.error().message, "/nonexistent/a.pcapng: cannot be written: No such file or directory");
}

TEST(CaptureWriter, NoticesAFullDiskAndStaysThatWay) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  for (const SavedFormat format : {SavedFormat::PcapNg, SavedFormat::Pcap}) {
    auto writer = create_capture("/dev/full", format, {}, true);
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->add_interface({}));
    const Bytes bytes = pattern(1500);
    ASSERT_TRUE((*writer)->write(packet_of(bytes, kTime), 0));
    EXPECT_FALSE((*writer)->flush());
    EXPECT_FALSE((*writer)->write(packet_of(bytes, kTime), 0));
    EXPECT_EQ((*writer)->error(), ENOSPC);
    const auto closed = (*writer)->close();
    ASSERT_FALSE(closed);
    EXPECT_EQ(closed.error().message,
              "/dev/full: writing stopped after 0 bytes, at the end of a whole block: No space left on device");
  }
}

/// In a process of its own, whose files may not grow beyond `limit` bytes: exits with 0 when the writer noticed.
void fill_within(const std::string& path, rlim_t limit) {
  signal(SIGXFSZ, SIG_IGN);
  const rlimit most{limit, limit};
  setrlimit(RLIMIT_FSIZE, &most);
  auto writer = create(path);
  if (!writer->add_interface({})) _exit(2);
  const Bytes bytes = pattern(1001);
  bool on = true;
  for (int i = 0; on && i < 20'000; ++i) on = writer->write(packet_of(bytes, kTime + i), 0);
  _exit(!on && !writer->close() && writer->error() == EFBIG ? 0 : 1);
}

TEST(CaptureWriter, EndsAtAWholeBlockWhenThereIsNoMoreRoom) {
  for (const char* name : {"a.pcapng", "a.pcap"}) {
    for (const rlim_t limit : {1'234'567u, 3'000'001u}) {
      const Folder folder;
      const std::string path = folder / name;
      const pid_t child = fork();
      if (child == 0) fill_within(path, limit);
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFEXITED(status));
      EXPECT_EQ(WEXITSTATUS(status), 0);
      const Reading reading = read_path(path);
      EXPECT_EQ(reading.error, "");
      EXPECT_FALSE(reading.summary.truncated) << name << ": " << reading.summary.damage;
      EXPECT_LE(std::filesystem::file_size(path), limit);
      EXPECT_GT(std::filesystem::file_size(path) + 1100, limit) << "one more packet would have fitted";
    }
  }
}

TEST(CaptureWriter, LeavesAReadableFileWhenItIsKilled) {
  for (int round = 0; round < 10; ++round) {
    const Folder folder;
    const std::string path = folder / "a.pcapng";
    std::array<int, 2> started{};
    ASSERT_EQ(pipe(started.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      auto writer = create(path);
      if (!writer->add_interface({}) || !writer->flush()) _exit(2);
      const Bytes bytes = pattern(999);
      for (int i = 0;; ++i) {
        writer->write(packet_of(bytes, kTime + i), 0);
        if (i == 2000 * (round + 1) && write(started[1], "x", 1) != 1) _exit(3);
      }
    }
    char one = 0;
    ASSERT_EQ(read(started[0], &one, 1), 1);
    ASSERT_EQ(kill(child, SIGKILL), 0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);
    close(started[0]);
    close(started[1]);
    const Reading reading = read_path(path);
    EXPECT_EQ(reading.error, "");
    EXPECT_GT(reading.frames.size(), 0u);
    for (const auto& [reason, count] : reading.unread()) {
      EXPECT_EQ(reason, "truncated_record");  // the last block at most
      EXPECT_EQ(count, 1u);
    }
  }
}

}  // namespace
}  // namespace wirewatch::testing
