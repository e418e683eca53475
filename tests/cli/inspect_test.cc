// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch inspect` from the outside: what it prints where, and what it tells the shell.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/cli/program.h"

namespace wirewatch {
namespace {

using testing::run;
using testing::toy_capture;

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Inspect, ReportsOnACapture) {
  const auto outcome = run({.arguments = {"inspect", toy_capture("whole.pcap")}});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_TRUE(contains(outcome.out, "1: 1 established")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "p50 12.3 ms")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "toy")) << outcome.out;
}

TEST(Inspect, PrintsJsonForPrograms) {
  const auto outcome = run({.arguments = {"inspect", "--json", toy_capture("whole.pcap")}});
  EXPECT_EQ(outcome.status, 0);
  const auto report = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(report["schema"], "wirewatch/report/1");
  EXPECT_EQ(report["capture"]["packets"], 5);
  ASSERT_EQ(report["handshakes"].size(), 1u);
  EXPECT_EQ(report["handshakes"][0]["syn_ack_rtt_ns"], 12'345'000);
  ASSERT_EQ(report["flows"].size(), 1u);
  EXPECT_EQ(report["flows"][0]["application"], "toy");
}

TEST(Inspect, ReadsStandardInput) {
  const std::string capture = contents(toy_capture("whole.pcap"));
  const auto outcome = run({.arguments = {"inspect", "--json", "-"}, .input = capture});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(outcome.out)["capture"]["packets"], 5);
}

TEST(Inspect, ReadsSeveralFilesAsOneCapture) {
  const std::string capture = toy_capture("whole.pcap");
  const auto outcome = run({.arguments = {"inspect", "--json", capture, capture}});
  const auto report = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(report["capture"]["packets"], 10);
  EXPECT_EQ(report["files"], nlohmann::json({capture, capture}));
}

TEST(Inspect, PrintsWhatItCouldReadOfADamagedFileAndAnswersNo) {
  const std::string capture = toy_capture("cut.pcap", 7);
  const auto outcome = run({.arguments = {"inspect", capture}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(contains(outcome.out, "Packets       4, ")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "Damaged")) << outcome.out;
  EXPECT_TRUE(contains(outcome.err, "wirewatch inspect: " + capture + ": ")) << outcome.err;
}

TEST(Inspect, AnswersNoWhenUnwantedTrafficIsFound) {
  const std::string capture = toy_capture("whole.pcap");
  for (const char* name : {"toy", "p2p"}) {
    const auto outcome = run({.arguments = {"inspect", capture, "--unwanted", name}});
    EXPECT_EQ(outcome.status, 1) << name;
    EXPECT_TRUE(contains(outcome.out, "UNWANTED TRAFFIC: 1 flow")) << outcome.out;
    EXPECT_EQ(outcome.err, "wirewatch inspect: unwanted traffic: 1 flow\n");
  }
}

TEST(Inspect, TakesItsPolicyFromAFile) {
  const auto policy = testing::workspace() / "policy.toml";
  std::ofstream(policy) << "unwanted = [\"p2p\"]\n";
  EXPECT_EQ(run({.arguments = {"inspect", toy_capture("whole.pcap"), "--policy", policy}}).status, 1);
  std::ofstream(policy) << "unwanted = []\n\nunwantd = [\"p2p\"]\n";
  const auto refused = run({.arguments = {"inspect", toy_capture("whole.pcap"), "--policy", policy}});
  EXPECT_EQ(refused.status, 2);
  EXPECT_TRUE(contains(refused.err, "policy.toml:3:1: unknown key 'unwantd'; did you mean 'unwanted'?"))
      << refused.err;
}

TEST(Inspect, AnswersWhoTalksToAPort) {
  const auto outcome = run({.arguments = {"inspect", toy_capture("whole.pcap"), "--port", "111"}});
  EXPECT_TRUE(contains(outcome.out, "Destinations  only port 111")) << outcome.out;
  const auto report = nlohmann::json::parse(
      run({.arguments = {"inspect", "--json", toy_capture("whole.pcap"), "--port", "111"}}).out);
  EXPECT_EQ(report["only_port"], 111);
  ASSERT_EQ(report["destinations"].size(), 1u);
  EXPECT_EQ(report["destinations"][0]["address"], "10.0.0.2");
}

TEST(Inspect, WritesTablesInsteadOfTheReport) {
  const auto folder = testing::workspace() / "tables";
  const auto outcome = run({.arguments = {"inspect", toy_capture("whole.pcap"), "--csv", folder}});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(contains(outcome.err, "wrote 13 tables into")) << outcome.err;
  EXPECT_TRUE(contains(contents(folder / "flows.csv"), "tcp,10.0.0.5,40000,10.0.0.2,111,toy,p2p,payload,"))
      << contents(folder / "flows.csv");
}

TEST(Inspect, SaysWhenStandardOutputIsFull) {
  for (const char* format : {"--json", "--inner"}) {
    const auto outcome =
        run({.arguments = {"inspect", toy_capture("whole.pcap"), format}, .out_path = "/dev/full"});
    EXPECT_EQ(outcome.status, 2);
    EXPECT_TRUE(contains(outcome.err, "cannot write to standard output: No space left on device"))
        << outcome.err;
  }
}

TEST(Inspect, EndsQuietlyWhenItsReaderLeaves) {
  const auto outcome = run({.arguments = {"inspect", toy_capture("whole.pcap")}, .reader_leaves = true});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
}

TEST(Inspect, ColoursOnlyATerminalAndNeverWithNoColor) {
  const std::vector<std::string> arguments{"inspect", toy_capture("whole.pcap")};
  EXPECT_TRUE(contains(run({.arguments = arguments, .terminal = true}).out, "\x1b[1;36m"));
  EXPECT_FALSE(contains(
      run({.arguments = arguments, .environment = {{"NO_COLOR", "1"}}, .terminal = true}).out, "\x1b["));
  EXPECT_FALSE(contains(
      run({.arguments = arguments, .environment = {{"TERM", "dumb"}}, .terminal = true}).out, "\x1b["));
  EXPECT_FALSE(contains(run({.arguments = arguments}).out, "\x1b["));
}

size_t rule_length(const std::string& page) {
  const size_t start = page.find("2  Which");
  return page.find('\n', start) - start;
}

TEST(Inspect, IsAsWideAsItIsTold) {
  const std::vector<std::string> arguments{"inspect", toy_capture("whole.pcap")};
  const auto width = [&](std::map<std::string, std::string> environment, std::vector<std::string> more = {}) {
    environment["LC_ALL"] = "C";  // ASCII: bytes are columns
    more.insert(more.begin(), arguments.begin(), arguments.end());
    return rule_length(run({.arguments = more, .environment = environment}).out);
  };
  EXPECT_EQ(width({}), 80u);
  EXPECT_EQ(width({{"COLUMNS", "132"}}), 132u);
  EXPECT_EQ(width({{"COLUMNS", "132"}}, {"--width", "100"}), 100u);
  EXPECT_EQ(width({{"COLUMNS", "nonsense"}}), 80u);
}

TEST(Inspect, DrawsBarsInTheCharactersOfTheLocale) {
  const std::vector<std::string> arguments{"inspect", toy_capture("whole.pcap")};
  EXPECT_TRUE(contains(run({.arguments = arguments}).out, "█"));
  const auto ascii = run({.arguments = arguments, .environment = {{"LC_ALL", "C"}}});
  EXPECT_TRUE(contains(ascii.out, "####")) << ascii.out;
  EXPECT_FALSE(contains(ascii.out, "█"));
}

}  // namespace
}  // namespace wirewatch
