// SPDX-License-Identifier: BSD-3-Clause
// The grammar of rules/README.md, key by key.
#include "control/rules/rule_parser.h"

#include <algorithm>
#include <charconv>

#include "control/rules/predicate_compiler.h"
#include "control/rules/regex_lint.h"
#include "control/rules/toml_table.h"

namespace wirewatch {
namespace {

using namespace std::literals;

constexpr std::array kFileKeys{"schema"sv, "protocol"sv};
constexpr std::array kProtocolKeys{"name"sv,      "category"sv,  "reference"sv, "ports"sv,
                                   "tcp_ports"sv, "udp_ports"sv, "sig"sv, "peers"sv, "peers_speak"sv, "answers"sv, "hello"sv};
constexpr std::array kSignatureKeys{"id"sv,      "l4"sv,    "dir"sv,  "regex"sv,  "test"sv,   "strength"sv,
                                    "confirm"sv, "ports"sv, "over"sv, "refine"sv, "extract"sv, "packets"sv};
constexpr std::array kHelloKeys{"alpn"sv, "hosts"sv, "ports"sv, "names"sv};
constexpr std::array<std::pair<std::string_view, uint8_t>, 4> kTransports{
    {{"tcp", kTcpBit}, {"udp", kUdpBit}, {"sctp", kSctpBit}, {"any", kAnyTransport}}};
constexpr std::array<std::pair<std::string_view, uint8_t>, 3> kSenders{
    {{"any", kAnySender}, {"client", kClientBit}, {"server", kServerBit}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kStrengths{{{"strong", true}, {"weak", false}}};
constexpr std::array<std::pair<std::string_view, Strength>, 2> kConfirmations{
    {{"port", Strength::NeedsPort}, {"both-directions", Strength::NeedsBothDirections}}};
constexpr std::array<std::pair<std::string_view, PeerReader>, 3> kPeerReaders{
    {{"bittorrent", PeerReader::BitTorrent}, {"endpoint-mapper", PeerReader::EndpointMapper}, {"ftp", PeerReader::Ftp}}};
constexpr std::array<std::pair<std::string_view, bool>, 2> kPackets{{{"first", false}, {"later", true}}};
constexpr std::array<std::pair<std::string_view, AnswerReader>, 1> kAnswerReaders{{{"dns", AnswerReader::Dns}}};
constexpr size_t kLongestName = 64;
constexpr size_t kMostTests = 16;
constexpr size_t kLongestAlpn = 31;  // as much of it as a classifier keeps, and one for what is longer

/// Names end up in JSON, metrics and command lines: lower case, nothing that needs quoting.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '+';
  });
}

std::string required_name(const TomlTable& table, std::string_view key) {
  const auto name = table.required_text(key);
  if (!name) return {};
  if (!is_name(name->text)) {
    table.complain(name->at,
                   "'" + std::string(key) +
                       "' must be 1 to 64 lower-case letters, digits or the signs - . _ +, found \"" +
                       name->text + "\"");
  }
  return name->text;
}

std::optional<RefineRule> parse_refine(const std::string& file, const TomlTable& signature,
                                       Diagnostics& diagnostics) {
  const toml::node* const node = signature.table().get("refine");
  if (node == nullptr) return std::nullopt;
  if (node->as_table() == nullptr) {
    signature.complain(signature.position(node->source()),
                       "'refine' must be a table such as {field = \"be32@12\", 100000 = \"portmap\"}");
    return std::nullopt;
  }
  const TomlTable table(file, *node->as_table(), "refine", diagnostics);
  RefineRule refine;
  if (const auto field = table.required_text("field")) {
    if (const auto operand = compile_field(field->text)) {
      refine.field = *operand;
    } else {
      table.complain(field->at.right_by(1 + operand.error().offset), operand.error().message);
    }
  }
  for (const auto& [key, value] : table.table()) {
    if (key.str() == "field") continue;
    std::string_view digits = key.str();
    const int base = digits.starts_with("0x") ? 16 : 10;
    if (base == 16) digits.remove_prefix(2);
    uint32_t number = 0;
    const auto [stop, status] = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
    if (status != std::errc{} || stop != digits.data() + digits.size()) {
      table.complain(table.position(key.source()), "unknown key '" + std::string(key.str()) +
                                                       "' in refine; expected field or a value of the field");
    } else if (const auto name = table.text(key.str())) {
      refine.cases.push_back({number, {name->text, name->at}});
    }
  }
  std::ranges::sort(refine.cases, {}, &RefineRule::Case::value);
  const auto twice = std::ranges::adjacent_find(refine.cases, {}, &RefineRule::Case::value);
  if (twice != refine.cases.end()) {
    table.complain(table.at(), "refine names the value " + std::to_string(twice->value) + " twice");
  }
  return refine;
}

void parse_strength(const TomlTable& table, SignatureRule& signature) {
  table.require("strength");
  const auto strong = table.choice("strength", kStrengths);
  const bool confirmed = table.table().contains("confirm");
  if (!strong) return;
  if (*strong && confirmed) {
    table.complain(table.at(), "'confirm' is for weak signatures, this one is strong");
  } else if (!*strong && !confirmed) {
    table.complain(table.at(), "a weak signature needs confirm = \"port\" or confirm = \"both-directions\"");
  } else if (!*strong) {
    signature.strength = table.choice("confirm", kConfirmations).value_or(Strength::NeedsBothDirections);
  }
}

void parse_regex(const TomlTable& table, SignatureRule& signature) {
  const auto regex = table.required_text("regex");
  if (!regex) return;
  signature.regex = regex->text;
  signature.regex_at = regex->at;
  if (const auto width = lint_regex(regex->text)) {
    signature.minimum_width = width->minimum;
    signature.maximum_width = width->maximum;
  } else {
    table.complain(regex->at.right_by(1 + width.error().offset), width.error().message);
  }
}

void parse_tests(const TomlTable& table, SignatureRule& signature) {
  const auto tests = table.texts("test");
  if (tests.size() > kMostTests) {
    table.complain(table.at(), "a signature may have at most " + std::to_string(kMostTests) + " tests");
  }
  for (const TextInRule& test : tests) {
    if (const auto predicate = compile_predicate(test.text)) {
      signature.tests.push_back(*predicate);
    } else {
      table.complain(test.at.right_by(1 + predicate.error().offset), predicate.error().message);
    }
  }
}

SignatureRule parse_signature(const std::string& file, const toml::table& node, Diagnostics& diagnostics) {
  const TomlTable table(file, node, "[[protocol.sig]]", diagnostics);
  table.allow_only(kSignatureKeys);
  SignatureRule signature;
  signature.at = table.at();
  signature.id = required_name(table, "id");
  table.require("l4");
  signature.transports = table.choice("l4", kTransports).value_or(kAnyTransport);
  signature.senders = table.choice("dir", kSenders).value_or(kAnySender);
  parse_regex(table, signature);
  parse_tests(table, signature);
  parse_strength(table, signature);
  signature.ports = table.ports("ports");
  for (const TextInRule& name : table.texts("over")) signature.over.push_back({name.text, name.at});
  signature.in_later_packets = table.choice("packets", kPackets).value_or(false);
  if (signature.in_later_packets && signature.over.empty()) {
    table.complain(table.at(), "packets = \"later\" is for signatures that name in 'over' what they make more specific");
  }
  signature.refine = parse_refine(file, table, diagnostics);

  std::array<std::pair<std::string_view, Extractor>, kExtractors.size()> extractors;
  std::ranges::transform(kExtractors, extractors.begin(),
                         [](const ExtractorInfo& info) { return std::pair(info.name, info.extractor); });
  signature.extractor = table.choice("extract", extractors).value_or(Extractor::None);
  return signature;
}

HelloRuleText parse_hello(const std::string& file, const toml::table& node, Diagnostics& diagnostics) {
  const TomlTable table(file, node, "[[protocol.hello]]", diagnostics);
  table.allow_only(kHelloKeys);
  HelloRuleText hello;
  hello.at = table.at();
  for (const TextInRule& alpn : table.texts("alpn")) {
    if (alpn.text.empty() || alpn.text.size() > kLongestAlpn) {
      table.complain(alpn.at, "a protocol in 'alpn' has 1 to " + std::to_string(kLongestAlpn) + " characters");
    }
    hello.alpns.push_back(alpn.text);
  }
  for (const TextInRule& host : table.texts("hosts")) {
    if (!is_name(host.text) || host.text.front() == '.' || host.text.back() == '.') {
      table.complain(host.at, "a domain in 'hosts' is in lower case, without a dot at its ends, such as \"dns.example\"");
    }
    hello.hosts.push_back(host.text);
  }
  hello.ports = table.ports("ports");
  if (hello.alpns.empty() && hello.hosts.empty() && hello.ports.empty()) {
    table.complain(table.at(), "[[protocol.hello]] needs 'alpn', 'hosts' or 'ports'");
  }
  table.require("names");
  if (const toml::node* const names = node.get("names"); names != nullptr && names->as_table() == nullptr) {
    table.complain(table.position(names->source()), "'names' must be a table such as {tls = \"tls.dot\"}");
  } else if (names != nullptr) {
    const TomlTable cases(file, *names->as_table(), "names", diagnostics);
    for (const auto& [key, value] : cases.table()) {
      if (const auto name = cases.text(key.str())) {
        hello.names.push_back({{std::string(key.str()), cases.position(key.source())}, {name->text, name->at}});
      }
    }
  }
  return hello;
}

ProtocolRule parse_protocol(const RuleFile& file, const toml::table& node, Diagnostics& diagnostics) {
  const TomlTable table(file.name, node, "[[protocol]]", diagnostics);
  table.allow_only(kProtocolKeys);
  ProtocolRule protocol;
  protocol.at = table.at();
  protocol.from_operator = file.from_operator;
  protocol.name = required_name(table, "name");
  if (node.contains("category")) protocol.category = required_name(table, "category");
  protocol.reference = table.text("reference").value_or(TextInRule{}).text;
  constexpr std::array<std::pair<std::string_view, uint8_t>, 3> kPortKeys{
      {{"ports", 0}, {"tcp_ports", kTcpBit}, {"udp_ports", kUdpBit}}};
  for (const auto& [key, transports] : kPortKeys) {
    const toml::node* const list = node.get(key);
    if (list != nullptr)
      protocol.ports.push_back({transports, table.ports(key), table.position(list->source())});
  }
  protocol.peers = table.choice("peers", kPeerReaders).value_or(PeerReader::None);
  if (const auto name = table.text("peers_speak")) {
    protocol.peers_speak = {name->text, name->at};
    if (protocol.peers == PeerReader::None) {
      diagnostics.add(name->at, "'peers_speak' says what the ends are that 'peers' names, and there is no 'peers' here");
    }
  }
  protocol.answers = table.choice("answers", kAnswerReaders).value_or(AnswerReader::None);
  for (const toml::table* const signature : table.tables("sig")) {
    protocol.signatures.push_back(parse_signature(file.name, *signature, diagnostics));
  }
  for (const toml::table* const hello : table.tables("hello")) {
    protocol.hellos.push_back(parse_hello(file.name, *hello, diagnostics));
  }
  return protocol;
}

}  // namespace

void parse_rules(const RuleFile& file, std::vector<ProtocolRule>& protocols, Diagnostics& diagnostics) {
  toml::table root;
  try {
    root = toml::parse(file.text, file.name);
  } catch (const toml::parse_error& error) {
    const auto& begin = error.source().begin;
    diagnostics.add({file.name, begin.line, begin.column}, std::string(error.description()));
    return;
  }
  const TomlTable table(file.name, root, "a rule file", diagnostics);
  if (const auto schema = table.integer("schema"); schema != 1) {
    const toml::node* const node = root.get("schema");
    diagnostics.add(node == nullptr ? RulePosition{file.name, 1, 1} : table.position(node->source()),
                    "a rule file begins with schema = 1" +
                        (schema ? "; this program does not know schema " + std::to_string(*schema) : ""s));
    return;
  }
  table.allow_only(kFileKeys);
  for (const toml::table* const protocol : table.tables("protocol")) {
    protocols.push_back(parse_protocol(file, *protocol, diagnostics));
  }
}

}  // namespace wirewatch
