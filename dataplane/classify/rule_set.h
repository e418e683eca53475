// SPDX-License-Identifier: BSD-3-Clause
// Compiled rules ready to scan with: immutable once loaded and shared by all workers. A new generation of
// rules is a new RuleSet; the old one lives as long as somebody still scans with it.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <compare>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/large_memory.h"
#include "dataplane/base/result.h"
#include "dataplane/classify/host_list.h"
#include "dataplane/classify/rule_content.h"
#include "dataplane/base/verdict.h"

struct hs_database;

namespace wirewatch {

/// What a ClientHello says that its flow is: kUnknownApplication when it adds nothing.
struct HelloVerdict {
  ApplicationId application = kUnknownApplication;
  Evidence evidence = Evidence::None;
};

/// What of a ClientHello and its flow names it; empty is: not offered, not given.
struct HelloSubject {
  ApplicationId so_far = kUnknownApplication;
  std::string_view alpn;
  std::string_view host;
  uint16_t server_port = 0;
  uint16_t client_port = 0;
};

class RuleSet {
 public:
  /// Reads what `encode_rule_blob` wrote and checks all of it; the blob may go away afterwards.
  static Result<std::shared_ptr<const RuleSet>> load(std::span<const uint8_t> blob) { return load(blob, true); }
  /// The same of a file that nobody else can write and that is there whole or not at all: its databases, nearly all of it,
  /// are only held against the CRCs that Hyperscan keeps of them.
  static Result<std::shared_ptr<const RuleSet>> load_own_file(std::span<const uint8_t> blob) { return load(blob, false); }
  /// Knows no application: for a data plane that has not been given any rules yet.
  static std::shared_ptr<const RuleSet> none();

  /// "unknown" for kUnknownApplication and for ids the rules do not have.
  std::string_view application_name(ApplicationId id) const noexcept;
  std::string_view application_category(ApplicationId id) const noexcept;
  /// How the peers that its messages name are read, if they are.
  PeerReader peers(ApplicationId id) const noexcept {
    return id >= 1 && id <= content_.applications.size() ? content_.applications[id - 1].peers : PeerReader::None;
  }
  /// What flows to those peers are.
  ApplicationId peers_speak(ApplicationId id) const noexcept {
    const bool other = id >= 1 && id <= content_.applications.size() && content_.applications[id - 1].peers_speak != kUnknownApplication;
    return other ? content_.applications[id - 1].peers_speak : id;
  }
  /// How its answers that give names to addresses are read, if they are.
  AnswerReader answers(ApplicationId id) const noexcept {
    return id >= 1 && id <= content_.applications.size() ? content_.applications[id - 1].answers : AnswerReader::None;
  }
  /// Ids are 1 to count, in the order of the names.
  size_t application_count() const noexcept { return content_.applications.size(); }
  /// kUnknownApplication when no application has this name.
  ApplicationId find_application(std::string_view name) const noexcept;

  /// Signatures are 1 to count - 1, in the order of their ids; 0 is "none" and empty.
  std::string_view signature_id(uint16_t signature) const noexcept;
  size_t signature_count() const noexcept { return content_.signatures.size(); }
  const Signature& signature(uint16_t index) const noexcept { return content_.signatures[index]; }

  /// Hexadecimal, of the rules this was compiled from.
  const std::string& sha256() const noexcept { return content_.sha256; }

  /// The lists a signature's ranges point into.
  std::span<const Predicate> tests(const Signature& signature) const noexcept {
    return part(content_.predicates, signature.tests);
  }
  std::span<const ApplicationId> over(const Signature& signature) const noexcept {
    return part(content_.over, signature.over);
  }
  std::span<const uint16_t> ports(const Signature& signature) const noexcept {
    return part(content_.ports, signature.ports);
  }
  std::span<const Refinement> refinements(const Signature& signature) const noexcept {
    return part(content_.refinements, signature.refinements);
  }

  /// Senders (bits) whose payload may still turn this application into a more specific one by `over`.
  uint8_t refining_senders(ApplicationId id) const noexcept {
    return id < refining_senders_.size() ? refining_senders_[id] : uint8_t{0};
  }
  /// Those of them whose later packets may do so as well as their first.
  uint8_t later_senders(ApplicationId id) const noexcept { return id < later_senders_.size() ? later_senders_[id] : uint8_t{0}; }
  /// Whether a weak match of this protocol may be confirmed by one in the other direction.
  bool confirmed_by_both_directions(ApplicationId id) const noexcept {
    return id < both_directions_.size() && both_directions_[id] != 0;
  }
  /// What a port suggests, or kUnknownApplication. `transport` is one bit, such as kTcpBit.
  ApplicationId guess(uint8_t transport, uint16_t port) const noexcept;

  /// The more exact name of a flow by its ClientHello: the protocol it offers is as good as payload, a name or a port
  /// beside it confirms.
  HelloVerdict name_by_hello(const HelloSubject& subject) const noexcept;

  /// Calls `each` with every signature that is only looked for on this port.
  template <typename Each>
  void for_signatures_of_port(uint16_t port, Each&& each) const noexcept {
    if (!scanned_ports_[port]) return;
    for (auto at = std::ranges::lower_bound(by_port_, port, {}, &PortEntry::port);
         at != by_port_.end() && at->port == port; ++at) {
      each(at->signature);
    }
  }
  /// What a signature's payload must match beside its expression in the shared database; null when that is all
  /// of it.
  const hs_database* own_database(uint16_t signature) const noexcept { return own_[signature]; }

  /// Of the signatures whose payloads can begin with this byte and few others, or with many (kAnyFirstByte): a payload is
  /// scanned with both. Null when there are none. UDP has its own, TCP and SCTP share theirs.
  const hs_database* database(uint8_t transport, uint16_t first_byte) const noexcept {
    return (transport == kUdpBit ? udp_ : tcp_).by_byte[first_byte];
  }
  bool has_databases(uint8_t transport) const noexcept { return (transport == kUdpBit ? udp_ : tcp_).count > 0; }
  /// No expression looks at bytes beyond this many.
  uint32_t scan_limit(uint8_t transport) const noexcept {
    return transport == kUdpBit ? content_.udp_scan_limit : content_.tcp_scan_limit;
  }

 private:
  struct Databases {
    std::array<const hs_database*, kAnyFirstByte + 1> by_byte{};
    size_t count = 0;
  };
  struct PortEntry {
    uint16_t port;
    uint16_t signature;
    friend auto operator<=>(const PortEntry&, const PortEntry&) noexcept = default;
  };

  RuleSet() = default;
  static Result<std::shared_ptr<const RuleSet>> load(std::span<const uint8_t> blob, bool check_databases);
  void index_ports();
  void index_hello_hosts();
  struct FreeMemory {
    void operator()(uint8_t* memory) const noexcept { LargeAllocator<uint8_t>().deallocate(memory, 0); }
  };
  using Memory = std::unique_ptr<uint8_t[], FreeMemory>;
  class Deserialiser;
  template <typename T>
  static std::span<const T> part(const std::vector<T>& all, const Range& range) noexcept {
    return std::span<const T>(all).subspan(range.first, range.count);
  }

  RuleContent content_;
  std::vector<uint8_t> refining_senders_;  // by ApplicationId
  std::vector<uint8_t> later_senders_;     // by ApplicationId
  std::vector<uint8_t> both_directions_;   // by ApplicationId
  std::vector<PortEntry> by_port_;         // sorted by port, then signature
  std::bitset<65536> scanned_ports_;       // those in by_port_
  Databases tcp_;
  Databases udp_;
  std::vector<const hs_database*> own_;  // by signature
  std::vector<HostList> hello_hosts_;    // by index in RuleContent::hellos
  Memory memory_;                        // of all databases together: a scan then misses the TLB less often
};

}  // namespace wirewatch
