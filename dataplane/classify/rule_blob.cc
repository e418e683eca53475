// SPDX-License-Identifier: BSD-3-Clause
// Writer and reader of the rule blob, field by field in the same order. The reader trusts nothing: a count is
// believed only as far as the bytes behind it reach.
#include "dataplane/classify/rule_blob.h"

#include <hs.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string_view>

#include "dataplane/base/byte_reader.h"
#include "dataplane/classify/sha256.h"

namespace wirewatch {
namespace {

constexpr std::array<uint8_t, 8> kMagic{'W', 'W', 'R', 'U', 'L', 'E', 'S', 0};
static_assert(kRuleBlobHashAt == kMagic.size() + sizeof kRuleBlobVersion);
static_assert(kRuleBlobBodyAt == kRuleBlobHashAt + sizeof(Sha256Digest));
static_assert(kRuleBlobFieldsAt == kRuleBlobBodyAt + sizeof(Sha256Digest));

/// Appends; `read` of BlobReader below is its mirror image, so that one list of fields serves both.
class BlobWriter {
 public:
  void number(const uint64_t value, const size_t width) {
    for (size_t i = 0; i < width; ++i) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }
  template <typename Integer>
  requires std::is_integral_v<Integer> || std::is_enum_v<Integer>
  void field(const Integer& value) { number(static_cast<uint64_t>(value), sizeof(Integer)); }
  void field(const std::string& text) { raw({reinterpret_cast<const uint8_t*>(text.data()), text.size()}); }
  void field(std::span<const uint8_t> bytes) { raw(bytes); }
  template <typename T>
  void list(const std::vector<T>& items, auto&& each) {
    number(items.size(), sizeof(uint32_t));
    for (const T& item : items) each(*this, item);
  }
  std::vector<uint8_t>& bytes() { return bytes_; }

 private:
  void raw(std::span<const uint8_t> bytes) {
    number(bytes.size(), sizeof(uint32_t));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  std::vector<uint8_t> bytes_;
};

class BlobReader {
 public:
  explicit BlobReader(std::span<const uint8_t> bytes) : whole_(bytes), reader_(bytes) {}

  template <typename Integer>
  requires std::is_integral_v<Integer> || std::is_enum_v<Integer>
  void field(Integer& value) {
    const auto taken = reader_.take(sizeof(Integer));
    if (!taken) return give_up();
    uint64_t number = 0;
    for (size_t i = 0; i < sizeof(Integer); ++i) number |= uint64_t{(*taken)[i]} << (8 * i);
    value = static_cast<Integer>(number);
  }
  void field(std::string& text) {
    const auto bytes = raw();
    text.assign(bytes.begin(), bytes.end());
  }
  void field(std::span<const uint8_t>& bytes) {
    // The CRC does not cover the header before the bytecode, nor the last bytes of it (72 of them): these count as description.
    constexpr size_t kEdge = 256;
    bytes = raw();
    const size_t edge = std::min(kEdge, bytes.size() / 2);
    described_.push_back(whole_.subspan(described_to_, reader_.offset() - bytes.size() + edge - described_to_));
    described_to_ = reader_.offset() - edge;
  }
  template <typename T>
  void list(std::vector<T>& items, auto&& each) {
    uint32_t count = 0;
    field(count);
    if (count > reader_.remaining()) return give_up();  // every item takes a byte at least
    items.reserve(std::min<size_t>(count, 65536));
    for (uint32_t i = 0; i < count && good_; ++i) each(*this, items.emplace_back());
  }
  /// All fields were there and nothing is left over.
  bool complete() const { return good_ && reader_.empty(); }
  /// Of all that was read but for the bytecode in databases.
  Sha256Digest short_digest() const {
    auto described = described_;
    described.push_back(whole_.subspan(described_to_, reader_.offset() - described_to_));
    return sha256(described);
  }

 private:
  std::span<const uint8_t> raw() {
    uint32_t size = 0;
    field(size);
    const auto taken = reader_.take(size);
    if (!taken || !good_) {
      give_up();
      return {};
    }
    return *taken;
  }
  void give_up() { good_ = false; }

  std::span<const uint8_t> whole_;
  ByteReader reader_;
  std::vector<std::span<const uint8_t>> described_;  // what lies between bytecodes
  size_t described_to_ = 0;
  bool good_ = true;
};

// One list of fields for both directions: a RuleBlobView& when reading, a const RuleBlob& when writing.
void operand_fields(auto& io, auto& operand) {
  io.field(operand.value);
  io.field(operand.kind);
}
void term_fields(auto& io, auto& term) {
  operand_fields(io, term.first);
  operand_fields(io, term.second);
  io.field(term.arithmetic);
}
void range_fields(auto& io, auto& range) {
  io.field(range.first);
  io.field(range.count);
}
void signature_fields(auto& io, auto& signature) {
  io.field(signature.protocol);
  io.field(signature.transports);
  io.field(signature.senders);
  io.field(signature.strength);
  io.field(signature.by_port);
  io.field(signature.in_later_packets);
  io.field(signature.extractor);
  io.field(signature.minimum_width);
  range_fields(io, signature.tests);
  range_fields(io, signature.over);
  range_fields(io, signature.ports);
  range_fields(io, signature.refinements);
  operand_fields(io, signature.refine_field);
}
void blob_fields(auto& io, auto& blob) {
  io.field(blob.scanner.version);
  io.field(blob.scanner.platform);
  auto& content = blob.content;
  io.field(content.sha256);
  io.field(content.tcp_scan_limit);
  io.field(content.udp_scan_limit);
  io.list(content.applications, [](auto& inner, auto& application) {
    inner.field(application.name);
    inner.field(application.category);
    inner.field(application.peers);
    inner.field(application.peers_speak);
    inner.field(application.answers);
  });
  io.list(content.signature_ids, [](auto& inner, auto& id) { inner.field(id); });
  io.list(content.signatures, [](auto& inner, auto& signature) { signature_fields(inner, signature); });
  io.list(content.predicates, [](auto& inner, auto& predicate) {
    term_fields(inner, predicate.left);
    term_fields(inner, predicate.right);
    inner.field(predicate.comparison);
  });
  io.list(content.over, [](auto& inner, auto& application) { inner.field(application); });
  io.list(content.ports, [](auto& inner, auto& port) { inner.field(port); });
  io.list(content.refinements, [](auto& inner, auto& refinement) {
    inner.field(refinement.value);
    inner.field(refinement.application);
  });
  io.list(content.port_guesses, [](auto& inner, auto& guess) {
    inner.field(guess.transport);
    inner.field(guess.port);
    inner.field(guess.application);
  });
  io.list(content.hellos, [](auto& inner, auto& hello) {
    range_fields(inner, hello.alpns);
    range_fields(inner, hello.hosts);
    range_fields(inner, hello.ports);
    range_fields(inner, hello.names);
  });
  io.list(content.hello_names, [](auto& inner, auto& name) {
    inner.field(name.of);
    inner.field(name.application);
  });
  io.list(content.hello_texts, [](auto& inner, auto& text) { inner.field(text); });
  const auto database_fields = [](auto& inner, auto& database) {
    inner.field(database.first_byte);
    inner.field(database.bytes);
  };
  io.list(blob.tcp_databases, database_fields);
  io.list(blob.udp_databases, database_fields);
  io.list(blob.own_databases, [](auto& inner, auto& own) {
    inner.field(own.signature);
    inner.field(own.bytes);
  });
}

bool valid(const Operand& operand) {
  return operand.kind <= kLastOperandKind && operand.value >= -kLargestConstant &&
         operand.value <= kLargestConstant;
}
bool valid(const Term& term) {
  return valid(term.first) && valid(term.second) && term.arithmetic <= kLastArithmetic;
}
bool inside(const Range& range, size_t size) {
  return range.first <= size && range.count <= size - range.first;
}

bool valid(const Signature& signature, const RuleContent& content) {
  return signature.protocol >= 1 && signature.protocol <= content.applications.size() &&
         signature.transports != 0 && (signature.transports & ~kAnyTransport) == 0 &&
         signature.senders != 0 && (signature.senders & ~kAnySender) == 0 &&
         signature.strength <= kLastStrength &&
         signature.by_port <= (signature.strength == Strength::NeedsPort ? 1 : 0) &&
         signature.in_later_packets <= 1 && signature.extractor <= kLastExtractor &&
         inside(signature.tests, content.predicates.size()) && inside(signature.over, content.over.size()) &&
         inside(signature.ports, content.ports.size()) &&
         inside(signature.refinements, content.refinements.size()) && valid(signature.refine_field);
}

bool valid(const HelloRule& hello, const RuleContent& content) {
  return inside(hello.alpns, content.hello_texts.size()) && inside(hello.hosts, content.hello_texts.size()) &&
         inside(hello.ports, content.ports.size()) && inside(hello.names, content.hello_names.size());
}

/// The first thing in the content that cannot be, or nothing.
std::string_view fault_in(const RuleContent& content) {
  constexpr size_t kMost = std::numeric_limits<uint16_t>::max();
  const auto known = [&](ApplicationId id) { return id >= 1 && id <= content.applications.size(); };
  if (content.applications.size() > kMost || content.signatures.size() > kMost) return "too many rules";
  if (content.signatures.empty() || content.signatures.size() != content.signature_ids.size()) {
    return "signatures and their ids differ in number";
  }
  if (std::ranges::adjacent_find(content.applications, std::greater_equal{}, &Application::name) !=
      content.applications.end()) {
    return "application names are not in order";
  }
  if (std::ranges::any_of(content.applications, [](const Application& each) { return each.peers > kLastPeerReader; })) {
    return "an application's peers are read in a way that is not known";
  }
  if (std::ranges::any_of(content.applications, [](const Application& each) { return each.answers > kLastAnswerReader; })) {
    return "an application's answers are read in a way that is not known";
  }
  const Signature& none = content.signatures.front();
  if (none.transports != 0 || none.protocol != 0 || none.over.count != 0)
    return "signature 0 is not the empty one";
  if (!std::all_of(content.signatures.begin() + 1, content.signatures.end(),
                   [&](const Signature& signature) { return valid(signature, content); })) {
    return "a signature refers to something that is not there";
  }
  if (!std::ranges::all_of(content.predicates, [](const Predicate& predicate) {
        return valid(predicate.left) && valid(predicate.right) && predicate.comparison <= kLastComparison;
      })) {
    return "a test is not one that can be evaluated";
  }
  if (!std::ranges::all_of(content.over, known) ||
      !std::ranges::all_of(content.refinements, known, &Refinement::application) ||
      !std::ranges::all_of(content.applications, [&](const Application& each) { return each.peers_speak <= content.applications.size(); }) ||
      !std::ranges::all_of(content.port_guesses, known, &PortGuess::application) ||
      !std::ranges::all_of(content.hello_names, known, &HelloName::of) ||
      !std::ranges::all_of(content.hello_names, known, &HelloName::application)) {
    return "a rule names an application that is not there";
  }
  if (!std::ranges::all_of(content.hellos, [&](const HelloRule& hello) { return valid(hello, content); })) {
    return "a name by a ClientHello refers to something that is not there";
  }
  if (!std::ranges::is_sorted(content.port_guesses, {}, [](const PortGuess& guess) {
        return std::pair(guess.transport, guess.port);
      })) {
    return "port guesses are not in order";
  }
  return {};
}

}  // namespace

ScannerIdentity ScannerIdentity::of_this_machine() {
  hs_platform_info_t info{};
  std::string platform = "unknown";
  if (hs_populate_platform(&info) == HS_SUCCESS) {
    platform = "tune " + std::to_string(info.tune) + ", features " + std::to_string(info.cpu_features);
  }
  return {hs_version(), platform};
}

template <typename Bytes>
std::vector<uint8_t> encode_rule_blob(const RuleBlobIn<Bytes>& blob) {
  BlobWriter writer;
  auto& bytes = writer.bytes();
  bytes.assign(kMagic.begin(), kMagic.end());
  writer.field(kRuleBlobVersion);
  bytes.resize(kRuleBlobFieldsAt);
  blob_fields(writer, blob);
  BlobReader reader(std::span<const uint8_t>(bytes).subspan(kRuleBlobFieldsAt));
  RuleBlobView written;
  blob_fields(reader, written);
  std::ranges::copy(reader.short_digest(), bytes.begin() + kRuleBlobBodyAt);
  std::ranges::copy(sha256(std::span<const uint8_t>(bytes).subspan(kRuleBlobBodyAt)), bytes.begin() + kRuleBlobHashAt);
  return std::move(bytes);
}
template std::vector<uint8_t> encode_rule_blob(const RuleBlob&);
template std::vector<uint8_t> encode_rule_blob(const RuleBlobView&);

Result<RuleBlobView> decode_rule_blob(std::span<const uint8_t> bytes, BlobCheck check) {
  ByteReader header(bytes);
  const auto magic = header.take(kMagic.size());
  if (!magic || !std::ranges::equal(*magic, kMagic)) {
    return fail("not compiled rules: the first 8 bytes are not the magic WWRULES");
  }
  const auto version = header.le32();
  if (version != kRuleBlobVersion) {
    return fail("compiled rules have layout version " + (version ? std::to_string(*version) : "none") +
                ", this program reads version " + std::to_string(kRuleBlobVersion));
  }
  const auto digest = header.take(sizeof(Sha256Digest));
  const auto body = header.rest();
  const auto short_digest = header.take(sizeof(Sha256Digest));
  const auto damaged = [] {
    return fail("compiled rules are damaged: the SHA-256 in the header does not fit the bytes behind it");
  };
  const bool whole = check == BlobCheck::Whole;
  if (!digest || (whole && !std::ranges::equal(*digest, sha256(body))) || !short_digest) return damaged();
  BlobReader reader(header.rest());
  RuleBlobView blob;
  blob_fields(reader, blob);
  if (!reader.complete())
    return fail("compiled rules are damaged: a field ends beyond the data or data is left over");
  if (!whole && !std::ranges::equal(*short_digest, reader.short_digest())) return damaged();
  if (const auto fault = fault_in(blob.content); !fault.empty()) {
    return fail("compiled rules are damaged: " + std::string(fault));
  }
  return blob;
}

}  // namespace wirewatch
