// SPDX-License-Identifier: BSD-3-Clause
#include "tests/cli/live_answers.h"

#include <atomic>
#include <memory>

namespace wirewatch::testing {
namespace {

constexpr int kStart = 1'795'380'000;

std::string answer(int second, const std::string& parts) {
  return R"({"schema": "wirewatch/api/1", "timestamp": ")" + std::to_string(kStart + second) +
         R"(.000000000", )" + parts + "}";
}

std::string counted(int packets) {
  return R"("packets": )" + std::to_string(packets) + R"(, "bytes": )" + std::to_string(packets * 1000);
}

}  // namespace

std::string status_answer(int second) {
  return answer(second,
                R"("control": {"version": "0.1.0", "pid": 1, "uptime_s": 125, "memory_bytes": 20971520},
    "dataplane": {"state": "running", "pid": 2, "workers": 2, "idle_share": 0.97, "restarts": 0, "started": "1795380000.000000000"},
    "capture": {)" + counted(1000 * second) +
                    R"(, "first_timestamp": "1795380000.000000000"},
    "rates": {"over_s": 5, "packets_per_second": 1000, "bits_per_second": 8000000, "handshakes_per_second": 12},
    "ports": [{"name": "eth1", "source": "afpacket", "link": "up", "timestamp_source": "kernel", "timestamp_resolution_ns": 1,
               "clock_error_ns": 50, "clock_state": "follows the system clock", "loss": {"kernel_drops": 7, "ring_full": 0}}],
    "rules": {"sha256": "b6ecc8043bbc492f00", "wanted_sha256": "b6ecc8043bbc492f00", "in_force": true},
    "handshake_totals": {"attempts": 40, "established": 38, "count": 38, "p50_ns": 5360000, "p99_ns": 50900000},
    "alert_count": 1, "gaps": [{"from": "1795380100.000000000", "to": "1795380101.000000000",
                                "reason": "the data plane ended with signal 9"}])");
}

std::string protocols_answer(int second) {
  const std::string tls = counted(900 * second), dns = counted(100 * second);
  return answer(second, R"("protocol_hierarchy": [{"protocol": "eth", )" + counted(1000 * second) +
                            R"(, "children": [{"protocol": "ip", )" + counted(1000 * second) +
                            R"(, "children": []}]}],
    "applications": [{"name": "tls", "category": "web", "evidence": "payload", "flows": 5, )" +
                            tls + R"(},
                     {"name": "dns", "category": "infrastructure", "evidence": "payload", "flows": 9, )" +
                            dns + R"(}])");
}

std::string destinations_answer(int second) {
  return answer(second, R"("destination_count": 2, "destinations": [
    {"address": "10.20.0.30", )" +
                            counted(900 * second) + R"(, "ports": [{"transport": "tcp", "port": 443, )" +
                            counted(900 * second) + R"(}]}, {"address": "10.20.0.40", )" +
                            counted(100 * second) + R"(, "ports": [{"transport": "udp", "port": 53, )" +
                            counted(100 * second) + "}]}]");
}

std::string conversations_answer() {
  return answer(
      1,
      R"("conversation_count": 1, "conversations": [{"transport": "tcp", "client": {"address": "10.30.0.11"},
    "server": {"address": "10.20.0.30", "port": 443}, "application": "tls", "connections": 5,
    "to_server": {"packets": 100, "bytes": 10000}, "to_client": {"packets": 800, "bytes": 890000}}])");
}

std::string handshakes_answer() {
  return answer(1, R"("window": "1m",
    "clocks": [{"port": "eth1", "timestamp_source": "nic", "timestamp_resolution_ns": 1, "clock_error_ns": 50, "clock_state": "UTC"}],
    "handshake_totals": {"attempts": 12, "established": 11, "refused": 1, "clock_unsteady": 1, "count": 11, "p50_ns": 5360000, "p90_ns": 7650000,
                         "p99_ns": 50900000, "max_ns": 50891000},
    "handshake_summary": [{"server": {"address": "10.20.0.30", "port": 443}, "attempts": 12, "established": 11, "refused": 1,
                           "count": 11, "p50_ns": 5360000, "p90_ns": 7650000, "p99_ns": 50900000, "max_ns": 50891000}],
    "handshake_ports": [{"port": 443, "attempts": 12, "refused": 1, "count": 11, "p50_ns": 5360000}],
    "handshakes": [{"client": {"address": "10.30.0.11", "port": 46456}, "server": {"address": "10.20.0.30", "port": 443},
                    "outcome": "established", "syn_timestamp": "1795380001.250000000", "syn_ack_rtt_ns": 5360000,
                    "ack_rtt_ns": 2170000, "syn_retransmissions": 0, "syn_ack_retransmissions": 0, "clock_unsteady": true}])");
}

std::string flows_answer() {
  return answer(
      1,
      R"("flow_count": 3, "flows": [{"transport": "tcp", "client": {"address": "10.30.0.11", "port": 46456},
    "server": {"address": "10.20.0.30", "port": 443}, "application": "tls", "evidence": "payload", "host": "shop.example.com",
    "active": true, "to_server": {"packets": 10, "bytes": 2048}, "to_client": {"packets": 20, "bytes": 1048576},
    "last_timestamp": "1795380001.500000000"}])");
}

std::string alerts_answer() {
  return answer(
      1,
      R"("alert_count": 1, "alerts_forgotten": 0, "unwanted": [{"application": "bittorrent", "category": "p2p",
    "transport": "tcp", "client": {"address": "10.20.0.60", "port": 55671}, "server": {"address": "203.0.113.7", "port": 6881},
    "evidence": "payload", "raised": "1795380000.750000000", "packets": 295, "bytes": 438272}])");
}

ApiStub::Answer live_daemon() {
  const auto second = std::make_shared<std::atomic<int>>(0);
  return [second](const std::string& line, const std::string&) {
    const auto asks = [&](const char* path) { return line.find(path) != std::string::npos; };
    if (asks("/status")) return json_answer(status_answer(++*second));
    if (asks("/protocols")) return json_answer(protocols_answer(*second));
    if (asks("/destinations")) return json_answer(destinations_answer(*second));
    if (asks("/conversations")) return json_answer(conversations_answer());
    if (asks("/handshakes")) return json_answer(handshakes_answer());
    if (asks("/flows")) return json_answer(flows_answer());
    if (asks("/alerts")) return json_answer(alerts_answer());
    return problem_answer(404, "no such path");
  };
}

}  // namespace wirewatch::testing
