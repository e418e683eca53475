// SPDX-License-Identifier: BSD-3-Clause
// The bundled programs on ports that belong to others: every server port of the scenario is rewritten to one that another
// protocol owns, and what spoke there must be named for what it is.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "dataplane/base/byte_order.h"
#include "dataplane/packet/parse.h"
#include "tests/pipeline/worker_run.h"
#include "tests/replay/scenario.h"

namespace wirewatch::testing {
namespace {

constexpr std::array<uint16_t, 9> kPortsOfOthers = {443, 3389, 111, 22, 6881, 53, 25, 389, 5060};
constexpr size_t kFileHeader = 24, kRecordHeader = 16;

struct ConversationEnds {
  std::string client, server;
  uint16_t client_port, server_port;
  uint8_t ip_protocol;
  friend auto operator<=>(const ConversationEnds&, const ConversationEnds&) = default;
};

ConversationEnds ends_of(const FlowRecord& flow) {
  return {flow.client.address.to_string(), flow.server.address.to_string(), flow.client.port, flow.server.port,
          flow.ip_protocol};
}

/// Never the port itself; the nth choice, so that every protocol meets several wrong ports.
uint16_t port_of_another(uint16_t port, size_t choice) {
  uint16_t wrong = kPortsOfOthers[(port + choice) % kPortsOfOthers.size()];
  if (wrong == port) wrong = kPortsOfOthers[(port + choice + 1) % kPortsOfOthers.size()];
  return wrong;
}

std::vector<uint8_t> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void store_be16(uint8_t* at, uint16_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

/// The scenario with every flow's server port replaced. Checksums are left as they are; nothing here looks at them.
std::vector<uint8_t> with_wrong_ports(const std::set<ConversationEnds>& flows, size_t choice) {
  std::vector<uint8_t> capture = read_file(bundled("scenario.cap"));
  for (size_t at = kFileHeader; at + kRecordHeader <= capture.size();) {
    const uint32_t length = load_le32(&capture[at + 8]);
    uint8_t* const frame = &capture[at + kRecordHeader];
    at += kRecordHeader + length;
    Layers layers;
    parse({.data = frame, .captured_length = length, .original_length = length, .time = {}}, {}, layers);
    if (!layers.has_flow) continue;
    const IpAddress source = ip_source(frame + layers.inner_offset, layers.inner_family);
    const IpAddress destination = ip_destination(frame + layers.inner_offset, layers.inner_family);
    const auto header = std::find_if(layers.protocols.begin(), layers.protocols.end(),
                                     [](Protocol each) { return each == Protocol::Tcp || each == Protocol::Udp; });
    if (header == layers.protocols.end()) continue;
    uint8_t* const transport = frame + layers.offsets[static_cast<size_t>(header - layers.protocols.begin())];
    const uint16_t source_port = load_be16(transport), destination_port = load_be16(transport + 2);
    const auto is_flow = [&](const IpAddress& client, uint16_t client_port, const IpAddress& server, uint16_t server_port) {
      return flows.contains({client.to_string(), server.to_string(), client_port, server_port, layers.key.ip_protocol});
    };
    if (is_flow(source, source_port, destination, destination_port)) {
      store_be16(transport + 2, port_of_another(destination_port, choice));
    } else if (is_flow(destination, destination_port, source, source_port)) {
      store_be16(transport, port_of_another(source_port, choice));
    }
  }
  return capture;
}

bool needs_its_port(const FlowRecord& flow) {
  return shipped_rules()->signature(flow.signature).strength == Strength::NeedsPort;
}

TEST(WrongPorts, DoNotChangeWhatAFlowIsCalled) {
  if (!scenario_is_set()) GTEST_SKIP() << "WIREWATCH_RULES and WIREWATCH_CAPTURES are not set; meson test sets them";
  const Report usual = report_of(bundled("scenario.cap"));
  std::set<ConversationEnds> flows;
  for (const FlowRecord& flow : usual.flows) flows.insert(ends_of(flow));
  for (size_t choice = 0; choice < kPortsOfOthers.size(); choice += 2) {
    const TemporaryFile file(with_wrong_ports(flows, choice));
    const Report wrong = report_of(file.path());
    std::map<ConversationEnds, const FlowRecord*> found;
    for (const FlowRecord& flow : wrong.flows) found[ends_of(flow)] = &flow;
    size_t compared = 0;
    for (const FlowRecord& flow : usual.flows) {
      if (flow.evidence < Evidence::Confirmed || needs_its_port(flow)) continue;
      ConversationEnds ends = ends_of(flow);
      ends.server_port = port_of_another(ends.server_port, choice);
      const auto other = found.find(ends);
      if (other == found.end()) continue;
      ++compared;
      EXPECT_EQ(shipped_rules()->application_name(other->second->application), shipped_rules()->application_name(flow.application))
          << ends.server << " port " << flow.server.port << " as " << ends.server_port;
      EXPECT_GE(other->second->evidence, Evidence::Confirmed) << ends.server << " port " << ends.server_port;
    }
    EXPECT_GE(compared, 300u);
  }
}

}  // namespace
}  // namespace wirewatch::testing
