// SPDX-License-Identifier: BSD-3-Clause
// The report as values: everything `wirewatch inspect` can say of a capture, in the order in which it is printed.
// The analysis fills it, the writers (text, JSON, CSV) only read it. A field that is not known is absent, never 0.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/classify/host_list.h"
#include "dataplane/flow/records.h"

namespace wirewatch {

/// Named counters in a fixed order, e.g. {"ipv4_short", 3}.
using NamedCounts = std::vector<std::pair<std::string, uint64_t>>;

struct CaptureSection {
  std::string path;
  std::string format;                       // pcap, pcapng, netmon
  std::string link_type;                    // EN10MB, RAW, ... or "mixed"
  Traffic traffic;
  std::optional<Timestamp> first_timestamp; // smallest; absent when no frame has a time
  std::optional<Timestamp> last_timestamp;  // largest
  std::string last_timestamp_beyond;        // "seconds.nnnnnnnnn" of a frame later than nanoseconds can express, or empty
  std::string timestamp_source = "file";
  int64_t timestamp_resolution_ns = 1000;
  bool truncated = false;
  std::string damage;                       // empty, or the sentence that says what is wrong with the file
  NamedCounts unread;
};

/// Percentiles of the syn_ack_rtt_ns of one group that are timed(), in nanoseconds.
struct RttSummary {
  uint64_t count = 0;                       // samples behind the percentiles
  std::optional<int64_t> p50_ns, p90_ns, p99_ns, max_ns, min_ns;
};

struct HandshakeGroup {
  Endpoint server;                          // for the per-port table the address is empty
  RttSummary rtt;
  uint64_t attempts = 0;                    // all attempts of the group, whatever their outcome
  uint64_t established = 0, refused = 0, unanswered = 0, half_open = 0, ambiguous = 0;
  uint64_t clock_unsteady = 0;              // live: timed by a clock that was stepped meanwhile
  bool other = false;                       // all groups beyond the bound of a live table, as one
};

struct HierarchyNode {
  std::string_view protocol;                // tshark's name for layers 2 to 4 and tunnels, ours for applications
  Traffic traffic;
  std::optional<Traffic> sent;              // by the flows' clients, or from the networks given with --local
  std::optional<Traffic> received;
  std::vector<HierarchyNode> children;      // most packets first, then by name
};

struct DestinationPort {
  uint8_t ip_protocol = 0;
  uint16_t port = 0;
  Traffic traffic;
};

struct Destination {
  IpAddress address;
  Traffic traffic;
  std::vector<DestinationPort> ports;       // most packets first, then by transport and port
};

/// tshark's "endpoints": every outermost address, what it sent and what it received, and whose connections.
struct EndpointRow {
  IpAddress address;
  Traffic sent;
  Traffic received;
  uint64_t connections_opened = 0;          // flows of which it is the client
  uint64_t connections_accepted = 0;        // flows of which it is the server
};

/// The initiator view: who opened connections to whom.
struct Conversation {
  IpAddress client;
  Endpoint server;
  uint8_t ip_protocol = 0;
  uint64_t connections = 0;
  Traffic to_server;
  Traffic to_client;
  std::string_view application;             // of most of its packets; "unknown" when none is known
};

/// Whom a client talked to by the names it gave or asked for: the services that the list of hosts knows.
struct ServiceRow {
  IpAddress client;
  std::string_view service;
  std::string_view category;
  uint64_t flows = 0;
  Traffic to_server;
  Traffic to_client;

  Traffic traffic() const noexcept { return {to_server.packets + to_client.packets, to_server.bytes + to_client.bytes}; }
};

struct ApplicationRow {
  std::string_view name;
  std::string_view category;
  Evidence evidence = Evidence::None;       // the strongest evidence among its flows; Port rows are guesses, shown apart
  uint64_t flows = 0;
  Traffic traffic;
  Traffic sent;                             // clients to servers, or out of --local
  Traffic received;
};

/// A flow that matches the policy's unwanted names or categories.
struct UnwantedRow {
  std::string_view application;
  std::string_view category;
  Endpoint client;
  Endpoint server;
  uint8_t ip_protocol = 0;
  Evidence evidence = Evidence::None;
  Timestamp first_time;
  Timestamp last_time;
  Traffic traffic;
  std::string_view host;
};

/// Every frame that was read is processed: read == processed. `malformed` counts the processed frames that were not fully
/// understood, each frame in exactly one name: processed == understood + sum(malformed). What could not be read of the
/// file is in CaptureSection::unread.
struct AccountingSection {
  uint64_t read = 0;
  uint64_t processed = 0;
  uint64_t understood = 0;
  NamedCounts malformed;                    // only the counters that are not zero
  NamedCounts evicted;                      // flows, pending SYNs, table rows given up for want of room
  uint64_t guessed = 0;                     // flows whose application is a guess from the port
  uint64_t classified = 0;                  // flows with payload or confirmed evidence
  uint64_t unclassified = 0;                // flows with payload and no name at all
  uint64_t without_payload = 0;             // flows that carried no payload
};

struct Report {
  CaptureSection capture;
  RttSummary rtt_overall;
  std::vector<HandshakeRecord> handshakes;          // by time of the first SYN, then by frame; empty unless kept
  std::vector<HandshakeRecord> slowest_handshakes;  // the few timed ones whose SYN,ACK took longest, slowest first
  uint64_t handshake_count = 0;                     // all attempts, kept or not
  HandshakeGroup handshake_totals;                  // counts by outcome over all attempts
  std::vector<HandshakeGroup> handshakes_by_server; // most attempts first
  std::vector<HandshakeGroup> handshakes_by_port;   // server ports
  std::vector<HierarchyNode> protocol_hierarchy;
  std::vector<Destination> destinations;            // most packets first
  std::vector<EndpointRow> endpoints;
  std::vector<Conversation> conversations;
  // How many rows these tables have in all; the analysis may have been asked for the first ones only.
  uint64_t handshake_server_count = 0;
  uint64_t handshake_port_count = 0;
  uint64_t destination_count = 0;
  uint64_t endpoint_count = 0;
  uint64_t conversation_count = 0;
  std::vector<FlowRecord> flows;                    // by first frame; empty unless kept
  uint64_t flow_count = 0;
  std::vector<ApplicationRow> applications;         // most packets first
  std::vector<ServiceRow> services;                 // most packets first
  uint64_t service_count = 0;
  bool policy_given = false;                        // --unwanted or a policy file was given
  std::vector<UnwantedRow> unwanted;
  AccountingSection accounting;
  std::string rules_sha256;
  /// Which services the flows' hosts belong to; absent: none are known.
  std::shared_ptr<const HostList> hosts;
  /// Names of applications: index is the ApplicationId of flows. Owned by the rule set, which outlives the report.
  std::vector<std::string_view> application_names;
  std::vector<std::string_view> application_categories;
  /// Keeps alive what the string views of the report point to.
  std::shared_ptr<const void> storage;
};

}  // namespace wirewatch
