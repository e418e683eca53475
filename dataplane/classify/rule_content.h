// SPDX-License-Identifier: BSD-3-Clause
// What compiled rules consist of beside the Hyperscan databases. The compiler fills it, the blob carries
// it, the rule set holds it; lists of all signatures lie end to end and a signature names its part by a
// range.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/classify/extractor.h"
#include "dataplane/classify/predicate.h"
#include "dataplane/base/verdict.h"

namespace wirewatch {

/// Transports a signature applies to, as bits.
inline constexpr uint8_t kTcpBit = 1;
inline constexpr uint8_t kUdpBit = 2;
inline constexpr uint8_t kSctpBit = 4;
inline constexpr uint8_t kAnyTransport = kTcpBit | kUdpBit | kSctpBit;

/// Senders a signature applies to, as bits.
inline constexpr uint8_t kClientBit = 1;
inline constexpr uint8_t kServerBit = 2;
inline constexpr uint8_t kAnySender = kClientBit | kServerBit;

/// Stands for signatures whose payloads may begin with many bytes; 0 to 255 are bytes.
inline constexpr uint16_t kAnyFirstByte = 256;

enum class Strength : uint8_t {
  Strong,               // final on its own
  NeedsPort,            // counts when either port is one of the signature's ports
  NeedsBothDirections,  // counts when the protocol matched weakly in the other direction too
};
inline constexpr Strength kLastStrength = Strength::NeedsBothDirections;

struct Range {
  uint32_t first = 0;
  uint32_t count = 0;
};

struct Signature {
  ApplicationId protocol = kUnknownApplication;
  uint8_t transports = 0;  // kTcpBit and so on
  uint8_t senders = 0;     // kClientBit and so on
  Strength strength = Strength::Strong;
  /// Only its ports can confirm it: looked for on these and nowhere else, with a database of its own.
  uint8_t by_port = 0;  // 0 or 1
  /// May make the verdict that it is over more specific in any of the first packets of its direction, not the first alone.
  uint8_t in_later_packets = 0;  // 0 or 1
  Extractor extractor = Extractor::None;
  uint32_t minimum_width = 0;  // of the expression in bytes: the longer of two matches is the more specific
  Range tests;                 // in RuleContent::predicates
  Range over;                  // in RuleContent::over
  Range ports;                 // in RuleContent::ports
  Range refinements;           // in RuleContent::refinements
  Operand refine_field;
};

struct Refinement {
  uint32_t value = 0;
  ApplicationId application = kUnknownApplication;
};

struct PortGuess {
  uint8_t transport = 0;  // one bit
  uint16_t port = 0;
  ApplicationId application = kUnknownApplication;
};

/// Whose messages name the ends that take part, so that an encrypted transfer between them is known.
enum class PeerReader : uint8_t { None, BitTorrent, EndpointMapper, Ftp };
inline constexpr PeerReader kLastPeerReader = PeerReader::Ftp;

/// Whose messages say which name an address has, so that a flow to it gets the name that was asked for.
enum class AnswerReader : uint8_t { None, Dns };
inline constexpr AnswerReader kLastAnswerReader = AnswerReader::Dns;

struct Application {
  std::string name;
  std::string category;
  PeerReader peers = PeerReader::None;
  ApplicationId peers_speak = kUnknownApplication;  // what flows to the ends it names are; unknown: the same
  AnswerReader answers = AnswerReader::None;
};

/// A more exact name by what the ClientHello inside a flow says: all that is given has to fit.
struct HelloRule {
  Range alpns;  // in RuleContent::hello_texts: what the client offers first; none: it offers nothing
  Range hosts;  // in RuleContent::hello_texts: domains, one of which the server's name is or lies below; none: any
  Range ports;  // in RuleContent::ports; none: any
  Range names;  // in RuleContent::hello_names
};
struct HelloName {
  ApplicationId of = kUnknownApplication;  // the flow so far, such as tls
  ApplicationId application = kUnknownApplication;
};

struct RuleContent {
  std::string sha256;                      // hexadecimal, of the rules this was compiled from
  std::vector<Application> applications;   // sorted by name; ApplicationId is the index plus one
  std::vector<std::string> signature_ids;  // [0] is empty: signature 0 is "none"
  std::vector<Signature> signatures;       // same index, sorted by id; also the id Hyperscan reports
  std::vector<Predicate> predicates;
  std::vector<ApplicationId> over;
  std::vector<uint16_t> ports;
  std::vector<Refinement> refinements;  // sorted by value within a signature
  std::vector<PortGuess> port_guesses;  // sorted by transport, then port
  std::vector<HelloRule> hellos;        // those that ask more come first
  std::vector<HelloName> hello_names;
  std::vector<std::string> hello_texts;
  uint32_t tcp_scan_limit = 0;          // bytes after which no expression of the database can begin to end
  uint32_t udp_scan_limit = 0;
};

}  // namespace wirewatch
