// SPDX-License-Identifier: BSD-3-Clause
// The keys of the configuration, each once: its name, where its value lives, what it may be and what it means. Reading
// and printing are two visitors of the same list.
#pragma once

#include <array>
#include <utility>

#include "dataplane/app/config.h"

namespace wirewatch {

inline constexpr std::array<std::pair<std::string_view, IdleMode>, 2> kIdleModes{
    {{"adaptive", IdleMode::Adaptive}, {"spin", IdleMode::Spin}}};
inline constexpr std::array<std::pair<std::string_view, Steering>, 3> kSteerings{
    {{"auto", Steering::Auto}, {"nic", Steering::Nic}, {"software", Steering::Software}}};
inline constexpr std::array<std::pair<std::string_view, TimestampPolicy>, 3> kTimestampPolicies{
    {{"auto", TimestampPolicy::Auto}, {"trust", TimestampPolicy::Trust}, {"off", TimestampPolicy::Off}}};
inline constexpr std::array<std::pair<std::string_view, HugepagePolicy>, 3> kHugepagePolicies{
    {{"auto", HugepagePolicy::Auto}, {"on", HugepagePolicy::On}, {"off", HugepagePolicy::Off}}};

inline constexpr unsigned kMostWorkers = 64;  // of one port

template <typename Visitor>
void visit_dataplane_keys(Visitor& visit, auto& config) {
  visit.key("control_socket", config.control_socket,
            "Where control asks; empty: $XDG_RUNTIME_DIR/wirewatch/dataplane.sock, else /run/wirewatch/dataplane.sock.");
  visit.key("rules", config.rules, "A file of compiled rules to begin with, as the cache of wirewatch holds them; empty: none until control sends some.");
  visit.key("local", config.local, "Networks that sent and received are seen from; empty: from each flow's client.");
  visit.key("allow", config.allow, "Prefixes that no block ever touches.");
  visit.number("max_flows", config.max_flows, 1'000, 100'000'000, "Flows kept, over all workers of a port (144 bytes each).");
  visit.number("max_pending_syns", config.max_pending_syns, 1'000, 100'000'000,
               "SYNs kept that nothing followed yet, over all workers of a port (32 bytes each).");
  visit.number("max_table_rows", config.max_table_rows, 1'000, 10'000'000,
               "Destinations, endpoints and conversations kept, each, by every worker.");
  visit.number("publish_interval_ms", config.publish_interval_ms, 50, 60'000, "How often each worker publishes its counters.");
  visit.choice("idle", config.idle, kIdleModes,
               "Without packets: \"adaptive\" sleeps, longer and longer; \"spin\" keeps its core at 100 %.");
  visit.number("idle_sleep_us", config.idle_sleep_us, 10, 100'000, "The longest sleep of \"adaptive\", and so the time to wake.");
  visit.choice("hugepages", config.hugepages, kHugepagePolicies, "For DPDK's pools: \"auto\" takes what there is.");
  visit.number("memory_mb", config.memory_mb, 32, 1'048'576, "What DPDK may take.");
  visit.key("eal_arguments", config.eal_arguments,
            "More for DPDK's own command line, word by word: [\"-d\", \"/opt/vendor/librte_net_x.so\"] loads a driver, [\"--iova-mode=pa\"] is another.");
  visit.number("capture_ring_mib", config.capture_ring_mib, 1, 4'096,
               "Room of each worker for packets on their way to capture sessions; only taken once there is one.");
}

template <typename Visitor>
void visit_port_keys(Visitor& visit, auto& port) {
  visit.key("name", port.name, "What reports call it; empty: port0, port1, ...");
  visit.key("source", port.source,
            "dpdk:DEVARGS (0000:3b:00.0, net_pcap0,iface=eth1, ...), afpacket:IFNAME, afxdp:IFNAME, file:PATH[,speed=X|max] or replay.");
  visit.number("workers", port.workers, 1, kMostWorkers, "Threads, each with an RX queue of its own where the source has as many.");
  visit.numbers("lcores", port.lcores, 0, 4095, "Cores of the workers, in their order; empty: wherever the scheduler puts them.");
  visit.choice("steering", port.steering, kSteerings,
               "Who sees to it that both directions of a flow reach one worker: \"nic\", \"software\" over rings, \"auto\" decides.");
  visit.choice("timestamps", port.timestamps, kTimestampPolicies,
               "Hardware stamps: \"auto\" checks them against the system's clock, \"trust\" does not, \"off\" ignores them.");
  visit.key("decapsulate", port.decapsulate, "Count destinations by the innermost header: for mirrors that tunnel.");
  visit.key("vlan_in_key", port.vlan_in_key, "Tell flows of different VLANs apart.");
  visit.key("vni_in_key", port.vni_in_key, "Tell flows of different VXLAN or GENEVE networks apart.");
  visit.key("inline_with", port.inline_with, "The port that everything received here leaves by; name each other: a bump in the wire. The same workers poll both.");
  visit.number("descriptors", port.descriptors, 64, 32'768, "Length of each RX ring.");
  visit.number("pool", port.pool, 0, 16'777'215, "Packet buffers of the port; 0: twice what its rings and workers can hold.");
  visit.number("buffer_bytes", port.buffer_bytes, 64, 16'384, "What of a frame is in one buffer; longer frames take several.");
  visit.number("mtu", port.mtu, 1'280, 65'535, "Longest payload of a frame to receive, as far as the device can.");
  visit.key("promiscuous", port.promiscuous, "Receive what is addressed to others.");
  visit.key("generic_xdp", port.generic_xdp, "afxdp: use the kernel's generic hook, for drivers without XDP.");
}

}  // namespace wirewatch
