// SPDX-License-Identifier: BSD-3-Clause
// What the data plane is told to do: the [dataplane] section of the configuration file and the options that stand in for
// it. The initial values below are the defaults that --print-config shows; config_keys.h lists the keys.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/result.h"
#include "dataplane/packet/ip_address.h"

namespace wirewatch {

enum class SourceKind : uint8_t { Dpdk, AfPacket, AfXdp, File, Replay };

/// `dpdk:DEVARGS`, `afpacket:IFNAME`, `afxdp:IFNAME`, `file:PATH[,speed=X|max]` or `replay`.
struct SourceSpec {
  SourceKind kind = SourceKind::Replay;
  std::string target;  // device arguments, interface or path; empty for replay
  double speed = 1.0;  // of a file: times the pace of its timestamps; 0 is as fast as it goes

  static Result<SourceSpec> parse(std::string_view text);
};

enum class IdleMode : uint8_t {
  Adaptive,  // spin for a moment, then sleep longer and longer, up to idle_sleep_us
  Spin,      // never sleep: a core at 100 %, no time to wake
};
enum class Steering : uint8_t {
  Auto,      // by the NIC when it can be told a symmetric hash, else in software
  Nic,       // trust the NIC's spreading to be symmetric
  Software,  // every packet by its flow's hash, over rings between the workers
};
enum class TimestampPolicy : uint8_t {
  Auto,   // hardware stamps when there are any and they agree with the system's clock
  Trust,  // hardware stamps as they are, unchecked
  Off,    // never
};
enum class HugepagePolicy : uint8_t { Auto, On, Off };

struct PortConfig {
  std::string name;
  std::string source = "replay";
  unsigned workers = 1;
  std::vector<unsigned> lcores;
  Steering steering = Steering::Auto;
  TimestampPolicy timestamps = TimestampPolicy::Auto;
  bool decapsulate = false;
  bool vlan_in_key = false;
  bool vni_in_key = false;
  std::string inline_with;
  unsigned descriptors = 1024;
  unsigned pool = 0;
  unsigned buffer_bytes = 2048;
  unsigned mtu = 9000;
  bool promiscuous = true;
  bool generic_xdp = false;

  SourceSpec spec{};  // what `source` says
};

struct DataplaneConfig {
  std::string control_socket;
  std::string rules;
  std::vector<std::string> local;
  std::vector<std::string> allow;
  uint64_t max_flows = 1'000'000;
  uint64_t max_pending_syns = 1'000'000;
  uint64_t max_table_rows = 100'000;
  unsigned publish_interval_ms = 1000;
  IdleMode idle = IdleMode::Adaptive;
  unsigned idle_sleep_us = 500;
  HugepagePolicy hugepages = HugepagePolicy::Auto;
  unsigned memory_mb = 256;
  std::vector<std::string> eal_arguments;
  unsigned capture_ring_mib = 32;
  std::vector<PortConfig> ports;

  std::vector<IpPrefix> local_networks{};  // what `local` says
  std::vector<IpPrefix> allow_list{};      // what `allow` says
};

/// Reads the text of a configuration file; `path` is for the errors, of which every one is given, a line each.
Result<DataplaneConfig> parse_config(std::string_view text, const std::string& path);
Result<DataplaneConfig> read_config(const std::string& path);

/// Adds what `--port SPEC` says as one more port.
Result<void> add_port(DataplaneConfig& config, const std::string& spec);
/// Names unnamed ports, and checks what needs all ports to be known: double names, inline partners, lcores.
Result<void> complete_config(DataplaneConfig& config);

/// How many workers port number `index` brings: the second half of an inline pair none, since the first one's poll both.
unsigned workers_of(const DataplaneConfig& config, size_t index);
/// Their cores. Those of a pair may stand with either half.
const std::vector<unsigned>& lcores_of(const DataplaneConfig& config, size_t index);

/// All of it as a configuration file, every key with its meaning: what --print-config shows.
std::string print_config(const DataplaneConfig& config);

/// $XDG_RUNTIME_DIR/wirewatch/dataplane.sock, or /run/wirewatch/dataplane.sock.
std::string default_control_socket();

}  // namespace wirewatch
