// SPDX-License-Identifier: BSD-3-Clause
// What must hold of classification for any payloads at all. Run by the fuzzer and, over its past crashes, by
// the unit tests. Every payload is copied to a buffer of its exact size, so that the address sanitizer sees a
// byte read too far.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "control/rules/rule_compiler.h"
#include "dataplane/base/byte_reader.h"
#include "dataplane/classify/classifier.h"

namespace wirewatch::fuzz {

/// Loose on purpose: nearly everything matches something, in every strength.
inline std::shared_ptr<const RuleSet> loose_rules() {
  static const auto rules = [] {
    const auto compiled = compile_rules(RuleSources{{{"loose.toml", R"(
schema = 1
[[protocol]]
name = "tls"
category = "c"
  [[protocol.sig]]
  id = "tls"
  l4 = "tcp"
  regex = '^\x16'
  strength = "strong"
  extract = "tls.sni"
[[protocol]]
name = "http"
category = "c"
  [[protocol.sig]]
  id = "http"
  l4 = "tcp"
  regex = '^G'
  strength = "strong"
  extract = "http.host"
[[protocol]]
name = "quic"
category = "c"
udp_ports = [443]
  [[protocol.sig]]
  id = "quic"
  l4 = "udp"
  regex = '^[\xc0-\xff]'
  strength = "strong"
  extract = "quic.sni"
[[protocol]]
name = "over"
category = "c"
  [[protocol.sig]]
  id = "over"
  l4 = "any"
  dir = "server"
  regex = '^.{2}[a-z]'
  test = ["be32@-4 != 0", "len - 3 > u8@0 % 7"]
  strength = "strong"
  over = ["http", "weak"]
  refine = {field = "u8@1", 7 = "tls", 8 = "quic"}
[[protocol]]
name = "weak"
category = "c"
  [[protocol.sig]]
  id = "weak.port"
  l4 = "any"
  regex = '^[\x00-\x7f]'
  strength = "weak"
  confirm = "port"
  ports = [443]
  [[protocol.sig]]
  id = "weak.both"
  l4 = "any"
  regex = '^(?:[\x00-\x0f]\z|[\x10-\x1f])'
  strength = "weak"
  confirm = "both-directions"
)",
                                                      false}}});
    return compiled ? RuleSet::load(compiled->blob).value_or(nullptr) : nullptr;
  }();
  return rules;
}

inline bool is_host(std::string_view host) {
  return host.size() <= kLongestHostName && std::ranges::all_of(host, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                  c == ':';
         });
}

/// The input is a flow: a byte of options, then packets of {direction, le16 length, bytes}. Its rest and the
/// whole are given to the extractors as well. Empty when all is well.
inline std::string check_extractors(std::span<const uint8_t> input) {
  static Classifier classifier(loose_rules());
  static HostReader hosts;
  for (const auto& [extractor, name] : kExtractors) {
    const auto exact = std::make_unique<uint8_t[]>(input.size());
    std::ranges::copy(input, exact.get());
    if (!is_host(hosts.read(extractor, {exact.get(), input.size()})))
      return "an extractor gave what is no host";
  }
  ByteReader reader(input);
  const uint8_t options = reader.u8().value_or(0);
  constexpr std::array<uint8_t, 4> kProtocols{6, 17, 132, 1};
  const uint8_t ip_protocol = kProtocols[options & 3];
  const uint16_t server_port = (options & 4) != 0 ? 443 : 9;
  const uint64_t scans_before = classifier.counters().scans;
  ClassifyState state{};
  Evidence evidence = Evidence::None;
  while (const auto direction = reader.u8()) {
    const uint16_t wanted = reader.le16().value_or(0);
    const size_t length = std::min<size_t>(wanted, reader.remaining());
    const auto bytes = reader.rest().first(length);
    reader.skip(length);
    const auto exact = std::make_unique<uint8_t[]>(length);
    std::ranges::copy(bytes, exact.get());
    const bool was_done = state.done;
    const auto result = classifier.observe(state, {ip_protocol,
                                                   static_cast<FlowDirection>(*direction % 3),
                                                   5000,
                                                   server_port,
                                                   {exact.get(), length},
                                                   static_cast<uint32_t>(length + (*direction >> 6)),
                                                   (*direction & 4) != 0});
    if (!is_host(result.host)) return "the classifier gave what is no host";
    if (result.verdict.application > classifier.rules().application_count())
      return "a verdict of no application";
    if (was_done && !result.done) return "a flow that was done is not any more";
    if (result.verdict.evidence < evidence && result.verdict.evidence != Evidence::Confirmed) {
      return "a verdict became weaker";
    }
    evidence = result.verdict.evidence;
  }
  if (classifier.counters().scans - scans_before > 16) return "more scans than packets that may be scanned";
  if (classifier.counters().errors != 0) return "Hyperscan refused a scan";
  const Verdict verdict = classifier.finish(state, ip_protocol, 5000, server_port);
  return verdict.application > classifier.rules().application_count() ? "a last verdict of no application"
                                                                      : "";
}

}  // namespace wirewatch::fuzz
