// SPDX-License-Identifier: BSD-3-Clause
// Everything is sorted by name or id before it gets a number, so that the result depends on the rules alone
// and not on the files they came in.
#include "control/rules/rule_linker.h"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "dataplane/base/nearest_name.h"

namespace wirewatch {
namespace {

constexpr size_t kMostIds = std::numeric_limits<uint16_t>::max() - 1;

/// Drops the shipped protocols an operator redefines, and complains of a name used twice on one level.
void resolve_names(std::vector<ProtocolRule>& protocols, Diagnostics& diagnostics) {
  std::ranges::stable_sort(protocols, {}, [](const ProtocolRule& protocol) {
    return std::tuple(protocol.name, !protocol.from_operator);
  });
  std::vector<ProtocolRule> kept;
  for (ProtocolRule& protocol : protocols) {
    if (kept.empty() || kept.back().name != protocol.name) {
      kept.push_back(std::move(protocol));
    } else if (kept.back().from_operator == protocol.from_operator) {
      diagnostics.add(protocol.at, "protocol '" + protocol.name + "' is already declared at " +
                                       kept.back().at.to_string());
    }
  }
  protocols = std::move(kept);
}

class Linker {
 public:
  Linker(std::vector<ProtocolRule> protocols, Diagnostics& diagnostics)
      : protocols_(std::move(protocols)), diagnostics_(diagnostics) {}

  LinkedRules link() {
    resolve_names(protocols_, diagnostics_);
    inherit_categories();
    std::vector<std::pair<const SignatureRule*, const ProtocolRule*>> signatures;
    for (const ProtocolRule& protocol : protocols_) {
      content().applications.push_back({.name = protocol.name,
                                        .category = protocol.category,
                                        .peers = protocol.peers,
                                        .peers_speak = protocol.peers_speak ? resolve(*protocol.peers_speak, "peers_speak") : kUnknownApplication,
                                        .answers = protocol.answers});
      for (const SignatureRule& signature : protocol.signatures)
        signatures.emplace_back(&signature, &protocol);
    }
    std::ranges::stable_sort(signatures, {},
                             [](const auto& entry) { return std::string_view(entry.first->id); });
    if (protocols_.size() > kMostIds || signatures.size() > kMostIds) {
      diagnostics_.add(protocols_.front().at, "there are more than 65534 protocols or signatures");
      return {};
    }
    content().signature_ids.emplace_back();
    content().signatures.emplace_back();
    linked_.expressions.emplace_back();
    linked_.expression_positions.emplace_back();
    const SignatureRule* previous = nullptr;
    for (const auto& [signature, protocol] : signatures) {
      if (previous != nullptr && previous->id == signature->id) {
        diagnostics_.add(signature->at, "signature '" + signature->id + "' is already declared at " +
                                            previous->at.to_string());
      }
      previous = signature;
      add(*signature, *protocol);
    }
    mark_those_of_ports();
    add_port_guesses();
    add_hellos();
    return std::move(linked_);
  }

 private:
  RuleContent& content() { return linked_.content; }

  ProtocolRule* find(const std::string& name) {
    const auto at = std::ranges::lower_bound(protocols_, name, {}, &ProtocolRule::name);
    return at != protocols_.end() && at->name == name ? &*at : nullptr;
  }

  ApplicationId resolve(const NameInRule& reference, std::string_view key) {
    if (const ProtocolRule* const protocol = find(reference.name)) {
      return static_cast<ApplicationId>(protocol - protocols_.data() + 1);
    }
    std::vector<std::string_view> known;
    for (const ProtocolRule& protocol : protocols_) known.push_back(protocol.name);
    diagnostics_.add(reference.at, "unknown protocol '" + reference.name + "' in '" + std::string(key) + "'" +
                                       did_you_mean(reference.name, known));
    return kUnknownApplication;
  }

  /// A protocol without a category has that of the first one which refines to it.
  void inherit_categories() {
    for (const ProtocolRule& protocol : protocols_) {
      for (const SignatureRule& signature : protocol.signatures) {
        if (!signature.refine) continue;
        for (const auto& refinement : signature.refine->cases) {
          ProtocolRule* const finer = find(refinement.application.name);
          if (finer != nullptr && finer->category.empty()) finer->category = protocol.category;
        }
      }
    }
    for (const ProtocolRule& protocol : protocols_) {
      if (protocol.category.empty()) diagnostics_.add(protocol.at, "[[protocol]] needs a key 'category'");
    }
  }

  template <typename T>
  static Range append(std::vector<T>& all, const std::vector<T>& items) {
    const Range range{static_cast<uint32_t>(all.size()), static_cast<uint32_t>(items.size())};
    all.insert(all.end(), items.begin(), items.end());
    return range;
  }

  /// The ports that confirm a weak signature: its own, or else its protocol's.
  std::vector<uint16_t> confirming_ports(const SignatureRule& signature, const ProtocolRule& protocol) {
    std::vector<uint16_t> ports = signature.ports;
    if (ports.empty()) {
      for (const PortList& list : protocol.ports) {
        const bool applies = list.transports == 0 || (list.transports & signature.transports) != 0;
        if (applies) ports.insert(ports.end(), list.ports.begin(), list.ports.end());
      }
    }
    if (ports.empty()) {
      diagnostics_.add(signature.at, "confirm = \"port\" needs 'ports', here or in its [[protocol]]");
    }
    return ports;
  }

  void add(const SignatureRule& rule, const ProtocolRule& protocol) {
    Signature signature;
    signature.protocol = resolve({protocol.name, protocol.at}, "name");
    signature.transports = rule.transports;
    signature.senders = rule.senders;
    signature.strength = rule.strength;
    signature.in_later_packets = rule.in_later_packets ? 1 : 0;
    signature.extractor = rule.extractor;
    signature.minimum_width = rule.minimum_width;
    signature.tests = append(content().predicates, rule.tests);
    std::vector<ApplicationId> over;
    for (const NameInRule& name : rule.over) {
      if (name.name == protocol.name) {
        diagnostics_.add(name.at, "'over' names the signature's own protocol");
        continue;
      }
      over.push_back(resolve(name, "over"));
    }
    signature.over = append(content().over, over);
    if (rule.strength == Strength::NeedsPort) {
      signature.ports = append(content().ports, confirming_ports(rule, protocol));
    } else if (!rule.ports.empty()) {
      diagnostics_.add(rule.at,
                       "'ports' of a signature are for confirm = \"port\"; a guess belongs to [[protocol]]");
    }
    if (rule.refine) {
      signature.refine_field = rule.refine->field;
      std::vector<Refinement> refinements;
      for (const auto& refinement : rule.refine->cases) {
        refinements.push_back({refinement.value, resolve(refinement.application, "refine")});
      }
      signature.refinements = append(content().refinements, refinements);
    }
    uint32_t& tcp_limit = content().tcp_scan_limit;
    uint32_t& udp_limit = content().udp_scan_limit;
    // One byte more than the widest match: \z must see that there is more.
    if ((rule.transports & ~kUdpBit) != 0) tcp_limit = std::max(tcp_limit, rule.maximum_width + 1);
    if ((rule.transports & kUdpBit) != 0) udp_limit = std::max(udp_limit, rule.maximum_width + 1);
    content().signature_ids.push_back(rule.id);
    content().signatures.push_back(signature);
    linked_.expressions.push_back(rule.regex);
    linked_.expression_positions.push_back(rule.regex_at);
  }

  /// A weak signature that the other direction may confirm has to be looked for on every port.
  void mark_those_of_ports() {
    std::vector<bool> both_directions(content().applications.size() + 1);
    for (const Signature& signature : content().signatures) {
      if (signature.strength == Strength::NeedsBothDirections) both_directions[signature.protocol] = true;
    }
    for (Signature& signature : content().signatures) {
      const bool of_port = signature.strength == Strength::NeedsPort && !both_directions[signature.protocol];
      signature.by_port = of_port ? 1 : 0;
    }
  }

  void add_port_guesses() {
    std::map<std::pair<uint8_t, uint16_t>, const ProtocolRule*> claims;
    for (const ProtocolRule& protocol : protocols_) {
      uint8_t own = 0;
      for (const SignatureRule& signature : protocol.signatures) own |= signature.transports;
      for (const PortList& list : protocol.ports) {
        const uint8_t transports = list.transports != 0 ? list.transports : own != 0 ? own : kAnyTransport;
        for (const uint8_t bit : {kTcpBit, kUdpBit, kSctpBit}) {
          if ((transports & bit) == 0) continue;
          for (const uint16_t port : list.ports) claim(claims[{bit, port}], protocol);
        }
      }
    }
    for (const auto& [key, protocol] : claims) {
      const auto id = static_cast<ApplicationId>(protocol - protocols_.data() + 1);
      content().port_guesses.push_back({key.first, key.second, id});
    }
  }

  /// The first one that fits counts, so those that ask more go before those that ask less.
  void add_hellos() {
    std::vector<const HelloRuleText*> hellos;
    for (const ProtocolRule& protocol : protocols_) {
      for (const HelloRuleText& hello : protocol.hellos) hellos.push_back(&hello);
    }
    std::ranges::stable_sort(hellos, std::ranges::greater{}, [](const HelloRuleText* hello) {
      return !hello->alpns.empty() + !hello->hosts.empty() + !hello->ports.empty();
    });
    for (const HelloRuleText* const hello : hellos) {
      std::vector<HelloName> names;
      for (const HelloRuleText::Case& name : hello->names) {
        names.push_back({resolve(name.of, "names"), resolve(name.application, "names")});
      }
      content().hellos.push_back({append(content().hello_texts, hello->alpns), append(content().hello_texts, hello->hosts),
                                  append(content().ports, hello->ports), append(content().hello_names, names)});
    }
  }

  /// Some ports have several owners (NAT-PMP and PCP); the operator's word goes first, then the one declared
  /// first.
  static void claim(const ProtocolRule*& holder, const ProtocolRule& protocol) {
    const auto rank = [](const ProtocolRule& rule) {
      return std::tuple(!rule.from_operator, std::string_view(rule.at.file), rule.at.line);
    };
    if (holder == nullptr || rank(protocol) < rank(*holder)) holder = &protocol;
  }

  std::vector<ProtocolRule> protocols_;
  Diagnostics& diagnostics_;
  LinkedRules linked_;
};

}  // namespace

LinkedRules link_rules(std::vector<ProtocolRule> protocols, Diagnostics& diagnostics) {
  return Linker(std::move(protocols), diagnostics).link();
}

}  // namespace wirewatch
