// SPDX-License-Identifier: BSD-3-Clause
// Loading: decode and check the blob, refuse databases of another scanner, deserialise (they must be:
// Hyperscan does not scan with serialised bytes in place, intel/hyperscan#376).
#include "dataplane/classify/rule_set.h"

#include <hs.h>

#include <algorithm>
#include <utility>

#include "dataplane/classify/rule_blob.h"

namespace wirewatch {

void RuleSet::FreeDatabase::operator()(hs_database* database) const noexcept { hs_free_database(database); }

Result<RuleSet::Database> RuleSet::deserialise(std::span<const uint8_t> bytes, std::string_view which) {
  if (bytes.empty()) return Database{};
  hs_database_t* database = nullptr;
  const auto status =
      hs_deserialize_database(reinterpret_cast<const char*>(bytes.data()), bytes.size(), &database);
  if (status != HS_SUCCESS) {
    return fail("compiled rules are damaged: Hyperscan refuses the " + std::string(which) +
                " database (error " + std::to_string(status) + ")");
  }
  return Database(database);
}

Result<RuleSet::Databases> RuleSet::deserialise(std::span<const ByteDatabase> databases, std::string_view which) {
  Databases all;
  for (const ByteDatabase& each : databases) {
    if (each.first_byte > kAnyFirstByte || all.by_byte[each.first_byte]) {
      return fail("compiled rules are damaged: a " + std::string(which) + " database of no byte or one that has another");
    }
    auto database = deserialise(each.bytes, which);
    if (!database) return tl::unexpected(std::move(database.error()));
    if (*database) ++all.count;
    all.by_byte[each.first_byte] = std::move(*database);
  }
  return all;
}

Result<std::shared_ptr<const RuleSet>> RuleSet::load(std::span<const uint8_t> bytes) {
  auto blob = decode_rule_blob(bytes);
  if (!blob) return tl::unexpected(std::move(blob.error()));
  const auto here = ScannerIdentity::of_this_machine();
  if (blob->scanner != here) {
    return fail("rules were compiled for Hyperscan " + blob->scanner.version + " (" + blob->scanner.platform +
                "), this machine has " + here.version + " (" + here.platform + ")");
  }
  auto tcp = deserialise(std::span<const ByteDatabase>(blob->tcp_databases), "TCP");
  if (!tcp) return tl::unexpected(std::move(tcp.error()));
  auto udp = deserialise(std::span<const ByteDatabase>(blob->udp_databases), "UDP");
  if (!udp) return tl::unexpected(std::move(udp.error()));

  std::shared_ptr<RuleSet> rules(new RuleSet);
  rules->own_.resize(blob->content.signatures.size());
  for (const OwnDatabase& own : blob->own_databases) {
    if (own.signature >= rules->own_.size()) return fail("compiled rules are damaged: a database of no signature");
    auto database = deserialise(own.bytes, blob->content.signature_ids[own.signature]);
    if (!database) return tl::unexpected(std::move(database.error()));
    rules->own_[own.signature] = std::move(*database);
  }
  for (size_t i = 0; i < rules->own_.size(); ++i) {
    if (blob->content.signatures[i].by_port != 0 && !rules->own_[i])
      return fail("compiled rules are damaged: a signature of a port has no database");
  }
  rules->content_ = std::move(blob->content);
  rules->tcp_ = std::move(*tcp);
  rules->udp_ = std::move(*udp);
  rules->refining_senders_.assign(rules->application_count() + 1, 0);
  rules->later_senders_.assign(rules->application_count() + 1, 0);
  rules->both_directions_.assign(rules->application_count() + 1, 0);
  for (const Signature& signature : rules->content_.signatures) {
    if (signature.strength == Strength::NeedsBothDirections) rules->both_directions_[signature.protocol] = 1;
    for (const ApplicationId id : rules->over(signature)) {
      rules->refining_senders_[id] |= signature.senders;
      if (signature.in_later_packets != 0) rules->later_senders_[id] |= signature.senders;
    }
  }
  rules->index_ports();
  rules->index_hello_hosts();
  return rules;
}

std::shared_ptr<const RuleSet> RuleSet::none() {
  std::shared_ptr<RuleSet> rules(new RuleSet);
  rules->content_.signatures.resize(1);  // signature 0 is "none" in every rule set
  rules->content_.signature_ids.resize(1);
  rules->own_.resize(1);
  rules->refining_senders_.resize(1);
  rules->later_senders_.resize(1);
  rules->both_directions_.resize(1);
  return rules;
}

void RuleSet::index_ports() {
  for (size_t i = 1; i < signature_count(); ++i) {
    const auto index = static_cast<uint16_t>(i);
    if (signature(index).by_port == 0) continue;
    for (const uint16_t port : ports(signature(index))) {
      by_port_.push_back({port, index});
      scanned_ports_.set(port);
    }
  }
  std::ranges::sort(by_port_);
  by_port_.erase(std::unique(by_port_.begin(), by_port_.end()), by_port_.end());
}

void RuleSet::index_hello_hosts() {
  for (const HelloRule& hello : content_.hellos) {
    std::vector<ListedDomain> domains;
    for (const std::string& domain : part(content_.hello_texts, hello.hosts)) domains.push_back({domain, 0});
    hello_hosts_.emplace_back(std::vector<HostService>{{}}, domains);
  }
}

HelloVerdict RuleSet::name_by_hello(const HelloSubject& subject) const noexcept {
  for (size_t i = 0; i < content_.hellos.size(); ++i) {
    const HelloRule& hello = content_.hellos[i];
    const auto names = part(content_.hello_names, hello.names);
    const auto name = std::ranges::find(names, subject.so_far, &HelloName::of);
    if (name == names.end()) continue;
    const auto alpns = part(content_.hello_texts, hello.alpns);
    const bool offered = alpns.empty() ? subject.alpn.empty() : std::ranges::find(alpns, subject.alpn) != alpns.end();
    if (!offered) continue;
    if (hello.hosts.count > 0 && hello_hosts_[i].find(subject.host) == nullptr) continue;
    const auto ports = part(content_.ports, hello.ports);
    const auto either = [&](uint16_t port) noexcept { return port == subject.server_port || port == subject.client_port; };
    if (!ports.empty() && std::ranges::none_of(ports, either)) continue;
    const bool by_offer_alone = hello.hosts.count == 0 && hello.ports.count == 0;
    return {name->application, by_offer_alone ? Evidence::Payload : Evidence::Confirmed};
  }
  return {};
}

std::string_view RuleSet::application_name(ApplicationId id) const noexcept {
  if (id == kUnknownApplication || id > application_count()) return "unknown";
  return content_.applications[id - 1u].name;
}

std::string_view RuleSet::application_category(ApplicationId id) const noexcept {
  if (id == kUnknownApplication || id > application_count()) return "unknown";
  return content_.applications[id - 1u].category;
}

ApplicationId RuleSet::find_application(std::string_view name) const noexcept {
  const auto& all = content_.applications;
  const auto at =
      std::ranges::lower_bound(all, name, {}, [](const Application& a) { return std::string_view(a.name); });
  if (at == all.end() || at->name != name) return kUnknownApplication;
  return static_cast<ApplicationId>(at - all.begin() + 1);
}

std::string_view RuleSet::signature_id(uint16_t signature) const noexcept {
  return signature < content_.signature_ids.size() ? std::string_view(content_.signature_ids[signature])
                                                   : std::string_view{};
}

ApplicationId RuleSet::guess(uint8_t transport, uint16_t port) const noexcept {
  const auto key = [](const PortGuess& guess) { return std::pair(guess.transport, guess.port); };
  const auto at = std::ranges::lower_bound(content_.port_guesses, std::pair(transport, port), {}, key);
  if (at == content_.port_guesses.end() || key(*at) != std::pair(transport, port)) return kUnknownApplication;
  return at->application;
}

}  // namespace wirewatch
