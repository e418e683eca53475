// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/block_request.h"

#include <array>
#include <nlohmann/json.hpp>

#include "dataplane/base/timestamp.h"
#include "dataplane/flow/records.h"

namespace wirewatch {
namespace {

using nlohmann::json;


Result<Endpoint> read_end(const json& flow, const char* key) {
  const auto end = flow.find(key);
  if (end == flow.end() || !end->is_object()) return fail("a flow needs \"" + std::string(key) + "\": {\"address\": ..., \"port\": ...}");
  auto address = IpAddress::parse(end->value("address", std::string()));
  if (!address) return tl::unexpected(address.error());
  const int64_t port = end->value("port", int64_t{0});
  if (port < 0 || port > 65'535) return fail("port " + std::to_string(port) + " is not in 0 to 65535");
  return Endpoint{*address, static_cast<uint16_t>(port)};
}

Result<uint8_t> read_protocol(const json& flow) {
  const auto protocol = flow.find("protocol");
  if (protocol != flow.end() && protocol->is_number_unsigned() && protocol->get<uint64_t>() <= 255) return protocol->get<uint8_t>();
  if (protocol != flow.end() && protocol->is_string()) {
    for (const uint8_t number : std::array<uint8_t, 5>{6, 17, 132, 33, 136}) {
      if (transport_name(number) == protocol->get<std::string>()) return number;
    }
  }
  return fail("a flow needs \"protocol\": \"tcp\", \"udp\", \"sctp\" or a number up to 255");
}

Result<BlockedFlow> read_flow(const json& flow) {
  const auto source = read_end(flow, "source");
  if (!source) return tl::unexpected(source.error());
  const auto destination = read_end(flow, "destination");
  if (!destination) return tl::unexpected(destination.error());
  const auto protocol = read_protocol(flow);
  if (!protocol) return tl::unexpected(protocol.error());
  if (source->address.family != destination->address.family) return fail("both ends of a flow must be IPv4, or both IPv6");
  return BlockedFlow{*source, *destination, *protocol};
}

json json_of(const Endpoint& end) { return {{"address", end.address.to_string()}, {"port", end.port}}; }

void add_expiry(json& row, Timestamp until) {
  if (until != BlockTable::kForever) row["expires"] = static_cast<double>(until.ns) / static_cast<double>(kSecond_ns);
}

}  // namespace

Result<BlockRequest> read_block_request(const json& request) {
  BlockRequest read;
  if (const auto prefix = request.find("prefix"); prefix != request.end()) {
    const auto parsed = IpPrefix::parse(prefix->get<std::string>());
    if (!parsed) return tl::unexpected(parsed.error());
    read.prefix = *parsed;
  }
  if (const auto flow = request.find("flow"); flow != request.end()) {
    const auto parsed = read_flow(*flow);
    if (!parsed) return tl::unexpected(parsed.error());
    read.flow = *parsed;
  }
  if (const auto name = request.find("name"); name != request.end()) {
    constexpr size_t kLongest = 64;
    read.name = BlockedName{name->get<std::string>(), false};
    if (read.name->name.empty() || read.name->name.size() > kLongest) return fail("a name has 1 to 64 characters");
  }
  if (const auto allow = request.find("allow"); allow != request.end()) {
    for (const json& each : allow->is_array() ? *allow : json::array({*allow})) {
      const auto parsed = IpPrefix::parse(each.get<std::string>());
      if (!parsed) return tl::unexpected(parsed.error());
      read.allow.push_back(*parsed);
    }
  }
  if (const auto expires = request.find("expires"); expires != request.end() && !expires->is_null()) {
    const double seconds = expires->get<double>();
    if (!(seconds > 0) || seconds > 9e9) return fail("\"expires\" is a time in seconds since 1970");
    read.until = Timestamp{static_cast<int64_t>(seconds * static_cast<double>(kSecond_ns))};
  }
  if (!read.prefix && !read.flow && !read.name && read.allow.empty()) {
    return fail("name what is meant: \"prefix\", \"flow\", \"name\" (of an application or a category) or \"allow\"");
  }
  return read;
}

Result<void> BlockRequest::add_to(BlockTable& table, Timestamp otherwise) const {
  const Timestamp end = until.value_or(otherwise);
  for (const IpPrefix& each : allow) {
    if (const auto added = table.allow(each); !added) return added;
  }
  if (prefix) {
    if (const auto added = table.block(*prefix, end); !added) return added;
  }
  if (name) {
    if (const auto added = table.block(*name, end); !added) return added;
  }
  return flow ? table.block(*flow, end) : Result<void>{};
}

Result<void> BlockRequest::take_from(BlockTable& table) const {
  bool all = true;
  for (const IpPrefix& each : allow) all = table.disallow(each) && all;
  if (prefix) all = table.unblock(*prefix) && all;
  if (flow) all = table.unblock(*flow) && all;
  if (name) all = table.unblock(*name) && all;
  if (!all) return fail("that was not on the list");
  return {};
}

json json_of(const BlockTable& table) {
  json prefixes = json::array(), flows = json::array(), names = json::array(), allow = json::array();
  for (const auto& [prefix, until] : table.prefixes()) {
    prefixes.push_back({{"prefix", prefix.to_string()}});
    add_expiry(prefixes.back(), until);
  }
  for (const auto& [flow, until] : table.flows()) {
    flows.push_back({{"flow", {{"source", json_of(flow.source)}, {"destination", json_of(flow.destination)}, {"protocol", flow.ip_protocol}}}});
    add_expiry(flows.back(), until);
  }
  for (const auto& [name, until] : table.names()) {
    names.push_back({{"name", name.name}, {"kind", name.category ? "category" : "application"}});
    add_expiry(names.back(), until);
  }
  for (const IpPrefix& prefix : table.allowed()) allow.push_back(prefix.to_string());
  return {{"prefixes", prefixes}, {"flows", flows}, {"names", names}, {"allow", allow}};
}

}  // namespace wirewatch
