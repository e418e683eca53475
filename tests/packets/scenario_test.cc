// SPDX-License-Identifier: BSD-3-Clause
// The list of the bundled capture's packets: against a golden page, and line by line against tshark where it is installed.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/cli/program.h"
#include "tests/support/other_programs.h"

namespace wirewatch::testing {
namespace {

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string bundled(const char* name) { return environment("WIREWATCH_CAPTURES") + "/" + name; }

std::string list_of(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "packets");
  const Outcome outcome = run({.arguments = std::move(arguments), .environment = {{"WIREWATCH_RULES", environment("WIREWATCH_RULES")}}});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  return outcome.out;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// WIREWATCH_UPDATE_GOLDEN=1 writes it anew.
void expect_golden(const std::string& text, const std::string& name) {
  const std::string path = environment("WIREWATCH_GOLDEN") + "/" + name;
  if (!environment("WIREWATCH_UPDATE_GOLDEN").empty()) std::ofstream(path) << text;
  std::ostringstream wanted;
  wanted << std::ifstream(path).rdbuf();
  EXPECT_EQ(text, wanted.str()) << "WIREWATCH_UPDATE_GOLDEN=1 makes " << name << " anew";
}

TEST(Scenario, BeginsAsItAlwaysDid) { expect_golden(list_of({bundled("scenario.cap"), "-c", "120"}), "packets.txt"); }

TEST(Scenario, PrintsTheBytesBelowTheLines) {
  expect_golden(list_of({bundled("scenario.cap"), "-Y", "arp", "-c", "2", "-x"}), "packets-bytes.txt");
}

TEST(Scenario, PrintsJsonForPrograms) {
  expect_golden(list_of({bundled("scenario.cap"), "-Y", "tcp.port == 111", "-c", "6", "--json"}), "packets.json.txt");
}

TEST(Scenario, LooksTheSameInEveryFormat) {
  const auto without_times = [](const std::string& text) {
    std::string kept;
    for (const std::string& line : lines_of(text)) kept += line.substr(0, 5) + line.substr(line.find(' ', 8)) + "\n";
    return kept;
  };
  const std::string from_pcap = list_of({bundled("scenario.cap")});
  EXPECT_EQ(list_of({bundled("scenario.netmon.cap")}), from_pcap);
  EXPECT_EQ(without_times(list_of({bundled("scenario.pcapng")})), without_times(from_pcap));
}

/// A line taken apart: number, time, source, destination, protocol, length, info.
using Columns = std::array<std::string, 7>;
enum : size_t { kProtocol = 4, kInfo = 6 };

/// What the fields of tshark's columns say; taking its lines apart would have to guess where a column ends.
std::vector<Columns> columns_of(const std::string& text) {
  std::vector<Columns> rows;
  for (const std::string& line : lines_of(text)) {
    Columns row;
    std::istringstream cells(line);
    for (std::string& cell : row) std::getline(cells, cell, '\t');
    if (row[0].find_first_not_of("0123456789") != std::string::npos || row[0].empty()) continue;  // a line that tshark broke
    rows.push_back(std::move(row));
  }
  return rows;
}

TEST(Scenario, HasTsharksColumns) {
  if (output_of("tshark --version 2>/dev/null").find("TShark") == std::string::npos) GTEST_SKIP() << "tshark is not installed";
  const std::array names{"No.", "Time", "Source", "Destination", "Protocol", "Length", "Info"};
  std::vector<std::string> arguments{bundled("scenario.cap"), "-T", "fields"};
  std::string command = "tshark -r '" + bundled("scenario.cap") + "' -T fields";
  for (const char* name : names) {
    arguments.insert(arguments.end(), {"-e", std::string("_ws.col.") + name});
    command += std::string(" -e _ws.col.") + name;
  }
  const auto ours = columns_of(list_of(arguments)), theirs = columns_of(output_of(command + " 2>/dev/null"));
  ASSERT_EQ(ours.size(), theirs.size());
  size_t same_words = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    for (size_t column = 0; column < names.size(); ++column) {
      if (column == kProtocol || column == kInfo) continue;
      EXPECT_EQ(ours[i][column], theirs[i][column]) << names[column] << " of frame " << i + 1;
    }
    same_words += ours[i][kProtocol] == theirs[i][kProtocol] && ours[i][kInfo] == theirs[i][kInfo];
  }
  // Of 4,838. Left are details of SMB and RDP, and what we say more: server names, encrypted SSH packets.
  EXPECT_GE(same_words, 4'000u) << "lines equal in protocol and info";
}

struct FieldCase {
  const char* description;
  std::vector<const char*> arguments;
};

TEST(Scenario, PrintsFieldsAsTsharkDoes) {
  if (output_of("tshark --version 2>/dev/null").find("TShark") == std::string::npos) GTEST_SKIP() << "tshark is not installed";
  const std::vector<FieldCase> cases{
      {"fields with several values", {"-T", "fields", "-e", "frame.number", "-e", "ip.addr", "-e", "tcp.port"}},
      {"a header, commas and quotes", {"-T", "fields", "-e", "frame.number", "-e", "ip.src", "-e", "udp.port", "-E", "header=y", "-E",
                                       "separator=,", "-E", "quote=d", "-E", "aggregator=/s"}},
      {"the first value", {"-T", "fields", "-e", "ip.addr", "-E", "occurrence=f"}},
      {"the last value", {"-T", "fields", "-e", "ip.addr", "-E", "occurrence=l"}},
      {"JSON", {"-T", "json", "-e", "frame.number", "-e", "tcp.port"}},
  };
  for (const FieldCase& each : cases) {
    std::vector<std::string> arguments{bundled("scenario.cap"), "-Y", "tcp.port == 111 or arp"};
    std::string command = "tshark -r '" + bundled("scenario.cap") + "' -Y 'tcp.port == 111 or arp'";
    for (const char* argument : each.arguments) {
      arguments.emplace_back(argument);
      command += " '" + std::string(argument) + "'";
    }
    EXPECT_EQ(list_of(arguments), output_of(command + " 2>/dev/null")) << each.description;
  }
}

}  // namespace
}  // namespace wirewatch::testing
