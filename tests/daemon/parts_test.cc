// SPDX-License-Identifier: BSD-3-Clause
// The daemon's smaller parts, with times that are given.
#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <random>
#include <tuple>
#include <sys/stat.h>
#include <unistd.h>

#include "control/daemon/capture_opener.h"
#include "control/daemon/checkpoint.h"
#include "control/daemon/dataplane_process.h"
#include "control/daemon/block_memory.h"
#include "control/daemon/gap_log.h"
#include "control/daemon/rate_meter.h"
#include "control/daemon/saved_alerts.h"
#include "control/daemon/saved_sums.h"
#include "control/daemon/saved_windows.h"
#include "control/daemon/state_faults.h"
#include "dataplane/base/timestamp.h"
#include "tests/daemon/scene.h"
#include "tests/support/child.h"

namespace wirewatch {
namespace {

using std::chrono::milliseconds;

TEST(GapLog, RunsFromTheLastCountersToTheNextStart) {
  GapLog log;
  log.begin(Timestamp{100}, "it closed its socket");
  log.explain("it ended with signal 9");
  log.begin(Timestamp{200}, "it is still gone");
  log.end(Timestamp{300});
  ASSERT_EQ(log.gaps().size(), 1u);
  EXPECT_EQ(log.gaps()[0].from, Timestamp{100});
  EXPECT_EQ(log.gaps()[0].to, Timestamp{300});
  EXPECT_EQ(log.gaps()[0].reason, "it ended with signal 9");
}

TEST(GapLog, ForgetsAGapThatWasNone) {
  GapLog log;
  log.begin(Timestamp{100}, "the connection was lost");
  log.never_mind();
  EXPECT_TRUE(log.gaps().empty());
  log.never_mind();
  log.end(Timestamp{5});
  EXPECT_TRUE(log.gaps().empty());
}

TEST(GapLog, IsBounded) {
  GapLog log;
  for (int64_t i = 0; i < 5000; ++i) {
    log.begin(Timestamp{i}, "");
    log.end(Timestamp{i});
  }
  EXPECT_EQ(log.gaps().size(), GapLog::kMost);
  EXPECT_EQ(log.gaps().back().from, Timestamp{4999});
}

TEST(RateMeter, IsTheDifferenceOverTheLastSeconds) {
  RateMeter meter;
  EXPECT_EQ(meter.rates().over_s, 0);
  for (int64_t i = 0; i <= 20; ++i) {
    const uint64_t packets = static_cast<uint64_t>(i < 10 ? i * 100 : 1000 + (i - 10) * 1000);
    meter.observe(i * kSecond_ns, {packets, packets * 125}, packets / 10);
  }
  EXPECT_EQ(meter.rates().over_s, 5);
  EXPECT_EQ(meter.rates().packets_per_second, 1000u);
  EXPECT_EQ(meter.rates().bits_per_second, 1'000'000u);
  EXPECT_EQ(meter.rates().handshakes_per_second, 100u);
  meter.observe(21 * kSecond_ns, {5, 5}, 0);
  EXPECT_EQ(meter.rates().over_s, 0) << "the counters began anew";
}

TEST(DataplaneProcess, WaitsLongerAfterEachQuickEnd) {
  milliseconds pause{0};
  std::vector<int64_t> pauses;
  for (int i = 0; i < 9; ++i) {
    pause = DataplaneProcess::next_pause(pause, milliseconds(50));
    pauses.push_back(pause.count());
  }
  EXPECT_EQ(pauses, (std::vector<int64_t>{100, 200, 400, 800, 1600, 3200, 6400, 10'000, 10'000}));
  EXPECT_EQ(DataplaneProcess::next_pause(pause, milliseconds(20'000)), milliseconds(100));
}

TEST(DataplaneProcess, SaysHowItEnded) {
  EXPECT_EQ(describe_exit(9), "the data plane ended with signal 9 (Killed)");
  EXPECT_EQ(describe_exit(2 << 8), "the data plane ended with status 2");
}

TEST(Checkpoint, GoesOnFromTheLastStateThatWasWrittenWhole) {
  const ScratchFolder folder;
  const std::string path = folder.file("totals");
  {
    auto checkpoint = Checkpoint::open(path);
    ASSERT_TRUE(checkpoint) << checkpoint.error().message;
    EXPECT_FALSE(checkpoint->read());
    for (const char* state : {"first", "second", "third"}) EXPECT_TRUE(checkpoint->write(state));
    EXPECT_FALSE(checkpoint->write(std::string(Checkpoint::kLargest + 1, 'x')));
  }
  EXPECT_EQ(*Checkpoint::open(path)->read(), "third");

  // A daemon that dies while it writes leaves the state before.
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(file), {});
  const size_t third = bytes.find("third");
  ASSERT_NE(third, std::string::npos);
  file.clear();
  file.seekp(static_cast<std::streamoff>(third));
  file << "thi";
  file.put('X');
  file.close();
  EXPECT_EQ(*Checkpoint::open(path)->read(), "second");
}

TEST(Checkpoint, BelievesNoFileThatIsNotItsOwnWork) {
  const ScratchFolder folder;
  folder.write("totals", std::string(10'000, '\xff'));
  const auto checkpoint = Checkpoint::open(folder.file("totals"));
  ASSERT_TRUE(checkpoint);
  EXPECT_FALSE(checkpoint->read());
  EXPECT_FALSE(Checkpoint::open("/dev/null"));
}

TEST(Checkpoint, SaysThatADiskIsFullInsteadOfEndingTheDaemonLater) {
  const int status = testing::in_child([] {
    const ScratchFolder folder;
    const std::string disk = folder.file("disk");
    if (!testing::mount_small_disk(disk)) return testing::kCannot;
    int wrong = 0;
    {
      const auto checkpoint = Checkpoint::open(disk + "/totals");
      wrong += checkpoint || checkpoint.error().message.find("No space left on device") == std::string::npos;
    }
    ::umount(disk.c_str());
    return wrong;
  });
  if (status == testing::kCannot) GTEST_SKIP() << "no file system can be mounted here";
  EXPECT_EQ(status, 0);
}

TEST(BlockMemory, OffersWhatIsStillWantedInRequestsThatFit) {
  using Request = nlohmann::json;
  const ScratchFolder folder;
  const auto seconds = [](int64_t s) { return Timestamp{s * kSecond_ns}; };
  const auto offered = [&](const BlockMemory& memory, Timestamp now, bool names, size_t most = 60'000) {
    std::vector<std::string> all;
    for (const Request& request : memory.owed(now, names, most)) {
      EXPECT_LE(request.dump().size(), most);
      for (const Request& row : request["all"]) all.push_back(row.dump());
    }
    return all;
  };
  {
    BlockMemory memory(folder.file("blocked"));
    ASSERT_TRUE(memory.add(Request::parse(R"({"prefixes": [{"prefix": "10.0.0.0/8", "expires": 100.0}, {"prefix": "11.0.0.0/8", "expires": 50.0}],
                                           "names": [{"name": "bittorrent", "kind": "application", "expires": 100.0}], "allow": ["10.1.0.0/16"]})"), seconds(1)));
    ASSERT_TRUE(memory.add(Request::parse(R"({"prefixes": [{"prefix": "10.0.0.0/8", "expires": 200.0}]})"), seconds(2)));
    EXPECT_TRUE(offered(memory, seconds(3), true).empty()) << "the data plane that took it knows it";
  }
  BlockMemory memory(folder.file("blocked"));
  memory.all_are_owed();
  const std::string allow = R"({"allow":"10.1.0.0/16"})", ten = R"({"expires":200.0,"prefix":"10.0.0.0/8"})", eleven = R"({"expires":50.0,"prefix":"11.0.0.0/8"})",
                    torrent = R"({"expires":100.0,"kind":"application","name":"bittorrent"})";
  EXPECT_EQ(offered(memory, seconds(3), true), (std::vector{allow, torrent, ten, eleven}));
  EXPECT_EQ(offered(memory, seconds(60), false), (std::vector{allow, ten})) << "what is over is not revived, and names wait for rules";
  EXPECT_EQ(offered(memory, seconds(60), true, 120), (std::vector{allow, torrent, ten})) << "in several requests";
  memory.taken(Request::parse(ten));
  EXPECT_EQ(offered(memory, seconds(60), true), (std::vector{allow, torrent}));
  ASSERT_TRUE(memory.remove(Request::parse(R"({"names": [{"name": "bittorrent", "kind": "category"}]})")));
  EXPECT_EQ(offered(memory, seconds(60), true), (std::vector{allow}));

  folder.write("broken", "[{\"prefix\": [[[");
  BlockMemory broken(folder.file("broken"));
  broken.all_are_owed();
  EXPECT_TRUE(offered(broken, seconds(1), true).empty());
  BlockMemory nowhere("/nowhere/blocked");
  EXPECT_NE(nowhere.add(Request::parse(R"({"allow": ["10.1.0.0/16"]})"), seconds(1)).error().message.find("/nowhere/blocked"), std::string::npos);
}

TEST(SavedWindows, AreTakenUpOnTheSameClockAndNeverWhenTheyAreDamaged) {
  constexpr int64_t kSteady = 500'000 * kSecond_ns;
  const Timestamp utc{1'700'000'000 * kSecond_ns};
  HandshakeLog log({});
  HandshakeRecord handshake;
  handshake.client = {IpAddress::parse("10.0.0.1").value(), 40'000};
  for (int64_t i = 0; i < 2'000; ++i) {
    handshake.server = {IpAddress::parse(i % 2 == 0 ? "10.0.0.2" : "2001:db8::2").value(), static_cast<uint16_t>(i % 3)};
    handshake.syn_ack_rtt_ns = 1'000'000 + i;
    log.observe(handshake, kSteady + i * kSecond_ns);
  }
  const int64_t now_ns = kSteady + 2'000 * kSecond_ns;
  const std::string saved = encode_windows(log, {utc.ns + 2'000 * kSecond_ns}, now_ns);
  const auto summary = [&](HandshakeLog& of, int64_t later_ns) {
    std::string text;
    for (const HistoryWindow window : {HistoryWindow::Minute, HistoryWindow::FiveMinutes, HistoryWindow::Hour}) {
      const auto all = of.windows().summarise(window, now_ns + later_ns);
      for (const auto* groups : {&all.by_server, &all.by_port}) {
        for (const HandshakeGroup& group : *groups) {
          text += group.server.address.to_string() + " " + std::to_string(group.server.port) + " " + std::to_string(group.attempts) + " " +
                  std::to_string(group.rtt.p99_ns.value_or(0)) + "\n";
        }
      }
    }
    return text;
  };
  for (const int64_t later_ns : {int64_t{0}, 90 * kSecond_ns, 7'200 * kSecond_ns}) {
    HandshakeLog next({});
    ASSERT_TRUE(take_up_windows(saved, next, {utc.ns + 2'000 * kSecond_ns + later_ns}, now_ns + later_ns));
    EXPECT_EQ(summary(next, later_ns), summary(log, later_ns)) << later_ns;
    std::vector<int64_t> recent;
    next.for_each_recent([&](const HandshakeRecord& each) {
      recent.push_back(*each.syn_ack_rtt_ns);
      return true;
    });
    ASSERT_EQ(recent.size(), kMostSavedHandshakes);
    EXPECT_EQ(recent.front(), 1'001'999);
    EXPECT_EQ(recent.back(), 1'001'000);
  }
  HandshakeLog next({});
  EXPECT_FALSE(take_up_windows(saved, next, {utc.ns + 9'000 * kSecond_ns}, now_ns + kSecond_ns)) << "the machine was started again";
  EXPECT_FALSE(take_up_windows(saved, next, {utc.ns + 1'999 * kSecond_ns}, now_ns - kSecond_ns)) << "from the future";
  for (size_t cut = 0; cut < saved.size(); cut += 997) EXPECT_FALSE(take_up_windows(saved.substr(0, cut), next, {utc.ns + 2'000 * kSecond_ns}, now_ns));
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {  // whatever comes of it, it ends, and what is taken up can be shown
    std::string damaged = saved;
    for (int flips = 0; flips < 4; ++flips) damaged[random() % std::min<size_t>(damaged.size(), 4'000)] = static_cast<char>(random());
    if (take_up_windows(damaged, next, {utc.ns + 2'000 * kSecond_ns}, now_ns)) summary(next, 0);
  }
}

TEST(SavedSums, AreTakenUpByNameUnderAnyNumbering) {
  ApplicationNames names;
  names.names = {"unknown", "tls", "dns"};
  names.categories = {"", "web", "names"};
  SavedSums sums;
  sums.generation = 42;
  sums.flows.flows = 9;
  sums.flows.detected.resize(3);
  sums.flows.detected[2] = {.flows = 5, .traffic = {50, 500}, .sent = {20, 200}, .received = {30, 300}, .strongest = Evidence::Payload};
  sums.handshakes.attempts = 4;
  sums.handshakes.rtt.record(1'000'000);
  for (const int64_t rtt_ns : {-5, 1'000'000, 1'000'001, 40'000'000}) sums.by_port[3][443].record(rtt_ns);
  sums.by_port[3][0].record(7);
  const std::string text = encode(sums, names);

  NameCatalogue catalogue;
  catalogue.id_of("zebra", "animals");
  const auto read = decode_sums(text, catalogue);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->generation, 42u);
  EXPECT_EQ(read->flows.flows, 9u);
  EXPECT_EQ(read->handshakes.attempts, 4u);
  EXPECT_EQ(read->handshakes.rtt.words(), sums.handshakes.rtt.words());
  ASSERT_EQ(read->by_port.at(3).size(), 2u);
  const RttHistogram &kept = read->by_port.at(3).at(443), &rtt = sums.by_port[3][443];
  EXPECT_EQ(kept.buckets(), rtt.buckets());
  EXPECT_EQ(std::tuple(kept.count(), kept.sum_ns(), kept.max_ns(), kept.negative()),
            std::tuple(rtt.count(), rtt.sum_ns(), rtt.max_ns(), rtt.negative()));
  const ApplicationId dns = catalogue.id_of("dns", "names");
  EXPECT_EQ(read->flows.detected.at(dns).traffic, (Traffic{50, 500}));
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(decode_sums(text.substr(0, length), catalogue)) << "cut to " << length << " bytes";
  }
}

TEST(StateFaults, AreToldOnceUntilTheyAreMended) {
  StateFaults faults;
  faults.note("/run/a.alerts", "");
  EXPECT_EQ(faults.take().size(), 0u);
  for (int i = 0; i < 3; ++i) faults.note("/run/a.alerts", "No space left on device");
  const auto told = faults.take();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0], "/run/a.alerts: cannot be written, so the next daemon will not go on from it: No space left on device");
  EXPECT_EQ(faults.take().size(), 0u);
  faults.note("/run/a.alerts", "");
  EXPECT_EQ(faults.take(), std::vector<std::string>{"/run/a.alerts: can be written again"});
}

TEST(SavedAlerts, AreTakenUpByNameAndNeverWhenTheyAreDamaged) {
  ApplicationNames names;
  names.names = {"unknown", "tls", "bittorrent"};
  names.categories = {"", "web", "p2p"};
  AlertLog log({"p2p"}, 100);
  for (uint8_t i = 1; i <= 20; ++i) {
    KnownFlow flow;
    flow.record.client = {IpAddress::parse("10.0.0." + std::to_string(i)).value(), 40'000};
    flow.record.server = {IpAddress::parse("2001:db8::1").value(), 6881};
    flow.record.ip_protocol = 6;
    flow.record.application = 2;
    flow.record.evidence = Evidence::Payload;
    flow.record.first_time = Timestamp{1'000 + i};
    flow.record.to_server = {i, 100u * i};
    flow.host = "tracker.example";
    ASSERT_TRUE(log.observe(flow, names, Timestamp{2'000 + i}));
  }
  const std::string text = encode_alerts(log, names);

  NameCatalogue catalogue;
  catalogue.id_of("zebra", "animals");
  AlertLog next({"p2p"}, 100);
  ASSERT_TRUE(take_up_alerts(text, next, catalogue));
  EXPECT_EQ(next.raised(), 20u);
  ASSERT_EQ(next.alerts().size(), 20u);
  const Alert &alert = next.alerts()[4], &was = log.alerts()[4];
  EXPECT_EQ(catalogue.names()->name(alert.flow.application), "bittorrent");
  EXPECT_EQ(catalogue.names()->category(alert.flow.application), "p2p");
  EXPECT_EQ(alert.flow.client, was.flow.client);
  EXPECT_EQ(alert.flow.server, was.flow.server);
  EXPECT_EQ(alert.flow.first_time, was.flow.first_time);
  EXPECT_EQ(alert.flow.to_server, was.flow.to_server);
  EXPECT_EQ(alert.host, "tracker.example");
  EXPECT_EQ(alert.raised, was.raised);

  const size_t most = text.size() / 2;
  const std::string shorter = encode_alerts(log, names, most);
  EXPECT_LE(shorter.size(), most);
  AlertLog latest({"p2p"}, 100);
  ASSERT_TRUE(take_up_alerts(shorter, latest, catalogue));
  EXPECT_EQ(latest.raised(), 20u);
  ASSERT_GE(latest.alerts().size(), 9u);
  EXPECT_EQ(latest.alerts().back().raised, log.alerts().back().raised);
  EXPECT_EQ(latest.alerts().front().raised, log.alerts()[20 - latest.alerts().size()].raised);

  AlertLog untouched({"p2p"}, 100);
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(take_up_alerts(text.substr(0, length), untouched, catalogue)) << "cut to " << length << " bytes";
  }
  EXPECT_EQ(untouched.raised(), 0u);
  std::mt19937 random(3);
  for (int i = 0; i < 2'000; ++i) {  // whatever comes of it, it ends, and what is taken up can be written again
    std::string damaged = text;
    for (int flips = 0; flips < 4; ++flips) damaged[random() % damaged.size()] = static_cast<char>(random());
    AlertLog from_damaged({"p2p"}, 100);
    if (take_up_alerts(damaged, from_damaged, catalogue)) encode_alerts(from_damaged, *catalogue.names());
  }
}

TEST(CaptureOpener, StaysInItsFolderForStrangers) {
  const ScratchFolder folder;
  folder.write("good.cap", "x");
  std::filesystem::create_directory(folder.file("captures"));
  std::ofstream(folder.file("captures/in.cap")) << "x";
  std::filesystem::create_symlink(folder.file("good.cap"), folder.file("captures/link.cap"));
  ASSERT_EQ(::mkfifo(folder.file("captures/pipe.cap").c_str(), 0600), 0);
  struct Case {
    const char* description;
    std::string path;
    bool any_path, opens;
  };
  const std::array cases{Case{"a name in the folder", "in.cap", false, true},
                         Case{"a name that is not there", "out.cap", false, false},
                         Case{"a symbolic link out of it", "link.cap", false, false},
                         Case{"a pipe, which would wait", "pipe.cap", true, false},
                         Case{"a way up", "../good.cap", false, false},
                         Case{"a hidden name", "..", false, false},
                         Case{"an absolute path of a stranger", folder.file("good.cap"), false, false},
                         Case{"an absolute path of the owner", folder.file("good.cap"), true, true},
                         Case{"a relative path of the owner", "./good.cap", true, false},
                         Case{"a folder", folder.file("captures"), true, false}};
  for (const Case& each : cases) {
    EXPECT_EQ(open_capture(each.path, folder.file("captures"), each.any_path).has_value(), each.opens) << each.description;
  }
  EXPECT_FALSE(open_capture("in.cap", "", true)) << "no folder is configured";
}

}  // namespace
}  // namespace wirewatch
