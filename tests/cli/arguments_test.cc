// SPDX-License-Identifier: BSD-3-Clause
// What is wrong with arguments, said so that the next try succeeds.
#include <gtest/gtest.h>

#include "tests/cli/program.h"

namespace wirewatch {
namespace {

using testing::run;

TEST(Arguments, ThatAreWrongAreExplained) {
  const std::string capture = testing::toy_capture("arguments.pcap");
  const struct {
    std::vector<std::string> arguments;
    const char* expected;  // on standard error
  } cases[] = {
      {{}, "wirewatch: a command is missing (inspect, packets, "},
      {{"inspct", capture}, "wirewatch: unknown command 'inspct'; did you mean 'inspect'?"},
      {{"--jsn"}, "wirewatch: unknown option '--jsn'"},
      {{"inspect"}, "wirewatch inspect: FILE is required"},
      {{"inspect", capture, "--jsn"}, "unknown option '--jsn'; did you mean '--json'?"},
      {{"inspect", capture, "--jbos=2"}, "unknown option '--jbos=2'; did you mean '--jobs'?"},
      {{"inspect", capture, "--top"}, "--top needs a value"},
      {{"inspect", capture, "--top", "0"}, "--top: expected a whole number from 1 to 1000000, not '0'"},
      {{"inspect", capture, "--top", "-3"}, "--top: expected a whole number"},
      {{"inspect", capture, "--port", "65536"},
       "--port: expected a whole number from 1 to 65535, not '65536'"},
      {{"inspect", capture, "--port", "http"}, "not 'http'"},
      {{"inspect", capture, "--jobs", "2.5"}, "not '2.5'"},
      {{"inspect", capture, "--width", "20"}, "from 40 to 10000"},
      {{"inspect", capture, "--max-flows", "99999999999999999999"}, "--max-flows: expected a whole number"},
      {{"inspect", capture, "--sort", "size"}, "--sort: expected packets, bytes or connections, not 'size'"},
      {{"inspect", capture, "--local", "10.0.0.0/33"},
       "--local: '33' in '10.0.0.0/33' is not a prefix length"},
      {{"inspect", capture, "--local", "lan"}, "--local: 'lan' is not an IPv4 or IPv6 address"},
      {{"inspect", capture, "--unwanted", "bitorrent"}, "'bitorrent'"},
      {{"inspect", capture, "--policy", "no-such.toml"},
       "cannot read the policy file 'no-such.toml': No such file"},
      {{"inspect", capture, "--rules", "no-such"}, "the rules folder 'no-such' (--rules) does not exist"},
      {{"inspect", capture, "--rules", capture}, "is not a folder"},
      {{"inspect", capture, "--rules", "a", "--rules", "b", "--rules", "c"}, "at most two folders"},
      {{"inspect", "no-such.pcap"}, "no-such.pcap"},
      {{"inspect", "/"}, "directory"},
      {{"rules"}, "wirewatch rules: a command is missing (check, list, explain, reload)"},
      {{"rules", "chek"}, "wirewatch rules: unknown command 'chek'; did you mean 'check'?"},
      {{"rules", "list", "--rules", "no-such"}, "the rules folder 'no-such' (--rules) does not exist"},
      {{"rules", "check", "no-such.toml"}, "cannot read the rule file 'no-such.toml': No such file"}};
  for (const auto& [arguments, expected] : cases) {
    const auto outcome = run({.arguments = arguments});
    EXPECT_EQ(outcome.status, 2) << expected;
    EXPECT_NE(outcome.err.find(expected), std::string::npos) << outcome.err;
    EXPECT_TRUE(outcome.err.starts_with("wirewatch")) << outcome.err;
    EXPECT_EQ(outcome.out, "") << expected;
  }
}

TEST(Help, IsPrintedForEveryCommand) {
  const struct {
    std::vector<std::string> arguments;
    const char* usage;
    const char* mentions;
  } cases[] = {
      {{"--help"}, "Usage: wirewatch COMMAND", "inspect "},
      {{"inspect", "--help"}, "Usage: wirewatch inspect [OPTIONS] FILE...", "--max-flows N"},
      {{"inspect", "-h"}, "Usage: wirewatch inspect [OPTIONS] FILE...", "Examples:"},
      {{"rules", "--help"}, "Usage: wirewatch rules COMMAND", "check "},
      {{"rules", "check", "--help"}, "Usage: wirewatch rules check [OPTIONS] [PATH...]", "own-rules/"},
      {{"rules", "list", "--help"}, "Usage: wirewatch rules list [OPTIONS]", "--rules DIR"}};
  for (const auto& [arguments, usage, mentions] : cases) {
    const auto outcome = run({.arguments = arguments});
    EXPECT_EQ(outcome.status, 0) << usage;
    EXPECT_TRUE(outcome.out.starts_with(usage)) << outcome.out;
    EXPECT_NE(outcome.out.find(mentions), std::string::npos) << outcome.out;
    EXPECT_EQ(outcome.err, "");
  }
}

TEST(Version, IsOneLine) {
  const auto outcome = run({.arguments = {"--version"}});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.out.starts_with("wirewatch ")) << outcome.out;
  EXPECT_EQ(outcome.out.find('\n'), outcome.out.size() - 1);
}

}  // namespace
}  // namespace wirewatch
