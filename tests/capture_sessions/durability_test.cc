// SPDX-License-Identifier: BSD-3-Clause
// What is left of sessions when the process is killed or the disk is full: files that other programs open, and lists that
// say what is in them.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "control/captures/capture_json.h"
#include "tests/capture_sessions/stand_in_rings.h"
#include "tests/support/child.h"

namespace wirewatch::testing {
namespace {

namespace fs = std::filesystem;

/// Three sessions that write as fast as they can until the process is killed: one file, a ring of small files, and one that
/// fires every second.
[[noreturn]] void write_until_killed(SessionScene& scene, int started) {
  scene.start(R"({"name": "plain"})");
  scene.start(R"({"name": "ring", "ring": {"file_bytes": 200000, "files": 4}})");
  scene.start(R"({"name": "fires", "trigger": {"every_s": 2, "for_s": 1, "most": 3}})");
  if (::write(started, "x", 1) != 1) _exit(1);
  TappedPacket head;
  for (uint64_t i = 0;; ++i) {
    scene.now.ns += 20'000;
    head.time_ns = scene.now.ns;
    scene.rings.offer(head, segment(static_cast<uint16_t>(i), 0x10, i % 1400));
    if (i % 64 != 0) continue;
    scene.engine->drain(1000, scene.now);
    scene.settle();
  }
}

TEST(KilledSessions, LeaveFilesThatOpenAndListsThatCountThem) {
  if (!is_here("tshark") || !is_here("capinfos")) GTEST_SKIP() << "tshark or capinfos is not installed";
  constexpr int kRounds = 50;
  std::mt19937 random(7);
  int cut_files = 0;
  uint64_t packets = 0;
  for (int round = 0; round < kRounds; ++round) {
    SessionScene scene;
    scene.engine.reset();
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      scene.restart();
      write_until_killed(scene, pipe_ends[1]);
    }
    char one = 0;
    ASSERT_EQ(::read(pipe_ends[0], &one, 1), 1);
    ::usleep(static_cast<useconds_t>(random() % 60'000));  // any moment will do
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    // As they were left: nothing wrong but a last block that is cut. tshark takes its time, and reads with capinfos' library.
    for (const auto& entry : fs::recursive_directory_iterator(scene.directory)) {
      if (entry.path().extension() != ".pcapng" || entry.file_size() == 0) continue;
      const std::string reads = round % 10 == 0 ? "tshark -n -r " : "capinfos -c ";
      const std::string said = output_of(reads + entry.path().string() + " 2>&1 >/dev/null | grep -v 'Running as user'");
      const bool is_cut = said.find("appears to have been cut short in the middle of a packet") != std::string::npos;
      EXPECT_TRUE(said.empty() || is_cut) << said;
      cut_files += is_cut ? 1 : 0;
    }
    // As the next daemon lists them.
    scene.restart();
    const auto views = scene.engine->views();
    ASSERT_EQ(views.size(), 3u) << (scene.logged.empty() ? "" : scene.logged[0]);
    for (const CaptureView& view : views) {
      EXPECT_EQ(to_string(view.stop_reason), "interrupted");
      EXPECT_EQ(imbalance(view), "") << to_json(view).dump(1);
      for (size_t i = 0; i < view.files.size(); ++i) {
        EXPECT_EQ(packets_by_capinfos(scene.path(view, i)), std::to_string(view.files[i].packets));
        EXPECT_EQ(fs::file_size(scene.path(view, i)), view.files[i].bytes);
        packets += view.files[i].packets;
      }
    }
  }
  EXPECT_GT(packets, 0u);
  RecordProperty("packets", std::to_string(packets));
  RecordProperty("files_cut", cut_files);
  fmt::print("{} packets in files of {} killed processes, {} files cut in their last block\n", packets, kRounds, cut_files);
}

TEST(SessionOnAFullDisk, StopsWithThatReasonAndLeavesAFileThatOpens) {
  const int status = in_child([] {
    SessionScene scene;
    if (!mount_small_disk(scene.directory)) return kCannot;
    scene.start(R"({"name": "s"})");
    TappedPacket head;
    for (int i = 0; i < 5000; ++i) {
      scene.later(0.001);
      head.time_ns = scene.now.ns;
      scene.rings.offer(head, segment(40'000, 0x10, 1000));
      scene.settle();
    }
    const CaptureView view = scene.view("s");
    std::string fault = imbalance(view);
    if (to_string(view.stop_reason) != "disk-full") fault += fmt::format("reason {}; ", to_string(view.stop_reason));
    if (view.stopped_because.find("No space left on device") == std::string::npos) fault += view.stopped_because + "; ";
    if (view.counts.write_failed == 0) fault += "nothing failed; ";
    if (fs::file_size(scene.path(view)) != view.files[0].bytes) fault += "the file is not as long as the list says; ";
    if (is_here("capinfos") && packets_by_capinfos(scene.path(view)) != std::to_string(view.files[0].packets)) {
      fault += fmt::format("capinfos: {}, the list: {}; ", packets_by_capinfos(scene.path(view)), view.files[0].packets);
    }
    if (is_here("tshark")) fault += output_of("tshark -n -r " + scene.path(view) + " 2>&1 >/dev/null | grep -v 'Running as user'");
    // The next daemon knows why as well.
    scene.restart();
    if (to_string(scene.view("s").stop_reason) != "disk-full") fault += fmt::format("later: {}; ", to_string(scene.view("s").stop_reason));
    fault += imbalance(scene.view("s"));
    fmt::print(stderr, "{}", fault);
    scene.engine.reset();
    ::umount(scene.directory.c_str());
    return fault.empty() ? 0 : 1;
  });
  if (status == kCannot) GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(status, 0);
}

TEST(SessionWithALimitOnItsFiles, SaysWhatTheSystemSaid) {
  const int status = in_child([] {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit most{500'001, 500'001};
    setrlimit(RLIMIT_FSIZE, &most);
    SessionScene scene;
    scene.start(R"({"name": "s"})");
    TappedPacket head;
    for (int i = 0; i < 2000; ++i) scene.rings.offer(head, segment(40'000, 0x10, 999));
    scene.settle();
    const CaptureView view = scene.view("s");
    const bool right = view.stop_reason == StopReason::Error && view.stopped_because.find("File too large") != std::string::npos &&
                       imbalance(view).empty() && view.counts.write_failed > 0 && view.files[0].bytes <= 500'001 &&
                       view.files[0].bytes > 498'000;
    if (!right) fmt::print(stderr, "{} {}\n", imbalance(view), to_json(view).dump(1));
    return right ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace wirewatch::testing
