// SPDX-License-Identifier: BSD-3-Clause
// Parse, link, compile the databases, pack.
#include "control/rules/rule_compiler.h"

#include <hs.h>

#include <cstdlib>
#include <memory>
#include <thread>
#include <utility>

#include "control/rules/regex_head.h"
#include "control/rules/regex_lint.h"
#include "control/rules/rule_linker.h"
#include "control/rules/rule_parser.h"
#include "dataplane/classify/rule_blob.h"

namespace wirewatch {
namespace {

template <auto Free>
struct Deleter {
  void operator()(auto* object) const noexcept { Free(object); }
};
using Database = std::unique_ptr<hs_database_t, Deleter<hs_free_database>>;
using CompileError = std::unique_ptr<hs_compile_error_t, Deleter<hs_free_compile_error>>;

enum class Which : uint8_t { Tcp, Udp };  // the TCP database serves SCTP as well

bool belongs_to(const Signature& signature, Which which) {
  return (signature.transports & (which == Which::Udp ? kUdpBit : kTcpBit | kSctpBit)) != 0;
}

Result<Database> compile_expressions(const LinkedRules& rules, const std::vector<std::string>& texts,
                                     const std::vector<unsigned int>& ids) {
  if (texts.empty()) return Database{};
  std::vector<const char*> expressions;
  for (const std::string& text : texts) expressions.push_back(text.c_str());
  const std::vector<unsigned int> flags(texts.size(), regex_flags());
  hs_database_t* database = nullptr;
  hs_compile_error_t* raw_error = nullptr;
  const auto status = hs_compile_multi(expressions.data(), flags.data(), ids.data(),
                                       static_cast<unsigned int>(expressions.size()), HS_MODE_BLOCK, nullptr,
                                       &database, &raw_error);
  if (status == HS_SUCCESS) return Database(database);
  const CompileError error(raw_error);
  const std::string why = error ? error->message : "no reason given";
  if (!error || error->expression < 0) return fail("Hyperscan cannot compile the rules: " + why);
  const size_t index = ids[static_cast<size_t>(error->expression)];
  return fail(rules.expression_positions[index].to_string() + ": Hyperscan refuses this regex: " + why);
}

/// Null when no signature (other than `without`) belongs to the database.
Result<Database> compile_database(const LinkedRules& rules, Which which, size_t without = 0) {
  std::vector<std::string> expressions;
  std::vector<unsigned int> ids;
  for (size_t i = 1; i < rules.expressions.size(); ++i) {
    const Signature& signature = rules.content.signatures[i];
    if (i == without || signature.by_port != 0 || !belongs_to(signature, which)) continue;
    expressions.push_back(regex_head(rules.expressions[i]));
    ids.push_back(static_cast<unsigned int>(i));
  }
  return compile_expressions(rules, expressions, ids);
}

Result<std::vector<uint8_t>> serialise(const Database& database) {
  if (!database) return std::vector<uint8_t>{};
  char* raw = nullptr;
  size_t size = 0;
  if (hs_serialize_database(database.get(), &raw, &size) != HS_SUCCESS) {
    return fail("Hyperscan cannot serialise the compiled rules: out of memory");
  }
  const std::unique_ptr<char, Deleter<std::free>> bytes(raw);
  return std::vector<uint8_t>(raw, raw + size);
}

Result<std::vector<OwnDatabase>> compile_own_databases(const LinkedRules& rules) {
  std::vector<OwnDatabase> all;
  for (size_t i = 1; i < rules.expressions.size(); ++i) {
    const std::string& expression = rules.expressions[i];
    if (rules.content.signatures[i].by_port == 0 && regex_head(expression) == expression) continue;
    const auto database = compile_expressions(rules, {expression}, {static_cast<unsigned int>(i)});
    if (!database) return tl::unexpected(database.error());
    auto bytes = serialise(*database);
    if (!bytes) return tl::unexpected(std::move(bytes.error()));
    all.push_back({static_cast<uint16_t>(i), std::move(*bytes)});
  }
  return all;
}

Result<LinkedRules> parse_and_link(const RuleSources& sources) {
  Diagnostics diagnostics;
  std::vector<ProtocolRule> protocols;
  for (const RuleFile& file : sources.files) parse_rules(file, protocols, diagnostics);
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.to_error());
  LinkedRules linked = link_rules(std::move(protocols), diagnostics);
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.to_error());
  return linked;
}

size_t size_of(const Database& database) {
  size_t size = 0;
  if (database) hs_database_size(database.get(), &size);
  return size;
}

}  // namespace

Result<CompiledRules> compile_rules(const RuleSources& sources) {
  auto linked = parse_and_link(sources);
  if (!linked) return tl::unexpected(std::move(linked.error()));
  // Nearly all of the time goes into these two; Hyperscan may compile in several threads at once.
  const auto build = [&](Which which) -> Result<std::vector<uint8_t>> {
    const auto database = compile_database(*linked, which);
    if (!database) return tl::unexpected(database.error());
    return serialise(*database);
  };
  Result<std::vector<uint8_t>> tcp_database;
  Result<std::vector<uint8_t>> udp_database;
  {
    const std::jthread beside([&] { udp_database = build(Which::Udp); });
    tcp_database = build(Which::Tcp);
  }
  if (!tcp_database) return tl::unexpected(std::move(tcp_database.error()));
  if (!udp_database) return tl::unexpected(std::move(udp_database.error()));

  auto own_databases = compile_own_databases(*linked);
  if (!own_databases) return tl::unexpected(std::move(own_databases.error()));

  RuleBlob blob;
  blob.own_databases = std::move(*own_databases);
  blob.tcp_database = std::move(*tcp_database);
  blob.udp_database = std::move(*udp_database);
  blob.scanner = ScannerIdentity::of_this_machine();
  blob.content = std::move(linked->content);
  blob.content.sha256 = sources.sha256();

  CompiledRules compiled;
  compiled.sha256 = blob.content.sha256;
  compiled.protocols = blob.content.applications.size();
  compiled.signatures = blob.content.signatures.size() - 1;
  compiled.tcp_database_bytes = blob.tcp_database.size();
  compiled.udp_database_bytes = blob.udp_database.size();
  compiled.blob = encode_rule_blob(blob);
  return compiled;
}

Result<CompiledRules> compile_rules(const std::filesystem::path& folder) {
  const auto sources = RuleSources::read(folder);
  if (!sources) return tl::unexpected(sources.error());
  return compile_rules(*sources);
}

Result<std::vector<SignatureSize>> measure_signatures(const RuleSources& sources, std::string_view prefix) {
  const auto linked = parse_and_link(sources);
  if (!linked) return tl::unexpected(linked.error());
  std::vector<SignatureSize> sizes;
  for (const std::string& id : linked->content.signature_ids) {
    if (!id.empty() && id.starts_with(prefix)) sizes.push_back({id});
  }
  for (const Which which : {Which::Tcp, Which::Udp}) {
    const auto all = compile_database(*linked, which);
    if (!all) return tl::unexpected(all.error());
    size_t next = 0;
    for (size_t i = 1; i < linked->expressions.size() && next < sizes.size(); ++i) {
      if (linked->content.signature_ids[i] != sizes[next].id) continue;
      SignatureSize& size = sizes[next++];
      if (!belongs_to(linked->content.signatures[i], which)) continue;
      const auto others = compile_database(*linked, which, i);
      if (!others) return tl::unexpected(others.error());
      const auto delta = static_cast<int64_t>(size_of(*all)) - static_cast<int64_t>(size_of(*others));
      (which == Which::Tcp ? size.tcp_bytes : size.udp_bytes) = delta;
    }
  }
  return sizes;
}

}  // namespace wirewatch
