// SPDX-License-Identifier: BSD-3-Clause
// The sample is fixed and small: what networks carry most, and noise, so that two runs compare. Times are the smallest of
// a few rounds, since anything else measures the machine's other work.
#include "control/rules/rule_costs.h"

#include <hs.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <string_view>

#include "control/rules/database_compiler.h"
#include "control/rules/rule_compiler.h"

namespace wirewatch {
namespace {

using Payload = std::vector<uint8_t>;

Payload bytes(std::string_view text, size_t size) {
  Payload payload(text.begin(), text.end());
  std::mt19937 random(static_cast<unsigned>(size));
  while (payload.size() < size) payload.push_back(static_cast<uint8_t>(random()));
  return payload;
}

/// First payloads: web, names, encrypted transports, text and noise of several lengths.
const std::vector<Payload>& sample() {
  static const std::vector<Payload> payloads = [] {
    using namespace std::literals;
    std::vector<Payload> all;
    for (const size_t size : {64u, 300u, 1400u}) {
      all.push_back(bytes("GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: sample\r\n\r\n"sv, size));
      all.push_back(bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"sv, size));
      all.push_back(bytes("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example\x03org\x00\x00\x01\x00\x01"sv, size));
      all.push_back(bytes("\xc3\x00\x00\x00\x01\x08\x83\x94\xc8\xf0\x3e\x51\x57\x08"sv, size));
      all.push_back(bytes("\x40\x12\x9a\x00"sv, size));
      all.push_back(bytes("220 mail.example.org ready\r\n"sv, size));
      all.push_back(bytes("The quick brown fox jumps over the lazy dog, and nobody minds."sv, size));
      all.push_back(bytes(std::string_view("\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00", 12), size));
      for (unsigned i = 0; i < 4; ++i) all.push_back(bytes({}, size + i));
    }
    return all;
  }();
  return payloads;
}

struct FreeScratch {
  void operator()(hs_scratch_t* scratch) const noexcept { hs_free_scratch(scratch); }
};

int ignore(unsigned int, unsigned long long, unsigned long long, unsigned int, void*) { return 0; }

using DatabaseOf = std::function<const hs_database_t*(const Payload&)>;

/// Nanoseconds of one payload, as far as the packet path would show it to the databases that are for it.
double scan_ns(std::span<const HyperscanDatabase> all, std::span<const DatabaseOf> chosen, size_t limit) {
  hs_scratch_t* raw = nullptr;
  for (const HyperscanDatabase& database : all) {
    if (database && hs_alloc_scratch(database.get(), &raw) != HS_SUCCESS) return 0;
  }
  const std::unique_ptr<hs_scratch_t, FreeScratch> scratch(raw);
  if (!scratch) return 0;
  constexpr int kRounds = 7, kRepeats = 20;
  double best = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < kRepeats; ++i) {
      for (const Payload& payload : sample()) {
        for (const DatabaseOf& choose : chosen) {
          const hs_database_t* const database = choose(payload);
          if (database == nullptr) continue;
          hs_scan(database, reinterpret_cast<const char*>(payload.data()), static_cast<unsigned>(std::min(payload.size(), limit)),
                  0, scratch.get(), ignore, nullptr);
        }
      }
    }
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    const double each = took.count() / static_cast<double>(kRepeats * sample().size());
    if (round == 0 || each < best) best = each;
  }
  return best;
}

double scan_ns(const HyperscanDatabase& database, size_t limit) {
  const DatabaseOf same = [&](const Payload&) { return database.get(); };
  return scan_ns(std::span(&database, 1), std::span(&same, 1), limit);
}

/// The shared databases of a transport.
struct SharedOnes {
  std::vector<SharedPart> parts;
  std::vector<HyperscanDatabase> databases;  // of the parts

  const hs_database_t* of_byte(uint16_t byte) const {
    const auto at = std::ranges::find(parts, byte, &SharedPart::first_byte);
    return at == parts.end() ? nullptr : databases[static_cast<size_t>(at - parts.begin())].get();
  }
  double scan(size_t limit) const {
    const DatabaseOf of_first = [&](const Payload& payload) { return of_byte(payload.front()); };
    const DatabaseOf of_many = [&](const Payload&) { return of_byte(kAnyFirstByte); };
    const std::array both{of_first, of_many};
    return scan_ns(databases, both, limit);
  }
};

Result<SharedOnes> compile_shared(const LinkedRules& rules, SharedDatabase which) {
  SharedOnes all{shared_parts(rules, which), {}};
  for (const SharedPart& part : all.parts) {
    auto database = compile_part(rules, part);
    if (!database) return tl::unexpected(std::move(database.error()));
    all.databases.push_back(std::move(*database));
  }
  return all;
}

/// What the shared databases would shrink by without this signature.
Result<int64_t> shared_bytes(const LinkedRules& rules, const SharedOnes& shared, size_t signature) {
  int64_t delta = 0;
  for (size_t i = 0; i < shared.parts.size(); ++i) {
    if (std::ranges::find(shared.parts[i].signatures, signature) == shared.parts[i].signatures.end()) continue;
    const auto others = compile_part(rules, shared.parts[i], signature);
    if (!others) return tl::unexpected(others.error());
    delta += static_cast<int64_t>(size_of(shared.databases[i])) - static_cast<int64_t>(size_of(*others));
  }
  return delta;
}

}  // namespace

Result<RuleCosts> measure_costs(const RuleSources& sources, const std::function<bool(const std::string&)>& wanted,
                                bool deltas) {
  const auto linked = parse_and_link(sources);
  if (!linked) return tl::unexpected(linked.error());
  const size_t tcp_limit = linked->content.tcp_scan_limit;
  const size_t udp_limit = linked->content.udp_scan_limit;
  const auto tcp = compile_shared(*linked, SharedDatabase::Tcp);
  if (!tcp) return tl::unexpected(tcp.error());
  const auto udp = compile_shared(*linked, SharedDatabase::Udp);
  if (!udp) return tl::unexpected(udp.error());

  RuleCosts costs;
  costs.shared = {tcp->scan(tcp_limit), udp->scan(udp_limit)};
  for (size_t i = 1; i < linked->expressions.size(); ++i) {
    const std::string& id = linked->content.signature_ids[i];
    if (!wanted(id)) continue;
    const Signature& signature = linked->content.signatures[i];
    SignatureCost cost;
    cost.id = id;
    if (needs_own_database(*linked, i)) {
      cost.where = signature.by_port != 0 ? ScannedWhere::ItsPorts : ScannedWhere::SharedHeadOnly;
    }
    const auto alone = compile_alone(*linked, i);
    if (!alone) return tl::unexpected(alone.error());
    cost.alone_bytes = size_of(*alone);
    cost.alone_ns = scan_ns(*alone, belongs_to(signature, SharedDatabase::Udp) ? udp_limit : tcp_limit);
    if (deltas) {
      int64_t delta = 0;
      for (const SharedOnes* shared : {&*tcp, &*udp}) {
        const auto bytes = shared_bytes(*linked, *shared, i);
        if (!bytes) return tl::unexpected(bytes.error());
        delta += *bytes;
      }
      cost.shared_bytes = delta;
    }
    costs.signatures.push_back(std::move(cost));
  }
  return costs;
}

}  // namespace wirewatch
