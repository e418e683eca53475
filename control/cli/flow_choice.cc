// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/flow_choice.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace wirewatch {
namespace {

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Endpoint> endpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = number(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto address = IpAddress::parse(host);
  if (!port || *port > 65535 || !address) return std::nullopt;
  return Endpoint{*address, static_cast<uint16_t>(*port)};
}

Error not_a_flow(std::string_view text, const std::string& why) {
  return Error{"--flow '" + std::string(text) + "': " + why +
               "; expected a number of the report's list of flows, or CLIENT:PORT-SERVER:PORT"};
}

}  // namespace

Result<size_t> choose_flow(std::string_view text, const std::vector<FlowRecord>& flows) {
  if (const auto index = number(text)) {
    if (*index >= 1 && *index <= flows.size()) return static_cast<size_t>(*index - 1);
    return tl::unexpected(not_a_flow(text, "the capture has flows 1 to " + std::to_string(flows.size())));
  }
  std::string_view ends = text;
  std::string_view transport;
  for (const std::string_view each : {"tcp:", "udp:", "sctp:"}) {
    if (ends.starts_with(each)) transport = each.substr(0, each.size() - 1);
  }
  if (!transport.empty()) ends = ends.substr(transport.size() + 1);
  const size_t dash = ends.find('-');
  const auto one = endpoint(ends.substr(0, dash));
  const auto other = dash == std::string_view::npos ? std::nullopt : endpoint(ends.substr(dash + 1));
  if (!one || !other) return tl::unexpected(not_a_flow(text, "this names no flow"));
  const auto at = std::ranges::find_if(flows, [&](const FlowRecord& flow) {
    const bool between = (flow.client == *one && flow.server == *other) || (flow.client == *other && flow.server == *one);
    return between && (transport.empty() || transport == transport_name(flow.ip_protocol));
  });
  if (at == flows.end()) return tl::unexpected(not_a_flow(text, "the capture has no flow between these ends"));
  return static_cast<size_t>(at - flows.begin());
}

}  // namespace wirewatch
