// SPDX-License-Identifier: BSD-3-Clause
// How files become one set: order, precedence of the operator's rules, ports, sizes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "control/rules/rule_compiler.h"
#include "control/rules/rule_costs.h"
#include "control/rules/rule_parser.h"
#include "dataplane/classify/rule_set.h"

namespace wirewatch {
namespace {

std::string protocol(std::string_view name, std::string_view category, std::string_view keys = "") {
  return "schema = 1\n[[protocol]]\nname = \"" + std::string(name) + "\"\ncategory = \"" +
         std::string(category) + "\"\n" + std::string(keys);
}
std::string signature(std::string_view id, std::string_view regex, std::string_view l4 = "tcp") {
  return "[[protocol.sig]]\nid = \"" + std::string(id) + "\"\nl4 = \"" + std::string(l4) + "\"\nregex = '" +
         std::string(regex) + "'\nstrength = \"strong\"\n";
}

std::shared_ptr<const RuleSet> load(std::vector<RuleFile> files) {
  const auto compiled = compile_rules(RuleSources{std::move(files)});
  if (!compiled) {
    ADD_FAILURE() << compiled.error().message;
    return nullptr;
  }
  return RuleSet::load(compiled->blob).value_or(nullptr);
}

TEST(RuleLinker, LetsAnOperatorReplaceAProtocolWhole) {
  const auto rules =
      load({{"ship.toml", protocol("demo", "shipped") + signature("demo.a", "^A") + signature("demo.b", "^B"),
             false},
            {"own.toml", protocol("demo", "own") + signature("demo.a", "^C"), true}});
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->application_count(), 1u);
  EXPECT_EQ(rules->application_category(1), "own");
  EXPECT_EQ(rules->signature_count(), 2u);  // signature 0 and demo.a
}

TEST(RuleLinker, LetsAnOperatorAddProtocolsAndNameShippedOnes) {
  const auto rules =
      load({{"ship.toml", protocol("web", "c") + signature("web.a", "^A"), false},
            {"own.toml", protocol("mine", "c") + signature("mine.a", "^AB") + "over = [\"web\"]\n", true}});
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->application_count(), 2u);
  EXPECT_EQ(rules->refining_senders(rules->find_application("web")), kAnySender);
  EXPECT_EQ(rules->refining_senders(rules->find_application("mine")), 0);
}

TEST(RuleLinker, GivesTheSameRulesWhateverFilesTheyCameIn) {
  const std::string one = protocol("one", "c") + signature("one.a", "^A");
  const std::string two = protocol("two", "c") + signature("two.a", "^B", "any");
  const auto content_of = [](std::vector<RuleFile> files) {
    const auto rules = load(std::move(files));
    std::string all;
    for (ApplicationId id = 1; id <= rules->application_count(); ++id)
      all += std::string(rules->application_name(id)) + " ";
    for (uint16_t i = 0; i < rules->signature_count(); ++i) all += std::string(rules->signature_id(i)) + " ";
    return all;
  };
  EXPECT_EQ(content_of({{"1.toml", one, false}, {"2.toml", two, false}}),
            content_of({{"1.toml", two, false}, {"2.toml", one, false}}));
}

TEST(RuleLinker, AppliesPortsToTheTransportsOfTheSignatures) {
  const auto rules =
      load({{"r.toml",
             protocol("tcponly", "c", "ports = [10]\n") + signature("t.a", "^A") +
                 "[[protocol]]\nname = \"portsonly\"\ncategory = \"c\"\nports = [11]\n"
                 "[[protocol]]\nname = \"split\"\ncategory = \"c\"\ntcp_ports = [12]\nudp_ports = [13]\n",
             false}});
  ASSERT_TRUE(rules);
  const auto name = [&](uint8_t transport, uint16_t port) {
    return std::string(rules->application_name(rules->guess(transport, port)));
  };
  EXPECT_EQ(name(kTcpBit, 10), "tcponly");
  EXPECT_EQ(name(kUdpBit, 10), "unknown");
  EXPECT_EQ(name(kTcpBit, 11), "portsonly");
  EXPECT_EQ(name(kUdpBit, 11), "portsonly");
  EXPECT_EQ(name(kSctpBit, 11), "portsonly");
  EXPECT_EQ(name(kTcpBit, 12), "split");
  EXPECT_EQ(name(kUdpBit, 12), "unknown");
  EXPECT_EQ(name(kUdpBit, 13), "split");
}

TEST(RuleLinker, GivesASharedPortToTheOperatorThenToTheFirstDeclared) {
  const std::string ports = "tcp_ports = [10, 11]\n";
  const auto rules = load(
      {{"ship.toml",
        protocol("second", "c", ports) + "[[protocol]]\nname = \"first\"\ncategory = \"c\"\n" + ports, false},
       {"zown.toml", protocol("zmine", "c", "tcp_ports = [11]\n"), true}});
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->application_name(rules->guess(kTcpBit, 10)), "second");
  EXPECT_EQ(rules->application_name(rules->guess(kTcpBit, 11)), "zmine");
}

TEST(RuleCompiler, IsDeterministic) {
  const RuleSources sources{
      {{"r.toml", protocol("demo", "c") + signature("demo.a", "^A.{3}B", "any"), false}}};
  const auto first = compile_rules(sources);
  const auto second = compile_rules(sources);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->blob, second->blob);
  EXPECT_EQ(first->sha256, sources.sha256());
  EXPECT_EQ(first->protocols, 1u);
  EXPECT_EQ(first->signatures, 1u);
  EXPECT_GT(first->tcp_database_bytes, 0u);
}

TEST(RuleCompiler, MeasuresWhatASignatureAdds) {
  const RuleSources sources{{{"r.toml",
                              protocol("demo", "c") + signature("demo.small", "^A") +
                                  signature("demo.wide", "^(?:x.{40}y|z.{60}w)[abc]{30}"),
                              false}}};
  const auto costs = measure_costs(sources, [](const std::string&) { return true; }, true);
  ASSERT_TRUE(costs) << costs.error().message;
  ASSERT_EQ(costs->signatures.size(), 2u);
  const SignatureCost& small = costs->signatures[0];
  const SignatureCost& wide = costs->signatures[1];
  EXPECT_EQ(small.id, "demo.small");
  EXPECT_EQ(small.where, ScannedWhere::Shared);
  EXPECT_EQ(wide.where, ScannedWhere::SharedHeadOnly);
  EXPECT_GT(wide.alone_bytes, small.alone_bytes);
  EXPECT_TRUE(small.shared_bytes && wide.shared_bytes);
  EXPECT_GT(small.alone_ns, 0);
  EXPECT_GT(costs->shared.tcp_ns, 0);
  EXPECT_EQ(costs->shared.udp_ns, 0);  // no signature is for UDP
}

TEST(RuleCompiler, MeasuresOnlyWhatIsAskedFor) {
  const RuleSources sources{{{"r.toml", protocol("demo", "c") + signature("demo.a", "^A") + signature("demo.b", "^B"), false}}};
  const auto costs = measure_costs(sources, [](const std::string& id) { return id == "demo.b"; }, false);
  ASSERT_TRUE(costs) << costs.error().message;
  ASSERT_EQ(costs->signatures.size(), 1u);
  EXPECT_FALSE(costs->signatures[0].shared_bytes);
}

TEST(RuleCompiler, TakesAProtocolWithoutSignatures) {
  const auto rules = load({{"r.toml", protocol("demo", "c"), false}});
  ASSERT_TRUE(rules);
  EXPECT_FALSE(rules->has_databases(kTcpBit));
  EXPECT_EQ(rules->application_count(), 1u);
}

TEST(RuleLinker, ReplacesWhatAProtocolReadsInAClientHelloWithTheRestOfIt) {
  const std::string hello = "[[protocol.hello]]\nalpn = [\"a\"]\nnames = {demo = \"inner\"}\n";
  const std::string own_hello = "[[protocol.hello]]\nports = [853]\nnames = {demo = \"inner\"}\n";
  const auto rules = load({{"ship.toml", protocol("demo", "shipped") + "[[protocol]]\nname = \"inner\"\ncategory = \"shipped\"\n" + hello, false},
                           {"own.toml", protocol("inner", "own", own_hello), true}});
  ASSERT_TRUE(rules);
  const ApplicationId demo = rules->find_application("demo"), inner = rules->find_application("inner");
  EXPECT_EQ(rules->name_by_hello({.so_far = demo, .alpn = "a", .host = {}, .server_port = 853}).application, kUnknownApplication);
  EXPECT_EQ(rules->name_by_hello({.so_far = demo, .alpn = {}, .host = {}, .server_port = 853}).application, inner);
  EXPECT_EQ(rules->name_by_hello({.so_far = inner, .alpn = {}, .host = {}, .server_port = 853}).application, kUnknownApplication);
}

TEST(Catalogue, SaysWhereEveryProtocolIsDefined) {
  const char* const folder = std::getenv("WIREWATCH_RULES");
  if (folder == nullptr) GTEST_SKIP() << "WIREWATCH_RULES is not set; meson test sets it";
  const auto sources = RuleSources::read(folder);
  ASSERT_TRUE(sources) << sources.error().message;
  std::vector<ProtocolRule> protocols;
  Diagnostics diagnostics;
  for (const RuleFile& file : sources->files) parse_rules(file, protocols, diagnostics);
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_GE(protocols.size(), 150u);
  for (const ProtocolRule& each : protocols) EXPECT_FALSE(each.reference.empty()) << each.name;
}

}  // namespace
}  // namespace wirewatch
