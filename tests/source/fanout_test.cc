// SPDX-License-Identifier: BSD-3-Clause
// Where threads meet: one capture shared out to several workers. Runs under ThreadSanitizer too.
#include "dataplane/source/fanout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "control/replay/inspect.h"
#include "control/report/json.h"
#include "dataplane/base/timestamp.h"
#include "tests/pipeline/traffic_mix.h"
#include "tests/report/captured_output.h"
#include "tests/support/shipped_rules.h"

namespace wirewatch::testing {
namespace {

namespace fs = std::filesystem;

Bytes capture_of(const std::vector<SentFrame>& frames) {
  PcapBuilder pcap({.magic = kNanosecondMagic});
  for (const SentFrame& frame : frames) {
    const int64_t ns = std::max<int64_t>(frame.time.ns, 0);
    pcap.record(static_cast<uint32_t>(ns / kSecond_ns), static_cast<uint32_t>(ns % kSecond_ns), frame.bytes);
  }
  return pcap.bytes();
}

/// What one worker took.
struct Taken {
  std::vector<uint64_t> numbers;
  std::vector<FlowKey> keys;  // of the frames that have a flow
};

std::vector<Taken> fan_out(const std::string& path, unsigned workers) {
  auto chain = FileChain::open({path});
  EXPECT_TRUE(chain);
  Fanout fanout(**chain, workers, {});
  std::vector<Taken> taken(workers);
  {
    std::vector<std::jthread> threads;
    for (unsigned worker = 0; worker < workers; ++worker) {
      threads.emplace_back([&fanout, &mine = taken[worker], worker] {
        FanoutSource source(fanout, worker);
        const auto burst = std::make_unique<Burst>();
        for (;;) {
          const Poll got = source.poll(*burst);
          if (got == Poll::End) return;
          if (got == Poll::Idle) continue;
          for (size_t i = 0; i < burst->count; ++i) {
            mine.numbers.push_back(burst->parsed[i].packet->number);
            if (burst->parsed[i].layers->has_flow) mine.keys.push_back(burst->parsed[i].layers->key);
          }
          source.recycle(*burst);
        }
      });
    }
  }
  return taken;
}

TEST(Fanout, GivesEveryFrameToOneWorkerInOrderAndEveryFlowToTheSame) {
  constexpr size_t kFrames = 20'000;
  const TemporaryFile file(capture_of(traffic_mix(90, kFrames)));
  for (const unsigned workers : {1u, 2u, 3u, 5u}) {
    SCOPED_TRACE(workers);
    const auto taken = fan_out(file.path(), workers);
    std::vector<bool> seen(kFrames + 1);
    std::map<uint64_t, unsigned> worker_of;  // by flow hash
    size_t frames = 0;
    for (unsigned worker = 0; worker < workers; ++worker) {
      EXPECT_TRUE(std::is_sorted(taken[worker].numbers.begin(), taken[worker].numbers.end()));
      frames += taken[worker].numbers.size();
      for (const uint64_t number : taken[worker].numbers) {
        ASSERT_LE(number, kFrames);
        ASSERT_FALSE(seen[number]) << number << " twice";
        seen[number] = true;
      }
      for (const FlowKey& key : taken[worker].keys) {
        ASSERT_EQ(worker_of.emplace(hash(key), worker).first->second, worker) << "a flow with two workers";
      }
      EXPECT_GT(taken[worker].keys.size(), kFrames / workers / 10) << "a worker with hardly any work";
    }
    EXPECT_EQ(frames, kFrames);
  }
}

TEST(Fanout, EndsForAFileWithoutFrames) {
  const TemporaryFile file(capture_of({}));
  for (const Taken& taken : fan_out(file.path(), 3)) EXPECT_TRUE(taken.numbers.empty());
}

/// The whole report of a capture, or the error.
std::string json_of(const std::string& path, unsigned jobs) {
  const auto report = inspect({.paths = {path},
                               .rules = shipped_rules(),
                               .jobs = jobs,
                               .local_networks = {},
                               .keep_handshakes = true,
                               .keep_flows = true,
                               .unwanted = {"bittorrent"},
                               .on_progress = {}});
  if (!report) return report.error().message;
  return captured([&](Output& out) { write_json(*report, {.files = {}, .only_port = {}}, out); });
}

void expect_same_for_any_jobs(const std::string& path) {
  SCOPED_TRACE(path);
  const std::string alone = json_of(path, 1);
  for (const unsigned jobs : {2u, 3u, 5u}) {
    SCOPED_TRACE(jobs);
    const std::string shared = json_of(path, jobs);
    const auto differs = std::mismatch(alone.begin(), alone.end(), shared.begin(), shared.end());
    if (differs.first == alone.end() && differs.second == shared.end()) continue;
    const size_t at = static_cast<size_t>(differs.first - alone.begin());
    const size_t from = at < 200 ? 0 : at - 200;
    ADD_FAILURE() << "alone:  " << alone.substr(from, 400) << "\nshared: " << shared.substr(from, 400);
  }
}

TEST(InspectJobs, GiveTheSameReportOfTheScenario) {
  if (std::getenv("WIREWATCH_RULES") == nullptr) GTEST_SKIP() << "WIREWATCH_RULES is not set; meson test sets it";
  expect_same_for_any_jobs((fs::path(std::getenv("WIREWATCH_CAPTURES")) / "scenario.pcapng").string());
}

TEST(InspectJobs, GiveTheSameReportOfARandomMix) {
  if (std::getenv("WIREWATCH_RULES") == nullptr) GTEST_SKIP() << "WIREWATCH_RULES is not set; meson test sets it";
  const TemporaryFile file(capture_of(traffic_mix(91, 20'000)));
  expect_same_for_any_jobs(file.path());
}

TEST(InspectJobs, GiveTheSameReportOfRealCaptures) {
  if (std::getenv("WIREWATCH_RULES") == nullptr) GTEST_SKIP() << "WIREWATCH_RULES is not set; meson test sets it";
  const char* const corpus = std::getenv("WIREWATCH_CORPUS");
  if (corpus == nullptr) GTEST_SKIP() << "WIREWATCH_CORPUS is not set";
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(fs::path(corpus) / "captures")) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  ASSERT_FALSE(paths.empty());
  constexpr size_t kEvery = 8;
  for (size_t i = 0; i < paths.size(); i += kEvery) expect_same_for_any_jobs(paths[i]);
}

}  // namespace
}  // namespace wirewatch::testing
