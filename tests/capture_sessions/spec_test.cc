// SPDX-License-Identifier: BSD-3-Clause
// What a request for a capture session may say, what is wrong with it otherwise, and that what is written reads back.
#include <gtest/gtest.h>

#include <string>

#include "control/captures/capture_json.h"

namespace wirewatch {
namespace {

CaptureSpec spec_of(std::string_view json) {
  auto spec = read_capture_spec(json, {.applications = {"bittorrent"}});
  if (!spec) throw std::runtime_error(spec.error().message);
  return *spec;
}

TEST(CaptureSpec, NeedsNothingButAName) {
  const CaptureSpec spec = spec_of(R"({"name": "all"})");
  EXPECT_EQ(spec.name, "all");
  EXPECT_EQ(spec.directory, "all");
  EXPECT_EQ(spec.snap_length, CaptureSpec::kWholePackets);
  EXPECT_EQ(spec.max_bytes, 0u);
  EXPECT_FALSE(spec.ring.rotates());
  EXPECT_FALSE(spec.trigger);
}

TEST(CaptureSpec, RemembersTenSecondsBeforeWhatNobodyCouldForesee) {
  EXPECT_EQ(spec_of(R"({"name": "a", "trigger": {"unwanted": []}})").before_seconds, 10u);
  EXPECT_EQ(spec_of(R"({"name": "a", "trigger": {"loss": true}, "before_seconds": 0})").before_seconds, 0u);
  EXPECT_EQ(spec_of(R"({"name": "a", "trigger": {"every_s": 3600}})").before_seconds, 0u);
}

TEST(CaptureSpec, LimitsTheRateOfEventsAndNotOfSchedules) {
  EXPECT_EQ(spec_of(R"({"name": "a", "trigger": {"unwanted": []}})").trigger->at_most_every_s, 300u);
  EXPECT_EQ(spec_of(R"({"name": "a", "trigger": {"calendar": "hourly"}})").trigger->at_most_every_s, 0u);
  EXPECT_EQ(spec_of(R"({"name": "a", "trigger": {"calendar": "hourly", "at_most_every_s": 7}})").trigger->at_most_every_s, 7u);
}

struct Wrong {
  const char* json;
  const char* expected;  // part of the sentence
};

class WrongSpec : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongSpec, IsRefusedWithASentence) {
  const auto spec = read_capture_spec(GetParam().json);
  ASSERT_FALSE(spec) << GetParam().json;
  EXPECT_NE(spec.error().message.find(GetParam().expected), std::string::npos) << spec.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongSpec,
    ::testing::Values(
        Wrong{"", "not JSON"}, Wrong{R"({"name": "a", "max_packets": 1e9999})", "a number beyond every measure"}, Wrong{"{\"name\": \"a\"", "byte 13"}, Wrong{"[]", "must be an object, found array"},
        Wrong{"{}", "needs a 'name'"}, Wrong{R"({"name": 3})", "'name' must be a string, found number"},
        Wrong{R"({"name": "../etc"})", "'name' must be 1 to 64 letters"}, Wrong{R"({"name": ".hidden"})", "begin with a dot"},
        Wrong{R"({"name": ""})", "'name' must be"}, Wrong{R"({"name": "a/b"})", "'name' must be"},
        Wrong{R"({"name": "a", "directory": "/tmp"})", "'directory' must be 1 to 64"},
        Wrong{R"({"name": "a", "max_packtes": 3})", "unknown key 'max_packtes' in a capture session; did you mean 'max_packets'?"},
        Wrong{R"({"name": "a", "max_packets": -1})", "found -1"}, Wrong{R"({"name": "a", "max_packets": 1.5})", "a whole number"},
        Wrong{R"({"name": "a", "max_packets": "5"})", "a whole number, found string"},
        Wrong{R"({"name": "a", "max_bytes": 18446744073709551616})", "a whole number"},
        Wrong{R"({"name": "a", "snap_length": 0})", "'snap_length' must be 1 to 262144, found 0"},
        Wrong{R"({"name": "a", "filter": "tcp.prot == 1"})", "'filter': 'tcp.prot' is neither a field nor a protocol; did you mean"},
        Wrong{R"({"name": "a", "bpf": "tcp porrt 1"})", "'bpf': "},
        Wrong{R"({"name": "a", "bpf": "tcp and host www.example"})", "'www.example' would have to be looked up"},
        Wrong{R"({"name": "a", "bpf": "tcp", "filter": "tcp"})", "'filter' or 'bpf', not both"},
        Wrong{R"({"name": "a", "filter": "tcp\nudp"})", "one line"}, Wrong{R"({"name": "a", "port": "\u0007"})", "'port'"},
        Wrong{R"({"name": "a", "ring": {}})", "'file_bytes' or 'file_seconds'"},
        Wrong{R"({"name": "a", "ring": {"file_bytes": 1}})", "'file_bytes' must be 65536 to"},
        Wrong{R"({"name": "a", "ring": {"files": 3, "file_byte": 99999}})", "'file_bytes' or 'file_seconds'"},
        Wrong{R"({"name": "a", "ring": {"file_seconds": 3, "file_byte": 99999}})",
              "unknown key 'file_byte' in 'ring'; did you mean 'file_bytes'?"},
        Wrong{R"({"name": "a", "ring": {"file_seconds": 3}, "trigger": {"loss": true}})", "takes no 'ring'"},
        Wrong{R"({"name": "a", "before_seconds": 3})", "need a 'trigger'"}, Wrong{R"({"name": "a", "trigger": {}})", "exactly one of"},
        Wrong{R"({"name": "a", "trigger": 5})", "'trigger' must be an object"},
        Wrong{R"({"name": "a", "trigger": {"loss": true, "every_s": 5}})", "exactly one of"},
        Wrong{R"({"name": "a", "trigger": {"loss": false}})", "'loss' must be true"},
        Wrong{R"({"name": "a", "trigger": {"every_s": 60}})", "would never stop"},
        Wrong{R"({"name": "a", "trigger": {"calendar": "Mo 09:00"}})", "'mo' is no day of the week"},
        Wrong{R"({"name": "a", "trigger": {"calendar": 5}})", "'calendar' must be a string"},
        Wrong{R"({"name": "a", "trigger": {"unwanted": "bittorrent"}})", "'unwanted' must be a list"},
        Wrong{R"({"name": "a", "trigger": {"unwanted": [1]}})", "'unwanted' must be a list"},
        Wrong{R"({"name": "a", "trigger": {"rtt": {}}})", "needs 'above_ms'"},
        Wrong{R"({"name": "a", "trigger": {"rtt": {"above_ms": 5, "window": "2m"}}})", "1m, 5m or 1h, found '2m'"},
        Wrong{R"({"name": "a", "trigger": {"rtt": {"above_ms": 5, "percentile": 0.5}}})", "'percentile' must be 1.0 to 100.0"},
        Wrong{R"({"name": "a", "trigger": {"rtt": {"above_ms": 5, "port": 0}}})", "'port' must be 1 to 65535"},
        Wrong{R"({"name": "a", "trigger": {"loss": true, "most": 0}})", "'most' must be 1 to"}));

TEST(CaptureSpec, IsTheSameAfterWritingAndReading) {
  for (const char* const json :
      {R"({"name": "a"})",
       R"({"name": "a", "port": "eth1", "filter": "tcp.port == 111", "snap_length": 96, "max_bytes": 5, "max_packets": 6, "max_seconds": 7})",
       R"({"name": "a", "bpf": "tcp port 111", "directory": "b", "ring": {"file_bytes": 100000, "file_seconds": 60, "files": 3}})",
       R"({"name": "a", "trigger": {"every_s": 3600, "for_s": 30}})",
       R"({"name": "a", "trigger": {"calendar": "Mon..Fri 09:00", "most": 3}, "before_seconds": 3, "before_bytes": 70000})",
       R"({"name": "a", "trigger": {"unwanted": ["bittorrent", "p2p"], "at_most_every_s": 0}})",
       R"({"name": "a", "trigger": {"rtt": {"percentile": 99.9, "above_ms": 0.5, "window": "5m", "port": 443}}})",
       R"({"name": "a", "trigger": {"loss": true}})"}) {
    const CaptureSpec spec = spec_of(json);
    EXPECT_EQ(spec_of(to_json(spec).dump()), spec) << json;
  }
}

TEST(CaptureSpec, DescribesItsTriggerInWords) {
  const auto described = [](const std::string& trigger) {
    return describe(*spec_of(R"({"name": "a", "trigger": )" + trigger + "}").trigger);
  };
  EXPECT_EQ(described(R"({"every_s": 3600, "for_s": 60})"), "every 1 h for 1 min");
  EXPECT_EQ(described(R"({"calendar": "hourly", "for_s": 5})"), "at hourly for 5 s");
  EXPECT_EQ(described(R"({"unwanted": ["bittorrent", "p2p"]})"), "on unwanted bittorrent, p2p for 1 min");
  EXPECT_EQ(described(R"({"rtt": {"above_ms": 50, "port": 443}})"), "when the SYN,ACK's p99 of 1m is over 50 ms on port 443 for 1 min");
}

TEST(CaptureView, IsTheSameAfterWritingAndReading) {
  CaptureView view;
  view.spec = spec_of(R"({"name": "a", "filter": "bittorrent", "trigger": {"unwanted": []}})");
  view.state = CaptureState::Stopped;
  view.stop_reason = StopReason::DiskFull;
  view.stopped_because = "there was no room";
  view.started = {1'700'000'000'123'456'789};
  view.stopped = {1'700'000'001'000'000'000};
  view.counts.matched = 12;
  view.counts.written = 7;
  view.counts.write_failed = UINT64_MAX;
  view.files = {{.name = "a_00001_20261123030000.pcapng", .bytes = 5, .packets = 2, .first = {1}, .last = {2'000'000'000}, .open = true}};
  view.firings = {{.at = {5}, .why = "bittorrent from 10.0.0.1:1", .file = "a_00001_20261123030000.pcapng", .from_before = 4}};
  view.fired = 3;
  view.suppressed = 9;
  const std::string text = to_json(view).dump();
  const auto again = read_capture_view(text);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(to_json(*again).dump(), text);
  EXPECT_EQ(again->counts, view.counts);
  EXPECT_EQ(again->spec, view.spec);
}

TEST(CaptureView, RefusesFilesThatLeadElsewhere) {
  CaptureView view;
  view.spec = spec_of(R"({"name": "a"})");
  view.files = {{.name = "../../secret"}};
  EXPECT_FALSE(read_capture_view(to_json(view).dump()));
}

}  // namespace
}  // namespace wirewatch
