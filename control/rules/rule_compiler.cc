// SPDX-License-Identifier: BSD-3-Clause
// Parse, link, compile the databases, pack.
#include "control/rules/rule_compiler.h"

#include <thread>
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
  const auto build = [&](SharedDatabase which) -> Result<std::vector<uint8_t>> {
    const auto database = compile_shared(*linked, which);
    if (!database) return tl::unexpected(database.error());
    return serialise(*database);
  };
  // The UDP database takes longest, so it goes beside everything else.
  Result<std::vector<uint8_t>> tcp_database;
  Result<std::vector<uint8_t>> udp_database;
  Result<std::vector<OwnDatabase>> own_databases;
  {
    const std::jthread beside([&] { udp_database = build(SharedDatabase::Udp); });
    tcp_database = build(SharedDatabase::Tcp);
    own_databases = compile_own(*linked);
  }
  if (!tcp_database) return tl::unexpected(std::move(tcp_database.error()));
  if (!udp_database) return tl::unexpected(std::move(udp_database.error()));
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
