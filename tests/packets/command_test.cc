// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch packets`, `wirewatch filter` and `wirewatch inspect -Y` from the outside: what they print where, what they
// write, and what they tell the shell.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "tests/capture/reading.h"
#include "tests/cli/program.h"

namespace wirewatch::testing {
namespace {

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// With the toy rules, whose one application is "toy": the capture has five frames, two of them with payload.
Outcome packets(std::vector<std::string> arguments, std::string input = {}) {
  arguments.insert(arguments.begin(), "packets");
  return run({.arguments = std::move(arguments), .environment = {{"WIREWATCH_RULES", toy_rules()}}, .input = std::move(input)});
}

TEST(Packets, ListsEveryPacketUnderWhatItsFlowTurnsOutToBe) {
  const Outcome outcome = packets({toy_capture("whole.pcap")});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_TRUE(contains(outcome.out, "    1   0.000000 ")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "[SYN] Seq=0 Win=8192 Len=0")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, " TOY ")) << outcome.out;
}

TEST(Packets, ReadsAPipeTwiceAsWell) {
  const auto path = toy_capture("whole.pcap");
  EXPECT_EQ(packets({"-"}, contents(path)).out, packets({path}).out);
}

TEST(Packets, PrintsAtOnceWithoutNamesWhenTold) {
  const Outcome outcome = packets({"-", "--one-pass"}, contents(toy_capture("whole.pcap")));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_FALSE(contains(outcome.out, " TOY ")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, " TCP ")) << outcome.out;
}

struct CountCase {
  const char* description;
  std::vector<std::string> arguments;
  const char* count;
};

TEST(Packets, CountsWhatMatches) {
  const auto path = toy_capture("whole.pcap");
  for (const CountCase& each : std::vector<CountCase>{
           {"everything", {}, "5\n"},
           {"a display filter", {"-Y", "tcp.flags.syn == 1"}, "2\n"},
           {"a BPF expression", {"--bpf", "tcp[tcpflags] & tcp-syn != 0"}, "2\n"},
           {"both", {"-Y", "tcp.flags.syn == 1", "--bpf", "tcp[tcpflags] & tcp-ack == 0"}, "1\n"},
           {"the flow's application, before it was recognised", {"-Y", "flow.application == \"toy\""}, "5\n"},
           {"the application's own packets", {"-Y", "toy"}, "2\n"},
           {"nothing", {"-Y", "udp"}, "0\n"},
           {"at most so many", {"-c", "3"}, "3\n"},
       }) {
    std::vector<std::string> arguments{path, "--count"};
    arguments.insert(arguments.end(), each.arguments.begin(), each.arguments.end());
    const Outcome outcome = packets(arguments);
    EXPECT_EQ(outcome.status, 0) << each.description << ": " << outcome.err;
    EXPECT_EQ(outcome.out, each.count) << each.description;
  }
}

TEST(Packets, PrintsOneJsonDocument) {
  const Outcome outcome = packets({toy_capture("whole.pcap"), "--json"});
  const auto document = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(document["schema"], "wirewatch/packets/1");
  ASSERT_EQ(document["packets"].size(), 5u);
  EXPECT_EQ(document["packets"][0]["number"], 1);
  EXPECT_EQ(document["packets"][0]["application"], "toy");
  EXPECT_EQ(document["packets"][3]["protocol"], "TOY");
  EXPECT_EQ(document["read"], 5);
  EXPECT_EQ(document["matched"], 5);
}

TEST(Packets, WritesWhatMatchesWithItsTimesAndBytes) {
  const auto path = toy_capture("whole.pcap");
  const Reading original = read_path(path);
  for (const char* name : {"out.pcapng", "out.pcap"}) {
    const auto out = workspace() / name;
    const Outcome outcome = packets({path, "-Y", "tcp.len > 0", "-w", out});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "wirewatch packets: wrote 2 of 5 packets to " + out.string() + "\n");
    const Reading written = read_path(out);
    ASSERT_EQ(written.frames.size(), 2u) << name;
    EXPECT_EQ(written.frames[0].data, original.frames[3].data);
    EXPECT_EQ(written.frames[1].time_ns, original.frames[4].time_ns);
    struct stat status {};
    ASSERT_EQ(stat(out.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
  }
}

TEST(Packets, SitsInAPipe) {
  const auto path = toy_capture("whole.pcap");
  const Outcome first = packets({"-", "-Y", "tcp.flags.syn == 1", "-w", "-"}, contents(path));
  EXPECT_EQ(first.status, 0);
  EXPECT_EQ(first.err, "");
  EXPECT_EQ(packets({"-", "--count"}, first.out).out, "2\n");
}

TEST(Packets, DoesNotMindAReaderThatLeaves) {
  for (const std::vector<std::string>& how : {std::vector<std::string>{}, {"-w", "-"}, {"--json"}, {"--count"}}) {
    std::vector<std::string> arguments{"packets", toy_capture("whole.pcap")};
    arguments.insert(arguments.end(), how.begin(), how.end());
    const Outcome outcome = run({.arguments = arguments, .environment = {{"WIREWATCH_RULES", toy_rules()}}, .reader_leaves = true});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
  }
}

TEST(Packets, SaysWhenTheDiskIsFull) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const Outcome saved = packets({toy_capture("whole.pcap"), "-w", "/dev/full"});
  EXPECT_EQ(saved.status, 2);
  EXPECT_TRUE(contains(saved.err, "No space left on device")) << saved.err;
  const Outcome printed = run({.arguments = {"packets", toy_capture("whole.pcap")},
                               .environment = {{"WIREWATCH_RULES", toy_rules()}},
                               .out_path = "/dev/full"});
  EXPECT_EQ(printed.status, 2);
}

TEST(Packets, ReadsADamagedFileAsFarAsItGoes) {
  const Outcome outcome = packets({toy_capture("cut.pcap", 3), "--count"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "4\n");
  EXPECT_TRUE(contains(outcome.err, "cut.pcap: ")) << outcome.err;
}

struct ErrorCase {
  const char* description;
  std::vector<std::string> arguments;  // after the capture
  const char* message;
};

TEST(Packets, RefusesInASentence) {
  const std::string path = toy_capture("whole.pcap");
  for (const ErrorCase& each : std::vector<ErrorCase>{
           {"an unknown field", {"-Y", "tcp.prot == 1"}, "did you mean 'tcp.port'?"},
           {"a BPF expression", {"--bpf", "tcp prt 1"}, "BPF expression 'tcp prt 1': can't parse filter expression: syntax error"},
           {"fields without any", {"-T", "fields"}, "-T fields needs fields to print, each with -e FIELD"},
           {"a field without a format", {"-e", "ip.src"}, "-e needs -T fields or -T json"},
           {"an unknown field to print", {"-T", "fields", "-e", "ip.scr"}, "ip.src"},
           {"an unknown format", {"-T", "yaml"}, "yaml"},
           {"bytes below fields", {"-T", "fields", "-e", "ip.src", "-x"}, "-x adds bytes to the list only"},
           {"two outputs", {"-w", "x.pcap", "--json"}, "-w writes a capture instead of printing"},
           {"its own input", {"-w", path}, "is also what is read; write to another file"},
           {"no such folder", {"-w", "/nonexistent/x.pcap"}, "/nonexistent/x.pcap: cannot be written: No such file or directory"},
           {"no packets at all", {"-c", "0"}, "expected a whole number from 1"},
       }) {
    std::vector<std::string> arguments{path};
    arguments.insert(arguments.end(), each.arguments.begin(), each.arguments.end());
    const Outcome outcome = packets(arguments);
    EXPECT_EQ(outcome.status, 2) << each.description;
    EXPECT_EQ(outcome.out, "") << each.description;
    EXPECT_TRUE(contains(outcome.err, each.message)) << each.description << ": " << outcome.err;
  }
  EXPECT_EQ(packets({"/nonexistent.pcap"}).status, 2);
  EXPECT_EQ(read_path(path).frames.size(), 5u) << "the input is untouched";
}

TEST(FilterCommand, ListsFieldsWithTheirTypes) {
  const Outcome outcome = run({.arguments = {"filter", "fields", "tcp"}});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(contains(outcome.out, "tcp.port ")) << outcome.out;
  EXPECT_FALSE(contains(outcome.out, "udp.port ")) << outcome.out;
  const auto document = nlohmann::json::parse(run({.arguments = {"filter", "fields", "--json"}}).out);
  EXPECT_EQ(document["schema"], "wirewatch/filter-fields/1");
  EXPECT_GE(document["fields"].size(), 150u);
  EXPECT_EQ(run({.arguments = {"filter", "fields", "nosuch"}}).status, 1);
}

TEST(FilterCommand, SaysWhereAFilterIsWrong) {
  EXPECT_EQ(run({.arguments = {"filter", "check", "tcp.port == 111"}}).status, 0);
  const Outcome wrong = run({.arguments = {"filter", "check", "tcp.port == "}, .environment = {{"WIREWATCH_RULES", toy_rules()}}});
  EXPECT_EQ(wrong.status, 1);
  EXPECT_TRUE(contains(wrong.err, "column")) << wrong.err;
  EXPECT_EQ(run({.arguments = {"filter", "check", "--bpf", "tcp port 111"}}).status, 0);
  EXPECT_EQ(run({.arguments = {"filter", "check", "--bpf", "tcp prt"}}).status, 1);
}

TEST(InspectFiltered, ReportsOnWhatMatchesOnly) {
  const std::string path = toy_capture("whole.pcap");
  const auto report = [&](std::vector<std::string> arguments, std::string input = {}) {
    arguments.insert(arguments.begin(), {"inspect", "--json"});
    const Outcome outcome =
        run({.arguments = std::move(arguments), .environment = {{"WIREWATCH_RULES", toy_rules()}}, .input = std::move(input)});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  };
  const auto filtered = report({path, "-Y", "tcp.flags.syn == 1"});
  EXPECT_EQ(filtered["capture"]["packets"], 2);
  EXPECT_EQ(filtered["capture"]["path"], path);
  EXPECT_EQ(filtered["accounting"]["read"], filtered["accounting"]["processed"]);
  EXPECT_EQ(report({path, "--bpf", "tcp[tcpflags] & tcp-syn == 0"})["capture"]["packets"], 3);
  EXPECT_EQ(report({"-", "-Y", "toy"}, contents(path))["capture"]["packets"], 2);
  EXPECT_EQ(report({path, "--jobs", "2", "-Y", "tcp"})["capture"]["packets"], 5);
}

}  // namespace
}  // namespace wirewatch::testing
