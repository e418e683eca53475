// SPDX-License-Identifier: BSD-3-Clause
// What the control daemon is told to do: the [control] section of the file that it shares with the data plane. The
// initial values below are the defaults. Wrong types, ranges and unknown keys are refused with their line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/api/access.h"
#include "dataplane/base/result.h"

namespace wirewatch {

enum class DataplaneMode : uint8_t {
  Auto,    // start it when the file has a [dataplane] section, else attach
  Attach,  // wait for somebody else to start it
  Start,   // start it when nobody answers on its socket, and again when it ends
};

struct DaemonConfig {
  std::string api_socket;        // empty: $XDG_RUNTIME_DIR/wirewatch/api.sock, else /run/wirewatch/api.sock
  std::string dataplane_socket;  // empty: control_socket of [dataplane], else dataplane.sock in the same folder
  std::string listen;            // empty: no TCP; else "127.0.0.1:9090"
  std::string token_file;        // empty: $CREDENTIALS_DIRECTORY/token when systemd set it, else no token
  std::string rules;             // empty: where the other commands find theirs
  std::string operator_rules;    // empty: none
  std::string rule_cache;        // empty: as for the other commands; "none": compile every time
  bool watch_rules = true;       // reload when a rule file changes
  std::vector<std::string> unwanted;  // applications and categories that raise alerts
  std::string captures;          // the folder from which replay takes names; empty: absolute paths over the Unix socket only
  std::string capture_directory; // of capture sessions; empty: $STATE_DIRECTORY/captures under systemd, else
                                 // $XDG_STATE_HOME/wirewatch/captures, else /var/lib for root; "none": no sessions
  uint64_t capture_quota = uint64_t{10} << 30;  // bytes on that disk, "10G"
  unsigned most_captures = 16;   // that run at a time
  DataplaneMode dataplane = DataplaneMode::Auto;
  std::string dataplane_program; // empty: wirewatch-dataplane beside this program, else on $PATH
  std::vector<std::string> dataplane_arguments;  // behind --config FILE --control-socket PATH
  uint64_t most_flows = 50'000;  // recent flows kept, about 400 bytes each
  uint64_t most_handshakes = 10'000;  // recent handshakes kept, 176 bytes each
  uint64_t most_alerts = 10'000;
  uint64_t most_servers = 512;   // with percentiles of their own, in each slice of time
  uint64_t most_ports = 256;     // the same for server ports
  uint64_t metric_ports = 16;    // server ports with a histogram of their own in /metrics, on each capture port
  uint64_t most_connections = 64;
  unsigned tick_ms = 50;         // how often the event rings are emptied

  std::string path;                            // of the file; empty without one
  std::optional<ListenAddress> listen_address; // what `listen` says
};

/// The text of a configuration file; without a [control] section everything has its default.
Result<DaemonConfig> parse_daemon_config(std::string_view text, const std::string& path);
Result<DaemonConfig> read_daemon_config(const std::string& path);
/// Fills in what depends on the environment: sockets, the token's file, whether to start the data plane.
Result<void> complete_daemon_config(DaemonConfig& config);

/// $XDG_RUNTIME_DIR/wirewatch/NAME, else /run/wirewatch/NAME.
std::string runtime_path(const std::string& name);

}  // namespace wirewatch
