// SPDX-License-Identifier: BSD-3-Clause
// Parse, link, compile the databases, pack.
#include "control/rules/rule_compiler.h"

#include <utility>

#include "control/rules/database_compiler.h"
#include "control/rules/rule_parser.h"
#include "dataplane/classify/rule_blob.h"

namespace wirewatch {

Result<LinkedRules> parse_and_link(const RuleSources& sources) {
  Diagnostics diagnostics;
  std::vector<ProtocolRule> protocols;
  for (const RuleFile& file : sources.files) parse_rules(file, protocols, diagnostics);
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.to_error());
  LinkedRules linked = link_rules(std::move(protocols), diagnostics);
  if (!diagnostics.empty()) return tl::unexpected(diagnostics.to_error());
  return linked;
}

Result<CompiledRules> compile_rules(const RuleSources& sources) {
  auto linked = parse_and_link(sources);
  if (!linked) return tl::unexpected(std::move(linked.error()));
  auto databases = compile_databases(*linked);
  if (!databases) return tl::unexpected(std::move(databases.error()));

  RuleBlob blob;
  blob.own_databases = std::move(databases->own);
  blob.tcp_databases = std::move(databases->tcp);
  blob.udp_databases = std::move(databases->udp);
  blob.scanner = ScannerIdentity::of_this_machine();
  blob.content = std::move(linked->content);
  blob.content.sha256 = sources.sha256();

  CompiledRules compiled;
  compiled.sha256 = blob.content.sha256;
  compiled.protocols = blob.content.applications.size();
  compiled.signatures = blob.content.signatures.size() - 1;
  for (const ByteDatabase& each : blob.tcp_databases) compiled.tcp_database_bytes += each.bytes.size();
  for (const ByteDatabase& each : blob.udp_databases) compiled.udp_database_bytes += each.bytes.size();
  compiled.shared_databases = blob.tcp_databases.size() + blob.udp_databases.size();
  compiled.own_databases = blob.own_databases.size();
  for (const OwnDatabase& own : blob.own_databases) compiled.own_database_bytes += own.bytes.size();
  compiled.blob = encode_rule_blob(blob);
  return compiled;
}

Result<CompiledRules> compile_rules(const std::filesystem::path& folder) {
  const auto sources = RuleSources::read(folder);
  if (!sources) return tl::unexpected(sources.error());
  return compile_rules(*sources);
}

}  // namespace wirewatch
