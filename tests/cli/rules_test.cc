// SPDX-License-Identifier: BSD-3-Clause
// `wirewatch rules`, and where rules are looked for.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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
