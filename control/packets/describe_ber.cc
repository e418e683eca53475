// SPDX-License-Identifier: BSD-3-Clause
// Protocols written in BER: SNMP (RFC 3416) and LDAP (RFC 4511).
#include <array>
#include <optional>

#include "control/packets/describe.h"
#include "dataplane/base/byte_reader.h"

namespace wirewatch {
namespace {

/// One BER element (X.690); nullopt when it breaks off.
struct Element {
  uint8_t tag;
  std::span<const uint8_t> content;
};
std::optional<Element> take_element(ByteReader& reader) noexcept {
  const auto tag = reader.u8();
  auto length = reader.u8();
  if (!tag || !length) return {};
  size_t size = *length;
  if (size >= 0x80) {
    size_t octets = size & 0x7f;
    if (octets == 0 || octets > 4) return {};
    for (size = 0; octets-- > 0;) {
      if (!(length = reader.u8())) return {};
      size = size << 8 | *length;
    }
  }
  const auto content = reader.take(size);
  if (!content) return {};
  return Element{*tag, *content};
}

void put_object_identifier(std::span<const uint8_t> content, InfoText& info) noexcept {
  bool first = true;
  uint64_t number = 0;
  for (const uint8_t octet : content) {
    number = number << 7 | (octet & 0x7f);
    if ((octet & 0x80) != 0) continue;
    if (first) {
      const uint64_t root = std::min<uint64_t>(number / 40, 2);
      info.put(root, ".", number - root * 40);
      first = false;
    } else {
      info.put(".", number);
    }
    number = 0;
  }
}

constexpr uint8_t kSequence = 0x30;

/// A small number, as message ids and result codes are.
uint64_t number_of(std::span<const uint8_t> content) noexcept {
  uint64_t number = 0;
  for (const uint8_t octet : content.first(std::min<size_t>(content.size(), 8))) number = number << 8 | octet;
  return number;
}

std::string_view ldap_operation(uint8_t tag) noexcept {
  switch (tag) {
    case 0x60: return "bindRequest";
    case 0x61: return "bindResponse";
    case 0x42: return "unbindRequest";
    case 0x63: return "searchRequest";
    case 0x64: return "searchResEntry";
    case 0x65: return "searchResDone";
    case 0x66: return "modifyRequest";
    case 0x67: return "modifyResponse";
    case 0x68: return "addRequest";
    case 0x69: return "addResponse";
    case 0x4a: return "delRequest";
    case 0x6b: return "delResponse";
    case 0x6c: return "modDNRequest";
    case 0x6d: return "modDNResponse";
    case 0x6e: return "compareRequest";
    case 0x6f: return "compareResponse";
    case 0x50: return "abandonRequest";
    case 0x73: return "searchResRef";
    case 0x77: return "extendedReq";
    case 0x78: return "extendedResp";
    default: return {};
  }
}

std::string_view ldap_result(uint64_t code) noexcept {
  switch (code) {
    case 0: return "success";
    case 1: return "operationsError";
    case 2: return "protocolError";
    case 8: return "strongerAuthRequired";
    case 14: return "saslBindInProgress";
    case 32: return "noSuchObject";
    case 49: return "invalidCredentials";
    case 50: return "insufficientAccessRights";
    case 53: return "unwillingToPerform";
    default: return "other";
  }
}

void put_ldap_name(std::span<const uint8_t> name, InfoText& info) noexcept {
  info.put("\"");
  if (name.empty()) {
    info.put("<ROOT>");
  } else {
    info.put(Escaped{name});
  }
  info.put("\" ");
}

void put_ldap_body(uint8_t tag, std::span<const uint8_t> content, InfoText& info) noexcept {
  enum : uint8_t { kBindRequest = 0x60, kBindResponse = 0x61, kSearchRequest = 0x63, kSearchEntry = 0x64, kSearchDone = 0x65 };
  constexpr std::array<std::string_view, 3> kScopes{"baseObject", "singleLevel", "wholeSubtree"};
  constexpr uint8_t kSimple = 0x80;
  ByteReader fields(content);
  if (tag == kBindRequest) {
    take_element(fields);  // the protocol's version
    if (const auto name = take_element(fields)) put_ldap_name(name->content, info);
    if (const auto how = take_element(fields)) info.put(how->tag == kSimple ? "simple " : "sasl ");
  } else if (tag == kSearchRequest) {
    if (const auto base = take_element(fields)) put_ldap_name(base->content, info);
    const auto scope = take_element(fields);
    if (scope && number_of(scope->content) < kScopes.size()) info.put(kScopes[number_of(scope->content)], " ");
  } else if (tag == kSearchEntry) {
    if (const auto name = take_element(fields)) put_ldap_name(name->content, info);
  } else if (tag == kBindResponse || tag == kSearchDone || (tag & 1) != 0) {
    if (const auto result = take_element(fields)) info.put(ldap_result(number_of(result->content)), " ");
  }
}

}  // namespace

bool describe_snmp(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr uint8_t kObjectIdentifier = 0x06, kFirstRequest = 0xa0, kTrapOfVersion1 = 0xa4;
  constexpr std::array<std::string_view, 9> kRequests{"get-request", "get-next-request", "get-response",
                                                      "set-request", "trap", "getBulkRequest", "informRequest",
                                                      "snmpV2-trap", "report"};
  ByteReader packet(data.bytes);
  const auto message = take_element(packet);
  if (!message || message->tag != kSequence) return false;
  ByteReader fields(message->content);
  const auto version = take_element(fields);
  if (!version || version->content.size() != 1) return false;
  auto request = take_element(fields);  // the community
  request = take_element(fields);
  constexpr uint8_t kVersion3 = 3;
  if (version->content[0] == kVersion3) {
    request = take_element(fields);  // the security parameters came before
    if (request && request->tag != kSequence) {
      line.info.clear();
      line.info.put("encryptedPDU: privKey Unknown");
      return true;
    }
    if (!request) return false;
    ByteReader scoped(request->content);
    take_element(scoped);
    take_element(scoped);
    request = take_element(scoped);
  }
  if (!request || request->tag < kFirstRequest || request->tag >= kFirstRequest + kRequests.size()) return false;
  line.info.clear();
  line.info.put(kRequests[request->tag - kFirstRequest]);
  if (request->tag == kTrapOfVersion1) return true;
  ByteReader body(request->content);
  for (int i = 0; i < 3; ++i) take_element(body);  // number, error, place of the error
  const auto variables = take_element(body);
  if (!variables) return true;
  ByteReader list(variables->content);
  while (const auto variable = take_element(list)) {
    ByteReader pair(variable->content);
    const auto name = take_element(pair);
    if (!name || name->tag != kObjectIdentifier) return true;
    line.info.put(" ");
    put_object_identifier(name->content, line.info);
  }
  return true;
}

bool describe_ldap(const ApplicationData& data, PacketLine& line) noexcept {
  constexpr uint8_t kInteger = 0x02;
  ByteReader reader(data.bytes);
  bool any = false;
  while (const auto message = take_element(reader)) {
    if (message->tag != kSequence) break;
    ByteReader fields(message->content);
    const auto id = take_element(fields);
    const auto operation = take_element(fields);
    if (!id || id->tag != kInteger || !operation) break;
    const std::string_view name = ldap_operation(operation->tag);
    if (name.empty()) break;
    if (!any) line.info.clear();
    line.info.put(any ? " | " : "", name, "(", number_of(id->content), ") ");
    put_ldap_body(operation->tag, operation->content, line.info);
    any = true;
  }
  return any;
}

}  // namespace wirewatch
