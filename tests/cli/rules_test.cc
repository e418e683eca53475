// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch rules`, and where rules are looked for.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/cli/program.h"

namespace wirewatch {
namespace {

using testing::run;

std::filesystem::path rule_file(const std::string& name, const std::string& protocol,
                                const std::string& regex) {
  const auto folder = testing::workspace() / name;
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "own.toml") << "schema = 1\n[[protocol]]\nname = \"" << protocol
                                     << "\"\ncategory = \"games\"\n[[protocol.sig]]\nid = \"" << protocol
                                     << ".hello\"\nl4 = \"tcp\"\ndir = \"client\"\nregex = '" << regex
                                     << "'\nstrength = \"strong\"\n";
  return folder / "own.toml";
}

TEST(Rules, CheckSaysHowLargeTheyAre) {
  const auto outcome = run({.arguments = {"rules", "check"}});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_TRUE(outcome.out.starts_with("1 protocol with 1 signature; databases of ")) << outcome.out;
}

TEST(Rules, CheckReadsFilesAndFoldersOnTopOfTheShippedOnes) {
  const auto file = rule_file("good", "chess", "^CHESS");
  for (const auto& path : {file, file.parent_path()}) {
    const auto outcome = run({.arguments = {"rules", "check", path}});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_TRUE(outcome.out.starts_with("2 protocols with 2 signatures")) << outcome.out;
  }
}

TEST(Rules, CheckNamesTheFileAndLineOfAFault) {
  const auto file = rule_file("bad", "chess", "CHESS");  // without ^
  const auto outcome = run({.arguments = {"rules", "check", file}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.err.find("own.toml:9:"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

TEST(Rules, CheckSaysWhatEachRuleOfAFileCosts) {
  const auto outcome = run({.arguments = {"rules", "check", rule_file("costs", "chess", "^CHESS")}});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("chess.hello  everywhere"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("toy.hello"), std::string::npos) << outcome.out;
}

TEST(Rules, CheckReadsTheListOfHostsOfAFolder) {
  const auto folder = rule_file("hosts", "chess", "^CHESS").parent_path();
  std::ofstream(folder / "hosts.tsv") << "chess\tgame\t*.chess.example\n";
  const auto outcome = run({.arguments = {"rules", "check", folder}});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(outcome.err.find("hosts.tsv:1:12: leave out the '*.'"), std::string::npos) << outcome.err;
}

TEST(Rules, ExplainSaysWhichSignatureNamedAFlow) {
  const auto capture = testing::toy_capture("explain.pcap");
  for (const std::string flow : {"1", "10.0.0.5:40000-10.0.0.2:111", "tcp:10.0.0.2:111-10.0.0.5:40000"}) {
    const auto outcome = run({.arguments = {"rules", "explain", capture, "--flow", flow}});
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("matches; strong"), std::string::npos) << outcome.out;
    EXPECT_NE(outcome.out.find("Verdict       toy, evidence payload"), std::string::npos) << outcome.out;
  }
}

TEST(Rules, ExplainSaysWhichFlowsThereAre) {
  const auto capture = testing::toy_capture("explain-none.pcap");
  const std::vector<std::pair<std::string, std::string>> cases{
      {"0", "the capture has flows 1 to 1"},
      {"2", "the capture has flows 1 to 1"},
      {"all", "expected a number of the report's list of flows, or CLIENT:PORT-SERVER:PORT"},
      {"192.0.2.1:1-192.0.2.2:2", "the capture has no flow between these ends"}};
  for (const auto& [flow, expected] : cases) {
    const auto outcome = run({.arguments = {"rules", "explain", capture, "--flow", flow}});
    EXPECT_EQ(outcome.status, 2) << flow;
    EXPECT_NE(outcome.err.find(expected), std::string::npos) << outcome.err;
  }
}

TEST(Rules, ListNamesApplications) {
  const auto outcome = run({.arguments = {"rules", "list"}});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("toy          p2p"), std::string::npos) << outcome.out;
}

TEST(Rules, OfASecondFolderAddToTheFirstAndWin) {
  const auto own = rule_file("second", "toy", "^TOY").parent_path();
  const auto outcome = run({.arguments = {"rules", "list", "--rules", testing::toy_rules(), "--rules", own}});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("toy          games"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("p2p"), std::string::npos) << outcome.out;
}

TEST(Rules, NamedByTheEnvironmentMustExist) {
  const auto outcome = run({.arguments = {"rules", "list"}, .environment = {{"WIREWATCH_RULES", "no-such"}}});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_NE(outcome.err.find("the rules folder 'no-such' ($WIREWATCH_RULES) does not exist"),
            std::string::npos)
      << outcome.err;
}

TEST(Rules, AreFoundInTheSourceTreeByAProgramThatWasNotInstalled) {
  const auto outcome = run({.arguments = {"rules", "list"}, .environment = {{"WIREWATCH_RULES", ""}}});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("tls "), std::string::npos) << outcome.out;
}

}  // namespace
}  // namespace wirewatch
