// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/app/config.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "dataplane/app/config_keys.h"
#include "dataplane/base/strict_toml.h"

namespace wirewatch {
namespace {

/// Reads each key into its place.
struct KeyReader {
  StrictTable& table;

  void key(std::string_view name, auto& value, std::string_view) { table.read(name, value); }
  void number(std::string_view name, auto& value, int64_t least, int64_t most, std::string_view) {
    table.read(name, value, least, most);
  }
  void numbers(std::string_view name, auto& value, int64_t least, int64_t most, std::string_view) {
    table.read(name, value, least, most);
  }
  void choice(std::string_view name, auto& value, const auto& choices, std::string_view) { table.read(name, value, choices); }
};

std::vector<IpPrefix> prefixes(StrictTable& table, std::string_view key, const std::vector<std::string>& texts) {
  std::vector<IpPrefix> all;
  for (const std::string& text : texts) {
    if (const auto prefix = IpPrefix::parse(text)) {
      all.push_back(*prefix);
    } else {
      table.complain(key, "'" + std::string(key) + "': " + prefix.error().message);
    }
  }
  return all;
}

PortConfig read_port(TomlFaults& faults, const toml::table& table) {
  StrictTable keys(faults, table, "[[dataplane.port]]");
  PortConfig port;
  keys.require("source");
  KeyReader reader{keys};
  visit_port_keys(reader, port);
  keys.finish();
  if (const auto spec = SourceSpec::parse(port.source)) {
    port.spec = *spec;
  } else if (keys.has("source")) {
    keys.complain("source", spec.error().message);
  }
  if (!port.lcores.empty() && port.lcores.size() != port.workers) {
    keys.complain("lcores", "'lcores' names " + std::to_string(port.lcores.size()) + " cores for " +
                                std::to_string(port.workers) + " workers; give one each, or none");
  }
  return port;
}

Result<DataplaneConfig> read_table(const toml::table& file, const std::string& path) {
  TomlFaults faults(path);
  DataplaneConfig config;
  StrictTable top(faults, file, "the file (its sections are [dataplane] and [control])");
  top.ignore("control");
  if (const toml::table* section = top.table("dataplane")) {
    StrictTable keys(faults, *section, "[dataplane]");
    KeyReader reader{keys};
    visit_dataplane_keys(reader, config);
    config.local_networks = prefixes(keys, "local", config.local);
    config.allow_list = prefixes(keys, "allow", config.allow);
    for (const toml::table* port : keys.tables("port")) config.ports.push_back(read_port(faults, *port));
    keys.finish();
  }
  top.finish();
  if (faults.any()) return tl::unexpected(faults.to_error());
  return config;
}

Result<void> check_inline(const std::vector<PortConfig>& ports, const PortConfig& port) {
  const auto partner = std::ranges::find(ports, port.inline_with, &PortConfig::name);
  if (partner == ports.end()) {
    std::vector<std::string> names;
    for (const PortConfig& each : ports) names.push_back(each.name);
    return fail("port '" + port.name + "' is to be inline with '" + port.inline_with + "', which is no port" +
                did_you_mean(port.inline_with, names));
  }
  if (&*partner == &port) return fail("port '" + port.name + "' is to be inline with itself; it takes two");
  if (partner->inline_with != port.name) {
    return fail("port '" + port.name + "' is inline with '" + partner->name + "', but not the other way round; give '" +
                partner->name + "' the line inline_with = \"" + port.name + "\"");
  }
  const bool captures = port.spec.kind == SourceKind::File || port.spec.kind == SourceKind::Replay;
  if (captures || port.spec.kind != partner->spec.kind) {
    return fail("ports '" + port.name + "' and '" + partner->name + "' are inline, and must both be dpdk:, both afxdp: or both afpacket:");
  }
  if (port.workers != partner->workers) {
    return fail("ports '" + port.name + "' and '" + partner->name + "' are inline and need the same number of workers");
  }
  if (!port.lcores.empty() && !partner->lcores.empty()) {
    return fail("ports '" + port.name + "' and '" + partner->name + "' are inline: the same workers poll both, and their cores ('lcores') "
                "belong to one of the two");
  }
  if (port.steering == Steering::Software) {
    return fail("port '" + port.name + "' is inline and cannot steer in software: packets would leave out of order");
  }
  return {};
}

/// The index of a port's partner in an inline pair, or its own.
size_t partner_of(const std::vector<PortConfig>& ports, size_t index) {
  if (ports[index].inline_with.empty()) return index;
  return static_cast<size_t>(std::ranges::find(ports, ports[index].inline_with, &PortConfig::name) - ports.begin());
}

/// Prints each key as TOML below its meaning.
struct KeyPrinter {
  std::string text;

  void line(std::string_view name, const std::string& value, std::string_view meaning) {
    text += "# " + std::string(meaning) + "\n" + std::string(name) + " = " + value + "\n";
  }
  static std::string quoted(std::string_view value) {
    std::string out = "\"";
    for (const char c : value) {
      constexpr std::string_view kHex = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        out += {'\\', c};
      } else if (byte < 0x20 || byte == 0x7f) {
        out += {'\\', 'u', '0', '0', kHex[byte >> 4], kHex[byte & 15]};
      } else {
        out += c;
      }
    }
    return out + '"';
  }
  template <typename T>
  static std::string list(const std::vector<T>& values) {
    std::string out;
    for (const T& value : values) {
      if (!out.empty()) out += ", ";
      if constexpr (std::is_same_v<T, std::string>) {
        out += quoted(value);
      } else {
        out += std::to_string(value);
      }
    }
    return "[" + out + "]";
  }
  void key(std::string_view name, const std::string& value, std::string_view meaning) { line(name, quoted(value), meaning); }
  void key(std::string_view name, bool value, std::string_view meaning) { line(name, value ? "true" : "false", meaning); }
  void key(std::string_view name, const std::vector<std::string>& value, std::string_view meaning) {
    line(name, list(value), meaning);
  }
  void number(std::string_view name, auto value, int64_t least, int64_t most, std::string_view meaning) {
    line(name, std::to_string(value), std::string(meaning) + " " + std::to_string(least) + " to " + std::to_string(most) + ".");
  }
  void numbers(std::string_view name, const auto& value, int64_t, int64_t, std::string_view meaning) {
    line(name, list(value), meaning);
  }
  void choice(std::string_view name, auto value, const auto& choices, std::string_view meaning) {
    for (const auto& [word, each] : choices) {
      if (each == value) line(name, quoted(word), meaning);
    }
  }
};

}  // namespace

Result<SourceSpec> SourceSpec::parse(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, SourceKind>, 4> kKinds{{{"dpdk", SourceKind::Dpdk},
                                                                         {"afpacket", SourceKind::AfPacket},
                                                                         {"afxdp", SourceKind::AfXdp},
                                                                         {"file", SourceKind::File}}};
  SourceSpec spec;
  if (text == "replay") return spec;
  const size_t colon = text.find(':');
  const std::string_view word = text.substr(0, colon);
  const auto kind = std::ranges::find(kKinds, word, &std::pair<std::string_view, SourceKind>::first);
  if (kind == kKinds.end() || colon == std::string_view::npos) {
    constexpr std::array<std::string_view, 5> kWords{"dpdk", "afpacket", "afxdp", "file", "replay"};
    return fail("'" + std::string(text) +
                "' is no source: expected dpdk:DEVARGS, afpacket:IFNAME, afxdp:IFNAME, file:PATH or replay" +
                (kind == kKinds.end() ? did_you_mean(word, kWords) : std::string{}));
  }
  spec.kind = kind->second;
  spec.target = text.substr(colon + 1);
  if (spec.kind == SourceKind::File) {
    constexpr std::string_view kSpeed = ",speed=";
    if (const size_t at = spec.target.rfind(kSpeed); at != std::string::npos) {
      const std::string speed = spec.target.substr(at + kSpeed.size());
      spec.target.resize(at);
      const auto [end, error] = std::from_chars(speed.data(), speed.data() + speed.size(), spec.speed);
      if (speed == "max") {
        spec.speed = 0;
      } else if (error != std::errc{} || end != speed.data() + speed.size() || !std::isfinite(spec.speed) || spec.speed <= 0) {
        return fail("speed '" + speed + "' is neither a number above 0 nor 'max'");
      }
    }
  }
  if (spec.target.empty()) return fail("'" + std::string(text) + "' says nothing after the colon");
  if ((spec.kind == SourceKind::AfPacket || spec.kind == SourceKind::AfXdp) && spec.target.size() > 15) {
    return fail("'" + spec.target + "' is longer than a name of an interface can be (15 characters)");
  }
  return spec;
}

Result<DataplaneConfig> parse_config(std::string_view text, const std::string& path) {
  const auto table = parse_toml(text, path);
  if (!table) return tl::unexpected(table.error());
  return read_table(*table, path);
}

Result<DataplaneConfig> read_config(const std::string& path) {
  const auto table = read_toml_file(path);
  if (!table) return tl::unexpected(table.error());
  return read_table(*table, path);
}

Result<void> add_port(DataplaneConfig& config, const std::string& text) {
  auto spec = SourceSpec::parse(text);
  if (!spec) return tl::unexpected(spec.error());
  PortConfig port;
  port.source = text;
  port.spec = std::move(*spec);
  config.ports.push_back(std::move(port));
  return {};
}

Result<void> complete_config(DataplaneConfig& config) {
  if (config.control_socket.empty()) config.control_socket = default_control_socket();
  constexpr size_t kLongestSocketPath = 107;  // sun_path
  if (config.control_socket.size() > kLongestSocketPath) {
    return fail("the control socket's path has " + std::to_string(config.control_socket.size()) +
                " characters; a Unix socket takes at most 107");
  }
  for (const std::string& argument : config.eal_arguments) {
    if (argument == "-h" || argument == "--help") {
      return fail("eal_arguments has '" + argument + "', with which DPDK prints its help and ends the process instead of starting");
    }
  }
  std::set<std::string> names;
  std::map<unsigned, std::string> taken;
  size_t workers = 0;
  for (size_t i = 0; i < config.ports.size(); ++i) {
    PortConfig& port = config.ports[i];
    if (port.name.empty()) port.name = "port" + std::to_string(i);
    if (port.name.size() > 31) return fail("the port name '" + port.name + "' is longer than 31 characters");
    if (!names.insert(port.name).second) return fail("two ports are called '" + port.name + "'");
    const bool one_reader = port.spec.kind == SourceKind::File || port.spec.kind == SourceKind::Replay;
    if (one_reader && port.workers != 1) {
      return fail("port '" + port.name + "' reads a capture, which one worker does; it cannot have " + std::to_string(port.workers));
    }
    for (const unsigned lcore : port.lcores) {
      const auto [at, fresh] = taken.emplace(lcore, port.name);
      if (!fresh) return fail("core " + std::to_string(lcore) + " is given to port '" + at->second + "' and again to '" + port.name + "'");
    }
  }
  for (size_t i = 0; i < config.ports.size(); ++i) workers += workers_of(config, i);
  if (workers > kMostWorkers) return fail("all ports together have " + std::to_string(workers) + " workers; at most 64 are possible");
  for (const PortConfig& port : config.ports) {
    if (port.inline_with.empty()) continue;
    if (const auto checked = check_inline(config.ports, port); !checked) return checked;
  }
  return {};
}

unsigned workers_of(const DataplaneConfig& config, size_t index) {
  return partner_of(config.ports, index) < index ? 0 : config.ports[index].workers;
}

const std::vector<unsigned>& lcores_of(const DataplaneConfig& config, size_t index) {
  const std::vector<unsigned>& own = config.ports[index].lcores;
  return own.empty() ? config.ports[partner_of(config.ports, index)].lcores : own;
}

std::string print_config(const DataplaneConfig& config) {
  KeyPrinter printer;
  printer.text = "[dataplane]\n";
  visit_dataplane_keys(printer, config);
  std::vector<PortConfig> ports = config.ports;
  if (ports.empty()) ports.emplace_back();
  for (const PortConfig& port : ports) {
    printer.text += "\n[[dataplane.port]]\n";
    visit_port_keys(printer, port);
  }
  return printer.text;
}

std::string default_control_socket() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  return (runtime != nullptr && *runtime == '/' ? std::string(runtime) : std::string("/run")) + "/wirewatch/dataplane.sock";
}

}  // namespace wirewatch
