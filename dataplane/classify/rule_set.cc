// SPDX-License-Identifier: BSD-3-Clause
// Loading: decode and check the blob, refuse databases of another scanner, deserialise (they must be:
// Hyperscan does not scan with serialised bytes in place, intel/hyperscan#376).
#include "dataplane/classify/rule_set.h"

#include <hs.h>

#include <algorithm>
#include <utility>

#include "dataplane/classify/rule_blob.h"

namespace wirewatch {

/// Puts the databases of a blob one behind the other into memory that is made for all of them first.
class RuleSet::Deserialiser {
 public:
  using Bytes = std::span<const uint8_t>;

  Deserialiser(const RuleBlobView& blob, Memory& memory) {
    size_t total = 0;
    const auto add = [&](const auto& each) { total += room_for(each.bytes); };
    std::ranges::for_each(blob.tcp_databases, add);
    std::ranges::for_each(blob.udp_databases, add);
    std::ranges::for_each(blob.own_databases, add);
    memory.reset(LargeAllocator<uint8_t>().allocate(total));
    left_ = {memory.get(), total};
  }

  /// Null for no bytes.
  Result<const hs_database*> load(Bytes bytes, std::string_view which) {
    if (bytes.empty()) return nullptr;
    const size_t size = room_for(bytes);
    auto* const at = reinterpret_cast<hs_database*>(left_.data());
    const auto status = size == 0 || size > left_.size() ? HS_INVALID : hs_deserialize_database_at(text(bytes), bytes.size(), at);
    if (status != HS_SUCCESS) {
      return fail("compiled rules are damaged: Hyperscan refuses the " + std::string(which) + " database (error " +
                  std::to_string(status) + ")");
    }
    left_ = left_.subspan(size);
    return at;
  }

  Result<Databases> load(std::span<const ByteDatabaseIn<Bytes>> databases, std::string_view which) {
    Databases all;
    for (const auto& each : databases) {
      if (each.first_byte > kAnyFirstByte || all.by_byte[each.first_byte] != nullptr) {
        return fail("compiled rules are damaged: a " + std::string(which) + " database of no byte or one that has another");
      }
      const auto database = load(each.bytes, which);
      if (!database) return tl::unexpected(database.error());
      if (*database != nullptr) ++all.count;
      all.by_byte[each.first_byte] = *database;
    }
    return all;
  }

 private:
  static const char* text(Bytes bytes) noexcept { return reinterpret_cast<const char*>(bytes.data()); }
  /// Whole cache lines; 0 when Hyperscan does not know.
  static size_t room_for(Bytes bytes) noexcept {
    constexpr size_t kLine = 64, kMost = size_t{1} << 30;
    size_t size = 0;
    const bool known = hs_serialized_database_size(text(bytes), bytes.size(), &size) == HS_SUCCESS;
    return known && size <= kMost ? (size + kLine - 1) / kLine * kLine : 0;
  }

  std::span<uint8_t> left_;
};

Result<std::shared_ptr<const RuleSet>> RuleSet::load(std::span<const uint8_t> bytes, bool check_databases) {
  auto blob = decode_rule_blob(bytes, check_databases ? BlobCheck::Whole : BlobCheck::AllButDatabases);
  if (!blob) return tl::unexpected(std::move(blob.error()));
  const auto here = ScannerIdentity::of_this_machine();
  if (blob->scanner != here) {
    return fail("rules were compiled for Hyperscan " + blob->scanner.version + " (" + blob->scanner.platform +
                "), this machine has " + here.version + " (" + here.platform + ")");
  }
  std::shared_ptr<RuleSet> rules(new RuleSet);
  Deserialiser databases(*blob, rules->memory_);
  const auto tcp = databases.load(blob->tcp_databases, "TCP");
  if (!tcp) return tl::unexpected(tcp.error());
  const auto udp = databases.load(blob->udp_databases, "UDP");
  if (!udp) return tl::unexpected(udp.error());
  rules->own_.resize(blob->content.signatures.size());
  for (const auto& own : blob->own_databases) {
    if (own.signature >= rules->own_.size()) return fail("compiled rules are damaged: a database of no signature");
    const auto database = databases.load(own.bytes, blob->content.signature_ids[own.signature]);
    if (!database) return tl::unexpected(database.error());
    rules->own_[own.signature] = *database;
  }
  for (size_t i = 0; i < rules->own_.size(); ++i) {
    if (blob->content.signatures[i].by_port != 0 && rules->own_[i] == nullptr)
      return fail("compiled rules are damaged: a signature of a port has no database");
  }
  rules->content_ = std::move(blob->content);
  rules->tcp_ = *tcp;
  rules->udp_ = *udp;
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
