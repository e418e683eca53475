// SPDX-License-Identifier: BSD-3-Clause
// Capture sessions over made-up rings: every packet is counted in one place however a session ends, and the files hold what it
// says.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "control/captures/capture_json.h"
#include "control/captures/session_folder.h"
#include "tests/capture_sessions/stand_in_rings.h"

namespace wirewatch::testing {
namespace {

namespace fs = std::filesystem;

/// `count` packets, a millisecond from one to the next, handed over a few at a time.
void traffic(SessionScene& scene, int count) {
  for (int i = 0; i < count; ++i) {
    scene.later(0.001);
    scene.rings.offer(scene.now, static_cast<uint16_t>(40'000 + i % 7));
    if (i % 50 == 49) scene.engine->drain(1000, scene.now);
  }
  scene.engine->drain(100'000, scene.now);
}

struct Ending {
  const char* name;
  const char* spec;
  StopReason reason;
  uint64_t quota = uint64_t{1} << 40;
  void (*end)(SessionScene&) = nullptr;
};

class EndingSession : public ::testing::TestWithParam<Ending> {};

TEST_P(EndingSession, CountsEveryPacketInOnePlace) {
  SessionScene scene(GetParam().quota);
  scene.start(GetParam().spec);
  traffic(scene, 1000);
  scene.rings.offer(scene.now);  // on its way when the session ends
  if (GetParam().end != nullptr) GetParam().end(scene);
  scene.engine->tick(scene.now);
  scene.rings.offer(scene.now);  // the tap is still set
  scene.settle();
  scene.rings.offer(scene.now);  // and now it is not
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.state, CaptureState::Stopped);
  EXPECT_EQ(to_string(view.stop_reason), to_string(GetParam().reason));
  EXPECT_NE(view.stopped_because, "");
  EXPECT_EQ(imbalance(view), "") << to_json(view).dump(1);
  EXPECT_EQ(view.counts.in_ring, 0u);
  EXPECT_GT(view.counts.written, 0u);
  EXPECT_EQ(view.counts.matched, 1002u) << "all that was offered while the tap was set";
  // What is on the disk says the same.
  const auto record = load_sessions(scene.directory, scene.now, scene.logged);
  ASSERT_EQ(record.size(), 1u);
  EXPECT_EQ(to_json(record[0]).dump(1), to_json(view).dump(1));
  if (!is_here("capinfos") || !is_here("tshark")) GTEST_SKIP() << "capinfos or tshark is not installed";
  for (size_t i = 0; i < view.files.size(); ++i) {
    EXPECT_EQ(packets_by_capinfos(scene.path(view, i)), std::to_string(view.files[i].packets));
    const std::string frames = output_of("tshark -n -r " + scene.path(view, i) + " -T fields -e frame.number 2>/dev/null");
    EXPECT_EQ(static_cast<uint64_t>(std::ranges::count(frames, '\n')), view.files[i].packets) << frames.substr(0, 300);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, EndingSession,
    ::testing::Values(Ending{"asked", R"({"name": "s"})", StopReason::Asked, uint64_t{1} << 40,
                             [](SessionScene& scene) { ASSERT_TRUE(scene.engine->stop("s", scene.now)); }},
                      Ending{"bytes", R"({"name": "s", "max_bytes": 70000})", StopReason::Bytes},
                      Ending{"packets", R"({"name": "s", "max_packets": 333})", StopReason::Packets},
                      Ending{"time", R"({"name": "s", "max_seconds": 1})", StopReason::Time},
                      Ending{"quota", R"({"name": "s"})", StopReason::Quota, 80'000},
                      Ending{"error", R"({"name": "s"})", StopReason::Error, uint64_t{1} << 40,
                             [](SessionScene& scene) {
                               scene.engine->answered({{"ok", false}, {"error", "no such port"}, {"slot", 0}}, nullptr, scene.now);
                             }},
                      Ending{"ring_of_files", R"({"name": "s", "ring": {"file_bytes": 65536, "files": 2}, "max_packets": 900})",
                             StopReason::Packets},
                      Ending{"here", R"({"name": "s", "filter": "tcp.stream == 3", "max_packets": 40})", StopReason::Packets}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CaptureSession, CountsWhatTheRingDroppedAndNotesItInTheFile) {
  SessionScene scene(uint64_t{1} << 40, 1, 10);
  scene.start(R"({"name": "s"})");
  for (int i = 0; i < 17; ++i) scene.rings.offer(scene.now);
  scene.settle();
  scene.rings.offer(scene.now);
  scene.settle();
  ASSERT_TRUE(scene.engine->stop("s", scene.now));
  scene.settle();
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.counts.matched, 18u);
  EXPECT_EQ(view.counts.ring_full, 7u);
  EXPECT_EQ(view.counts.written, 11u);
  EXPECT_EQ(imbalance(view), "");
  if (!is_here("tshark")) GTEST_SKIP() << "tshark is not installed";
  const std::string blocks = output_of("tshark -n -r " + scene.path(view) + " -X 'read_format:MIME Files Format' -V 2>/dev/null");
  EXPECT_NE(blocks.find("Drop Count = 7"), std::string::npos) << blocks.substr(0, 3000);
  EXPECT_NE(blocks.find("Number of Packets Dropped by OS = 7"), std::string::npos) << blocks.substr(blocks.size() - 1500);
  EXPECT_EQ(blocks.find("Malformed"), std::string::npos);
}

TEST(CaptureSession, SaysInTheFileWhatIsKnown) {
  SessionScene scene;
  scene.start(R"({"name": "s", "filter": "tcp", "snap_length": 60})");
  TappedPacket head;
  head.time_ns = scene.now.ns;
  head.port = 1;
  scene.rings.offer(head, segment(40'000, 0x02));
  head.flags = TappedPacket::kHasHandshake;
  head.syn_ack_rtt_ns = 5'410'000;
  scene.rings.offer(head, segment(40'000, 0x12));
  scene.rings.offer(head, segment(40'000, 0x10));
  head.application = 1;
  head.evidence = static_cast<uint8_t>(Evidence::Payload);
  scene.rings.offer(head, segment(40'000, 0x10, 68));
  scene.rings.offer(head, segment(40'000, 0x10, 68));
  scene.settle();
  ASSERT_TRUE(scene.engine->stop("s", scene.now));
  scene.settle();
  if (!is_here("tshark") || !is_here("capinfos")) GTEST_SKIP() << "tshark or capinfos is not installed";
  const CaptureView view = scene.view("s");
  EXPECT_EQ(
      output_of("tshark -n -r " + scene.path(view) + " -T fields -e frame.comment -e frame.cap_len -e frame.interface_name 2>/dev/null"),
      "\t54\teth2\n"
      "handshake.syn_ack_rtt: 0.005410000\t54\teth2\n"
      "\t54\teth2\n"
      "flow.application: bittorrent, flow.category: p2p, flow.evidence: payload\t60\teth2\n"
      "\t60\teth2\n");
  const std::string about = output_of("capinfos " + scene.path(view));
  for (const char* expected : {"Wirewatch test", "capture session: s", "display filter: tcp", "Capture length = 60", "nanoseconds (9)"}) {
    EXPECT_NE(about.find(expected), std::string::npos) << expected << " in:\n" << about;
  }
}

TEST(CaptureSession, KeepsItsFilesToTheirOwner) {
  SessionScene scene;
  const CaptureView view = scene.start(R"({"name": "s"})");
  struct stat status {};
  ASSERT_EQ(stat(scene.path(view).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((scene.directory + "/s").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(stat((scene.directory + "/s/session.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(view.files.at(0).name, "s_00001_20261123030000.pcapng");
}

TEST(CaptureSession, GivesEachOfSeveralItsOwn) {
  SessionScene scene;
  scene.start(R"({"name": "all"})");
  scene.start(R"({"name": "few", "max_packets": 10})");
  scene.start(R"({"name": "streams", "filter": "tcp.stream == 0"})");
  traffic(scene, 700);
  scene.settle();
  for (const char* name : {"all", "few", "streams"}) EXPECT_EQ(imbalance(scene.view(name)), "") << name;
  EXPECT_EQ(scene.view("all").counts.written, 700u);
  EXPECT_EQ(scene.view("few").counts.written, 10u);
  EXPECT_EQ(scene.view("streams").counts.written, 100u);
  EXPECT_EQ(scene.view("streams").counts.not_matching, 600u);
}

TEST(CaptureSession, MergesWorkersByTime) {
  SessionScene scene(uint64_t{1} << 40, 2);
  scene.start(R"({"name": "s"})");
  for (int i = 0; i < 100; ++i) scene.rings.offer({kStart.ns + i}, static_cast<uint16_t>(40'000 + i), i % 3 == 0 ? 1 : 0);
  scene.settle();
  ASSERT_TRUE(scene.engine->stop("s", scene.now));
  scene.settle();
  if (!is_here("capinfos")) GTEST_SKIP() << "capinfos is not installed";
  EXPECT_NE(output_of("capinfos -o " + scene.path(scene.view("s"))).find("True"), std::string::npos);
  EXPECT_EQ(scene.view("s").counts.written, 100u);
}

TEST(CaptureSession, KeepsTheNewestFilesOfARingBySize) {
  SessionScene scene;
  scene.start(R"({"name": "s", "ring": {"file_bytes": 65536, "files": 3}})");
  traffic(scene, 5000);
  scene.settle();
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.files.size(), 3u);
  EXPECT_GT(view.counts.deleted, 0u);
  EXPECT_EQ(view.counts.written, 5000u);
  EXPECT_EQ(imbalance(view), "");
  size_t on_disk = 0;
  for (const auto& entry : fs::directory_iterator(scene.directory + "/s")) on_disk += entry.path().extension() == ".pcapng" ? 1 : 0;
  EXPECT_EQ(on_disk, 3u);
  for (const CaptureFile& file : view.files) EXPECT_LE(file.bytes, 65'536u);
  EXPECT_GT(view.files[0].bytes, 64'000u) << "a file is nearly full before the next begins";
}

TEST(CaptureSession, BeginsFilesOfARingByTime) {
  SessionScene scene;
  scene.start(R"({"name": "s", "ring": {"file_seconds": 10}})");
  for (int second = 0; second < 35; ++second) {
    scene.rings.offer(scene.now);
    scene.settle();
    scene.later(1);
  }
  const CaptureView view = scene.view("s");
  ASSERT_EQ(view.files.size(), 4u);
  EXPECT_EQ(view.files[0].packets, 10u);
  EXPECT_EQ(view.files[3].packets, 5u);
  EXPECT_EQ(view.files[1].name, "s_00002_20261123030010.pcapng");
  EXPECT_EQ(imbalance(view), "");
  scene.later(100);
  scene.settle();
  EXPECT_EQ(scene.view("s").files.size(), 4u) << "silence makes no files";
  EXPECT_FALSE(scene.view("s").files[3].open);
}

TEST(CaptureSession, LetsARingGiveUpItsOwnPastForTheQuotaAndNobodyElses) {
  SessionScene scene(300'000);
  scene.start(R"({"name": "other", "max_packets": 100})");
  traffic(scene, 100);
  scene.settle();
  ASSERT_EQ(scene.view("other").state, CaptureState::Stopped);
  scene.start(R"({"name": "ring", "ring": {"file_bytes": 65536}})");
  traffic(scene, 10'000);
  scene.settle();
  const CaptureView ring = scene.view("ring");
  EXPECT_EQ(ring.state, CaptureState::Recording);
  EXPECT_GT(ring.counts.deleted, 0u);
  EXPECT_EQ(imbalance(ring), "");
  EXPECT_LE(scene.engine->bytes_on_disk(), 300'000u);
  EXPECT_EQ(scene.view("other").files.size(), 1u);
  uint64_t on_disk = 0;
  for (const auto& entry : fs::recursive_directory_iterator(scene.directory)) {
    on_disk += entry.path().extension() == ".pcapng" ? entry.file_size() : 0;
  }
  EXPECT_LE(on_disk, scene.engine->bytes_on_disk());
}

TEST(CaptureSession, FreesTheQuotaWhenItIsErased) {
  SessionScene scene(100'000);
  scene.start(R"({"name": "a"})");
  traffic(scene, 2000);
  scene.settle();
  EXPECT_EQ(scene.view("a").stop_reason, StopReason::Quota);
  scene.quota = 50'000;
  scene.restart();
  const auto refused = scene.engine->start(*read_capture_spec(R"({"name": "b"})"), scene.now);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("of 48.8 KiB they may; delete some"), std::string::npos) << refused.error().message;
  ASSERT_TRUE(scene.engine->erase("a", scene.now));
  EXPECT_EQ(scene.engine->bytes_on_disk(), 0u);
  EXPECT_FALSE(fs::exists(scene.directory + "/a"));
  EXPECT_TRUE(scene.engine->views().empty());
  EXPECT_EQ(scene.engine->erased().matched, 2000u);
}

TEST(CaptureSession, IsErasedWhileItRuns) {
  SessionScene scene;
  scene.start(R"({"name": "a"})");
  scene.start(R"({"name": "b"})");
  scene.rings.offer(scene.now);
  ASSERT_TRUE(scene.engine->erase("a", scene.now));
  scene.settle();
  EXPECT_EQ(scene.view("b").counts.written, 1u);
  EXPECT_FALSE(fs::exists(scene.directory + "/a"));
  scene.start(R"({"name": "a"})");
  scene.rings.offer(scene.now);
  scene.settle();
  EXPECT_EQ(scene.view("a").counts.written, 1u) << "what was on its way for the old one is not the new one's";
  EXPECT_EQ(imbalance(scene.view("a")), "");
}

TEST(CaptureSession, ReusesATapsPlaceOnlyWhenItsLastPacketHasCome) {
  SessionScene scene;
  scene.start(R"({"name": "a"})");
  ASSERT_TRUE(scene.engine->stop("a", scene.now));
  scene.rings.adopts = false;  // the worker is busy
  scene.settle();
  scene.start(R"({"name": "b"})");
  EXPECT_EQ(scene.rings.last_command()["taps"][0]["slot"], 1);
  scene.rings.offer(scene.now);  // still a's
  scene.rings.adopts = true;
  scene.rings.adopt_late();
  scene.rings.offer(scene.now);
  scene.settle();
  EXPECT_EQ(scene.view("a").counts.after_limit, 1u);
  EXPECT_EQ(scene.view("a").counts.matched, 1u);
  EXPECT_EQ(scene.view("b").counts.written, 1u);
  EXPECT_EQ(imbalance(scene.view("a")), "");
}

TEST(CaptureSession, GoesOnWhenTheDataPlaneComesBack) {
  SessionScene scene;
  scene.start(R"({"name": "s"})");
  for (int i = 0; i < 5; ++i) scene.rings.offer(scene.now);
  scene.engine->lost("it was killed", scene.now);
  EXPECT_EQ(scene.view("s").counts.written, 5u) << "what was in its rings is taken";
  EXPECT_NE(scene.view("s").problem.find("it was killed"), std::string::npos);
  scene.rings = StandInRings(1);  // another run, which counts from 0
  scene.mapped = false;
  scene.engine->connected();
  scene.settle();
  for (int i = 0; i < 3; ++i) scene.rings.offer(scene.now);
  scene.settle();
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.state, CaptureState::Recording);
  EXPECT_EQ(view.problem, "");
  EXPECT_EQ(view.counts.matched, 8u);
  EXPECT_EQ(view.counts.written, 8u);
  EXPECT_EQ(imbalance(view), "");
}

TEST(CaptureSession, CountsOnWhenTheSameDataPlaneIsHeardOfAgain) {
  SessionScene scene;
  scene.start(R"({"name": "s"})");
  for (int i = 0; i < 5; ++i) scene.rings.offer(scene.now);
  scene.engine->lost("its socket broke", scene.now);
  for (int i = 0; i < 4; ++i) scene.rings.offer(scene.now);  // it goes on with the taps it has
  scene.mapped = false;
  scene.engine->connected();
  scene.settle();
  for (int i = 0; i < 3; ++i) scene.rings.offer(scene.now);
  scene.settle();
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.counts.matched, 12u);
  EXPECT_EQ(view.counts.matched_bytes, 1200u);
  EXPECT_EQ(view.counts.written, 12u);
  EXPECT_EQ(view.counts.in_ring, 0u);
  EXPECT_EQ(imbalance(view), "");
}

TEST(CaptureSession, CountsWhatWentWithTheRingAsDropped) {
  SessionScene scene;
  scene.start(R"({"name": "s"})");
  scene.rings.offer(scene.now);
  scene.settle();
  scene.rings.offer(scene.now);
  scene.rings.lose_waiting();
  scene.engine->lost("", scene.now);
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.counts.matched, 2u);
  EXPECT_EQ(view.counts.ring_full, 1u);
  EXPECT_EQ(imbalance(view), "");
}

TEST(CaptureSession, AsksTheDataPlaneForWhatItCannotAnswerItself) {
  SessionScene scene;
  scene.start(R"({"name": "a", "filter": "tcp.port == 111", "port": "eth1", "snap_length": 96})");
  scene.start(R"({"name": "b", "filter": "tcp.stream == 3", "snap_length": 96})");
  scene.start(R"({"name": "c", "bpf": "tcp port 111"})");
  const auto& taps = scene.rings.last_command()["taps"];
  ASSERT_EQ(taps.size(), 3u);
  EXPECT_EQ(taps[0]["filter"], "tcp.port == 111");
  EXPECT_EQ(taps[0]["port"], "eth1");
  EXPECT_EQ(taps[0]["snap_length"], 96);
  EXPECT_EQ(taps[1]["filter"], "");
  EXPECT_EQ(taps[1]["snap_length"], 262'144);
  EXPECT_EQ(taps[2]["bpf"], "tcp port 111");
}

TEST(CaptureSession, RefusesWhatCannotBe) {
  SessionScene scene;
  scene.start(R"({"name": "a"})");
  const auto refused = [&](const std::string& json) {
    const auto started = scene.engine->start(*read_capture_spec(json), scene.now);
    return started ? std::string("started") : started.error().message;
  };
  EXPECT_EQ(refused(R"({"name": "a"})"), "there is a capture session 'a' already (recording); delete it first, or choose another name");
  EXPECT_EQ(refused(R"({"name": "b", "directory": "a"})"), "the folder 'a' belongs to the capture session 'a'");
  EXPECT_EQ(refused(R"({"name": "b", "port": "eht1"})"), "there is no port 'eht1'; did you mean 'eth1'?");
  fs::create_directories(scene.directory + "/full/of");
  EXPECT_NE(refused(R"({"name": "full"})").find("there is something in it already"), std::string::npos);
  EXPECT_FALSE(scene.engine->stop("nobody", scene.now));
  EXPECT_FALSE(scene.engine->erase("nobody", scene.now));
  for (int i = 1; i < 16; ++i) scene.start(fmt::format(R"({{"name": "s{}"}})", i));
  EXPECT_EQ(refused(R"({"name": "b"})"), "16 capture sessions run already, the most there may be; stop one");
}

TEST(CaptureSession, DoesNotFollowALinkOutOfItsDirectory) {
  SessionScene scene;
  scene.start(R"({"name": "a"})");
  fs::create_directories(scene.folder.path + "/elsewhere");
  fs::create_directory_symlink(scene.folder.path + "/elsewhere", scene.directory + "/b");
  const auto started = scene.engine->start(*read_capture_spec(R"({"name": "b"})"), scene.now);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().message.find("is no folder"), std::string::npos) << started.error().message;
}

TEST(CaptureSession, IsListedAsInterruptedByTheNextDaemon) {
  SessionScene scene;
  scene.start(R"({"name": "s"})");
  traffic(scene, 100);
  scene.later(2);
  scene.settle();
  scene.restart();
  const CaptureView view = scene.view("s");
  EXPECT_EQ(view.state, CaptureState::Stopped);
  EXPECT_EQ(view.stop_reason, StopReason::Interrupted);
  EXPECT_EQ(view.counts.written, 100u);
  EXPECT_EQ(imbalance(view), "");
  EXPECT_EQ(scene.engine->bytes_on_disk(), fs::file_size(scene.path(view)));
}

TEST(CaptureSession, LeavesTheFilesOfADaemonThatRunsAlone) {
  SessionScene scene;
  scene.start(R"({"name": "s"})");
  traffic(scene, 100);
  std::vector<std::string> logged;
  CaptureEngine other({.directory = scene.directory, .quota_bytes = uint64_t{1} << 30, .log = [&](const std::string& sentence) { logged.push_back(sentence); }}, scene.now);
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_NE(logged[0].find("another wirewatch run keeps its captures there"), std::string::npos) << logged[0];
  EXPECT_TRUE(other.views().empty());
  const auto spec = *read_capture_spec(R"({"name": "mine"})");
  const auto refused = other.start(spec, scene.now);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("another capture_directory"), std::string::npos) << refused.error().message;

  scene.settle();
  scene.engine.reset();  // what it kept is now for whoever asks first
  ASSERT_TRUE(other.start(spec, scene.now));
  EXPECT_EQ(other.views().size(), 2u);
}

TEST(CaptureSession, LeavesFoldersAloneThatAreNoSessions) {
  SessionScene scene;
  fs::create_directories(scene.directory + "/mine");
  std::ofstream(scene.directory + "/mine/notes.txt") << "keep me";
  fs::create_directories(scene.directory + "/broken");
  std::ofstream(scene.directory + "/broken/session.json") << "{";
  scene.restart();
  EXPECT_TRUE(scene.engine->views().empty());
  ASSERT_EQ(scene.logged.size(), 1u);
  EXPECT_NE(scene.logged[0].find("broken/session.json"), std::string::npos) << scene.logged[0];
  EXPECT_TRUE(fs::exists(scene.directory + "/mine/notes.txt"));
}

}  // namespace
}  // namespace wirewatch::testing
