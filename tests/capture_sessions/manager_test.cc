// SPDX-License-Identifier: BSD-3-Clause
// The capture thread over the real rings of shared memory, with a worker that writes as fast as it can.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <mutex>
#include <thread>

#include "control/captures/capture_json.h"
#include "control/captures/capture_manager.h"
#include "tests/capture_sessions/stand_in_rings.h"

namespace wirewatch::testing {
namespace {

/// The data plane's side: a region, and the last command that came.
class Region {
 public:
  explicit Region(unsigned workers) {
    auto made = PacketRegion::create(workers, 1 << 20, 1);
    if (!made) throw std::runtime_error(made.error().message);
    region_.emplace(std::move(*made));
    if (auto reserved = region_->reserve(); !reserved) throw std::runtime_error(reserved.error().message);
  }

  void ask(nlohmann::json command) {
    const std::lock_guard lock(mutex_);
    command_ = std::move(command);
  }
  /// Runs the newest set on all workers, which are not writing, and answers. False when it runs already.
  bool adopt(CaptureManager& manager, unsigned workers) {
    nlohmann::json command;
    {
      const std::lock_guard lock(mutex_);
      std::swap(command, command_);
    }
    if (command.is_null()) return false;
    std::array<uint64_t, kMostTaps> ids{};
    taps = 0;
    for (const auto& tap : command["taps"]) {
      ids[tap["slot"].get<size_t>()] = tap["id"].get<uint64_t>();
      taps |= uint64_t{1} << tap["slot"].get<unsigned>();
    }
    for (unsigned worker = 0; worker < workers; ++worker) {
      ring(worker).begin_set(command["set"].get<uint64_t>(), ids);
      ring(worker).publish();
    }
    manager.taps_answered({{"ok", true}, {"set", command["set"]}}, FileDescriptor(fcntl(region_->fd(), F_DUPFD_CLOEXEC, 0)));
    return true;
  }
  PacketRingWriter& ring(unsigned worker) { return region_->ring(worker); }

  uint64_t taps = 0;

 private:
  std::optional<PacketRegion> region_;
  std::mutex mutex_;
  nlohmann::json command_;
};

/// Waits for what another thread is about to do.
template <typename Condition>
bool soon(Condition holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(CaptureManager, CountsAndWritesWhatWorkersTapAtFullSpeed) {
  constexpr unsigned kWorkers = 2;
  constexpr int kPackets = 200'000;
  Region region(kWorkers);
  SessionScene scene;  // for its folder
  CaptureManager manager({.directory = scene.directory, .origin = {.application = "Wirewatch test", .system = {}, .comment = {}}},
                         [&](nlohmann::json command) { region.ask(std::move(command)); });
  manager.dataplane_connected();
  const auto start = [&](const char* json) {
    const auto spec = manager.read_spec(json);
    ASSERT_TRUE(spec) << spec.error().message;
    const auto view = manager.start(*spec);
    ASSERT_TRUE(view) << view.error().message;
  };
  start(R"({"name": "a"})");
  start(R"({"name": "b", "snap_length": 64})");
  start(R"({"name": "c", "filter": "tcp.stream == 1"})");
  start(R"({"name": "d", "max_packets": 1000})");
  start(R"({"name": "e", "trigger": {"unwanted": []}, "before_seconds": 10})");
  ASSERT_TRUE(soon([&] { return region.adopt(manager, kWorkers) && region.taps == 0x1f; }));
  std::vector<std::thread> workers;
  for (unsigned number = 0; number < kWorkers; ++number) {
    workers.emplace_back([&, number] {
      TappedPacket head;
      head.taps = region.taps;
      for (int i = 0; i < kPackets; ++i) {
        head.time_ns = kStart.ns + i;
        region.ring(number).write(head, segment(static_cast<uint16_t>(40'000 + i % 5), 0x10, 200));
        if (i % 32 == 31) region.ring(number).publish();
      }
    });
  }
  manager.look({.alerts = {{.application = "bittorrent", .category = "p2p", .client = "a", .server = "b"}}});
  for (std::thread& worker : workers) worker.join();
  for (const char* name : {"a", "b", "c", "e"}) ASSERT_TRUE(manager.stop(name));
  ASSERT_TRUE(soon([&] { return region.adopt(manager, kWorkers) && region.taps == 0; }));
  ASSERT_TRUE(soon([&] {
    const auto totals = manager.totals();
    return totals.sessions_running == 0 && totals.counts.in_ring == 0 && totals.counts.matched == 5u * kWorkers * kPackets;
  }));
  for (const CaptureView& view : manager.list()) {
    EXPECT_EQ(imbalance(view), "") << to_json(view).dump(1);
    EXPECT_EQ(view.counts.matched, uint64_t{kWorkers} * kPackets) << view.spec.name;
    EXPECT_GT(view.counts.written, 0u) << view.spec.name;
    for (const CaptureFile& file : view.files) {
      const auto path = manager.file_path(view.spec.name, file.name);
      ASSERT_TRUE(path);
      if (!is_here("capinfos")) continue;
      EXPECT_EQ(packets_by_capinfos(*path), std::to_string(file.packets)) << view.spec.name;
    }
  }
  EXPECT_EQ(manager.show("d")->counts.written, 1000u);
  EXPECT_EQ(manager.totals().unclaimed, 0u);
  EXPECT_EQ(manager.totals().damaged_records, 0u);
}

TEST(CaptureManager, NamesOnlyFilesOfItsSessions) {
  SessionScene scene;
  CaptureManager manager({.directory = scene.directory}, {});
  ASSERT_TRUE(manager.start(*manager.read_spec(R"({"name": "a"})")));
  const CaptureView view = *manager.show("a");
  ASSERT_EQ(view.files.size(), 1u);
  EXPECT_EQ(*manager.file_path("a", view.files[0].name), scene.directory + "/a/" + view.files[0].name);
  EXPECT_FALSE(manager.file_path("a", "session.json"));
  EXPECT_FALSE(manager.file_path("a", "../a/" + view.files[0].name));
  EXPECT_FALSE(manager.file_path("b", view.files[0].name));
  EXPECT_NE(view.problem.find("the data plane is not there"), std::string::npos);
}

TEST(CaptureManager, EndsItsSessionsWithItself) {
  SessionScene scene;
  {
    CaptureManager manager({.directory = scene.directory}, {});
    ASSERT_TRUE(manager.start(*manager.read_spec(R"({"name": "a"})")));
  }
  CaptureManager manager({.directory = scene.directory}, {});
  ASSERT_EQ(manager.list().size(), 1u);
  EXPECT_EQ(manager.list()[0].stop_reason, StopReason::Interrupted);
  ASSERT_TRUE(manager.erase("a"));
  EXPECT_TRUE(manager.list().empty());
}

TEST(CaptureManager, RefusesARegionThatIsNone) {
  SessionScene scene;
  CaptureManager manager({.directory = scene.directory}, {});
  manager.dataplane_connected();
  ASSERT_TRUE(manager.start(*manager.read_spec(R"({"name": "a"})")));
  manager.taps_answered({{"ok", true}, {"set", 1}}, FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  EXPECT_NE(manager.show("a")->problem, "");
  EXPECT_EQ(manager.show("a")->state, CaptureState::Recording);
  for (const char* answer : {"null", "[]", "{}", R"({"ok": 1})", R"({"ok": false, "error": 5, "slot": -1})", R"({"ok": false, "slot": 99})",
                             R"({"ok": "true"})"}) {
    manager.taps_answered(nlohmann::json::parse(answer), FileDescriptor());
    EXPECT_NE(manager.show("a")->problem, "") << answer;
  }
}

}  // namespace
}  // namespace wirewatch::testing
