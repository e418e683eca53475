// SPDX-License-Identifier: BSD-3-Clause
// What an author is told about a rule that is wrong: file, line, column, what was expected.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "control/rules/rule_compiler.h"

namespace wirewatch {
namespace {

std::string errors_of(std::vector<RuleFile> files) {
  const auto compiled = compile_rules(RuleSources{std::move(files)});
  return compiled ? "" : compiled.error().message;
}
std::string error_of(std::string_view text) { return errors_of({{"r.toml", std::string(text), false}}); }

/// A whole rule of which one line is replaced: the lines are counted below.
std::string rule_with(std::string_view line, std::string_view replacement) {
  std::string text =
      "schema = 1\n"              // 1
      "[[protocol]]\n"            // 2
      "name = \"demo\"\n"         // 3
      "category = \"test\"\n"     // 4
      "[[protocol.sig]]\n"        // 5
      "id = \"demo.hello\"\n"     // 6
      "l4 = \"tcp\"\n"            // 7
      "regex = '^HELLO'\n"        // 8
      "strength = \"strong\"\n";  // 9
  const size_t at = text.find(std::string(line) + "\n");
  EXPECT_NE(at, std::string::npos) << line;
  return text.replace(at, line.size(), replacement);
}

struct Case {
  std::string_view description;
  std::string_view line;
  std::string_view replacement;
  std::string_view message;
};

TEST(RuleCompiler, TakesTheRuleThatTheCasesBelowSpoil) {
  EXPECT_EQ(error_of(rule_with("l4 = \"tcp\"", "l4 = \"tcp\"")), "");
}

TEST(RuleCompiler, SaysWhatIsWrongWithARuleAndWhere) {
  const std::vector<Case> cases{
      {"not TOML", "schema = 1", "schema = = 1", "r.toml:1:10: "},
      {"no schema", "schema = 1", "", "r.toml:1:1: a rule file begins with schema = 1"},
      {"a later schema", "schema = 1", "schema = 2",
       "r.toml:1:10: a rule file begins with schema = 1; this program does not know schema 2"},
      {"key on top", "schema = 1", "schema = 1\nshema = 2",
       "r.toml:2:1: unknown key 'shema' in a rule file; did you mean 'schema'?"},
      {"protocol key", "category = \"test\"", "category = \"test\"\ntcp_port = [1]",
       "r.toml:5:1: unknown key 'tcp_port' in [[protocol]]; did you mean 'tcp_ports'?"},
      {"a way to read peers that there is not", "category = \"test\"", "category = \"test\"\npeers = \"sftp\"",
       "r.toml:5:9: 'peers' must be one of \"bittorrent\", \"endpoint-mapper\", \"ftp\", found \"sftp\"; did you mean 'ftp'?"},
      {"peers that speak nothing known", "category = \"test\"", "category = \"test\"\npeers = \"ftp\"\npeers_speak = \"demoo\"",
       "r.toml:6:15: unknown protocol 'demoo' in 'peers_speak'; did you mean 'demo'?"},
      {"what peers speak, without peers", "category = \"test\"", "category = \"test\"\npeers_speak = \"demo\"",
       "r.toml:5:15: 'peers_speak' says what the ends are that 'peers' names, and there is no 'peers' here"},
      {"signature key", "strength = \"strong\"", "strenght = \"strong\"",
       "r.toml:5:1: [[protocol.sig]] needs a key 'strength'\n"
       "r.toml:9:1: unknown key 'strenght' in [[protocol.sig]]; did you mean 'strength'?"},
      {"a key like no other", "strength = \"strong\"", "strength = \"strong\"\nzzzzzzzz = 1",
       "r.toml:10:1: unknown key 'zzzzzzzz' in [[protocol.sig]]"},
      {"no name", "name = \"demo\"", "", "r.toml:2:1: [[protocol]] needs a key 'name'"},
      {"no category", "category = \"test\"", "", "r.toml:2:1: [[protocol]] needs a key 'category'"},
      {"bad name", "name = \"demo\"", "name = \"De mo\"",
       "r.toml:3:8: 'name' must be 1 to 64 lower-case letters, digits or the signs - . _ +, found \"De mo\""},
      {"name of another type", "name = \"demo\"", "name = 7",
       "r.toml:3:8: 'name' must be a string, found integer"},
      {"ports of another type", "category = \"test\"", "category = \"test\"\nports = 80",
       "r.toml:5:9: 'ports' must be an array, found integer"},
      {"port of another type", "category = \"test\"", "category = \"test\"\nports = [80, \"81\"]",
       "r.toml:5:14: 'ports' must be an array of integers, found string"},
      {"port out of range", "category = \"test\"", "category = \"test\"\nports = [65536]",
       "r.toml:5:10: port 65536 is not in 1 to 65535"},
      {"sig is no array", "category = \"test\"", "category = \"test\"\nsig = 1\n[[protocol]]\nname = \"b\"",
       "r.toml:5:7: 'sig' must be an array, found integer"},
      {"no id", "id = \"demo.hello\"", "", "r.toml:5:1: [[protocol.sig]] needs a key 'id'"},
      {"unknown transport", "l4 = \"tcp\"", "l4 = \"tpc\"",
       "r.toml:7:6: 'l4' must be one of \"tcp\", \"udp\", \"sctp\", \"any\", found \"tpc\"; did you mean "
       "'tcp'?"},
      {"unknown direction", "l4 = \"tcp\"", "l4 = \"tcp\"\ndir = \"both\"",
       "r.toml:8:7: 'dir' must be one of \"any\", \"client\", \"server\", found \"both\""},
      {"no regex", "regex = '^HELLO'", "", "r.toml:5:1: [[protocol.sig]] needs a key 'regex'"},
      {"no anchor", "regex = '^HELLO'", "regex = 'HELLO'",
       "r.toml:8:10: a regex must begin with ^: it describes how a payload begins"},
      {"anchor made optional", "regex = '^HELLO'", "regex = '^?HELLO'",
       "r.toml:8:11: the ^ must not be repeated or made optional"},
      {"one alternative anchored", "regex = '^HELLO'", "regex = '^HELLO|BYE'",
       "r.toml:8:16: an alternative outside parentheses is not anchored by the ^; write ^(?:a|b)"},
      {"dollar", "regex = '^HELLO'", "regex = '^HELLO$'",
       "r.toml:8:16: $ also matches before a final newline; write \\z for the end of the payload"},
      {"dollar behind a class", "regex = '^HELLO'", "regex = '^[]$[:alpha:]]\\$$'",
       "r.toml:8:26: $ also matches before a final newline; write \\z for the end of the payload"},
      {"quoting", "regex = '^HELLO'", "regex = '^\\Q$\\E'",
       "r.toml:8:11: \\Q is refused; escape each character instead"},
      {"unbounded", "regex = '^HELLO'", "regex = '^HELLO.*X'",
       "r.toml:8:10: a regex must have a bounded width; write {1,n} instead of + or *"},
      {"too wide", "regex = '^HELLO'", "regex = '^.{3000}'",
       "r.toml:8:10: this regex can match 3000 bytes, at most 2048 are allowed"},
      {"empty match", "regex = '^HELLO'", "regex = '^(?:HELLO)?'",
       "r.toml:8:10: this regex matches an empty payload"},
      {"no regex at all", "regex = '^HELLO'", "regex = '^(HELLO'",
       "r.toml:8:10: Hyperscan refuses this regex: Missing close parenthesis for group started at index 1."},
      {"what Hyperscan lacks", "regex = '^HELLO'", "regex = '^(a)\\1'",
       "r.toml:8:10: Hyperscan refuses this regex: Back-references are unsupported."},
      {"NUL", "regex = '^HELLO'", "regex = \"^a\\u0000b\"",
       "r.toml:8:12: a regex cannot hold a NUL character; write \\x00 in a literal string"},
      {"test", "regex = '^HELLO'", "regex = '^HELLO'\ntest = [\"len == 5\", \"u8@0 = 5\"]",
       "r.toml:9:27: expected one of == != < <= > >= or 'in LOW..HIGH', found '= 5'"},
      {"test of another type", "regex = '^HELLO'", "regex = '^HELLO'\ntest = \"len == 5\"",
       "r.toml:9:8: 'test' must be an array, found string"},
      {"unknown strength", "strength = \"strong\"", "strength = \"stong\"",
       "r.toml:9:12: 'strength' must be one of \"strong\", \"weak\", found \"stong\"; did you mean "
       "'strong'?"},
      {"weak alone", "strength = \"strong\"", "strength = \"weak\"",
       "r.toml:5:1: a weak signature needs confirm = \"port\" or confirm = \"both-directions\""},
      {"strong confirmed", "strength = \"strong\"", "strength = \"strong\"\nconfirm = \"port\"",
       "r.toml:5:1: 'confirm' is for weak signatures, this one is strong"},
      {"unknown confirmation", "strength = \"strong\"", "strength = \"weak\"\nconfirm = \"ports\"",
       "r.toml:10:11: 'confirm' must be one of \"port\", \"both-directions\", found \"ports\"; did you mean "
       "'port'?"},
      {"confirmed by no port", "strength = \"strong\"", "strength = \"weak\"\nconfirm = \"port\"",
       "r.toml:5:1: confirm = \"port\" needs 'ports', here or in its [[protocol]]"},
      {"ports that confirm nothing", "strength = \"strong\"", "strength = \"strong\"\nports = [1]",
       "r.toml:5:1: 'ports' of a signature are for confirm = \"port\"; a guess belongs to [[protocol]]"},
      {"over nobody", "strength = \"strong\"", "strength = \"strong\"\nover = [\"dmo\"]",
       "r.toml:10:9: unknown protocol 'dmo' in 'over'; did you mean 'demo'?"},
      {"over itself", "strength = \"strong\"", "strength = \"strong\"\nover = [\"demo\"]",
       "r.toml:10:9: 'over' names the signature's own protocol"},
      {"refine to nobody", "strength = \"strong\"",
       "strength = \"strong\"\nrefine = {field = \"u8@5\", 1 = \"demoo\"}",
       "r.toml:10:31: unknown protocol 'demoo' in 'refine'; did you mean 'demo'?"},
      {"refine by no field", "strength = \"strong\"",
       "strength = \"strong\"\nrefine = {field = \"len\", 1 = \"demo\"}",
       "r.toml:10:20: expected a field of the payload such as be32@12"},
      {"refine without field", "strength = \"strong\"", "strength = \"strong\"\nrefine = {1 = \"demo\"}",
       "r.toml:10:10: refine needs a key 'field'"},
      {"refine by a word", "strength = \"strong\"",
       "strength = \"strong\"\nrefine = {field = \"u8@5\", one = \"demo\"}",
       "r.toml:10:27: unknown key 'one' in refine; expected field or a value of the field"},
      {"refine twice", "strength = \"strong\"",
       "strength = \"strong\"\nrefine = {field = \"u8@5\", 1 = \"demo\", 0x1 = \"demo\"}",
       "r.toml:10:10: refine names the value 1 twice"},
      {"hello that asks nothing", "category = \"test\"", "category = \"test\"\n[[protocol.hello]]\nnames = {demo = \"demo\"}",
       "r.toml:5:1: [[protocol.hello]] needs 'alpn', 'hosts' or 'ports'"},
      {"hello without names", "category = \"test\"", "category = \"test\"\n[[protocol.hello]]\nalpn = [\"dot\"]",
       "r.toml:5:1: [[protocol.hello]] needs a key 'names'"},
      {"hello whose names are a word", "category = \"test\"",
       "category = \"test\"\n[[protocol.hello]]\nalpn = [\"dot\"]\nnames = \"demo\"",
       "r.toml:7:9: 'names' must be a table such as {tls = \"tls.dot\"}"},
      {"hello inside nobody", "category = \"test\"",
       "category = \"test\"\n[[protocol.hello]]\nalpn = [\"dot\"]\nnames = {demoo = \"demo\"}",
       "r.toml:7:10: unknown protocol 'demoo' in 'names'; did you mean 'demo'?"},
      {"hello with a key of another", "category = \"test\"",
       "category = \"test\"\n[[protocol.hello]]\nalpns = [\"dot\"]\nports = [853]\nnames = {demo = \"demo\"}",
       "r.toml:6:1: unknown key 'alpns' in [[protocol.hello]]; did you mean 'alpn'?"},
      {"hello that offers what is too long to be kept", "category = \"test\"",
       "category = \"test\"\n[[protocol.hello]]\nalpn = [\"12345678901234567890123456789012\"]\nnames = {demo = \"demo\"}",
       "r.toml:6:9: a protocol in 'alpn' has 1 to 31 characters"},
      {"hello to a host in capitals", "category = \"test\"",
       "category = \"test\"\n[[protocol.hello]]\nhosts = [\"A.example\"]\nnames = {demo = \"demo\"}",
       "r.toml:6:10: a domain in 'hosts' is in lower case, without a dot at its ends, such as \"dns.example\""},
      {"unknown extractor", "strength = \"strong\"", "strength = \"strong\"\nextract = \"tls.snl\"",
       "r.toml:10:11: 'extract' must be one of \"tls.sni\", \"http.host\", \"quic.sni\", found \"tls.snl\"; "
       "did you mean 'tls.sni'?"},
      {"signature twice", "strength = \"strong\"",
       "strength = \"strong\"\n[[protocol.sig]]\nid = \"demo.hello\"\nl4 = \"udp\"\nregex = '^a'\nstrength = "
       "\"strong\"",
       "r.toml:10:1: signature 'demo.hello' is already declared at r.toml:5:1"},
      {"protocol twice", "strength = \"strong\"",
       "strength = \"strong\"\n[[protocol]]\nname = \"demo\"\ncategory = \"test\"",
       "r.toml:10:1: protocol 'demo' is already declared at r.toml:2:1"},
  };
  for (const Case& test : cases) {
    const std::string found = error_of(rule_with(test.line, test.replacement));
    const bool whole =
        !test.message.ends_with(": ");  // of toml++'s own messages only the place is ours to promise
    EXPECT_EQ(whole ? found : found.substr(0, test.message.size()), test.message) << test.description;
  }
}

TEST(RuleCompiler, NamesEveryFaultOfEveryFileInOrder) {
  EXPECT_EQ(errors_of({{"b.toml", "schema = 1\nx = 1\n", false},
                       {"a.toml", "schema = 1\n\ny = 1\nx = 1\n", false}}),
            "a.toml:3:1: unknown key 'y' in a rule file\n"
            "a.toml:4:1: unknown key 'x' in a rule file\n"
            "b.toml:2:1: unknown key 'x' in a rule file");
}

TEST(RuleCompiler, CutsAFloodOfFaultsShort) {
  std::string text = "schema = 1\n";
  for (int i = 0; i < 50; ++i) text += "key" + std::to_string(i) + " = 1\n";
  const std::string found = error_of(text);
  EXPECT_TRUE(found.ends_with("\nand 30 more faults")) << found;
}

TEST(RuleCompiler, TakesExpressionsThatOnlyLookWrong) {
  for (const std::string_view regex :
       {"^[$]", "^\\$", "^(?:a|b)", "^[|]", "^\\|", "^[]|$]", "^[^]$]", "(?i)^get", "^a\\z"}) {
    EXPECT_EQ(error_of(rule_with("regex = '^HELLO'", "regex = '" + std::string(regex) + "'")), "") << regex;
  }
}

}  // namespace
}  // namespace wirewatch
