// SPDX-License-Identifier: BSD-3-Clause
// The built frames, given to tshark: its protocol hierarchy up to the transport has to be ours, node by node.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "dataplane/packet/parse.h"
#include "tests/packet/parse_cases.h"
#include "tests/support/other_programs.h"

namespace wirewatch::testing {
namespace {

/// Frames by path, "eth/ip/tcp".
using Hierarchy = std::map<std::string, uint64_t>;

/// One line a node, so that a difference is shown as a line.
std::string to_text(const Hierarchy& hierarchy) {
  std::string text;
  for (const auto& [path, frames] : hierarchy) text += path + " " + std::to_string(frames) + "\n";
  return text;
}

bool tshark_is_here() { return output_of("tshark --version 2>/dev/null").find("TShark") != std::string::npos; }

/// Names of nodes that we have too; whatever tshark dissects below these is the application's business.
std::set<std::string, std::less<>> names_we_know() {
  std::set<std::string, std::less<>> names(kProtocolNames.begin(), kProtocolNames.end());
  names.erase("data");  // tshark gives unclaimed payload a node here, ours comes from the flow's classification
  return names;
}

Hierarchy hierarchy_of_tshark(const std::string& file) {
  const auto known = names_we_know();
  Hierarchy hierarchy;
  std::vector<std::string> open;
  // Without reassembly, as our definition says.
  std::istringstream lines(output_of("tshark -n -r " + file +
                                     " -q -z io,phs -o ip.defragment:FALSE -o ipv6.defragment:FALSE"
                                     " -o tcp.desegment_tcp_streams:FALSE 2>/dev/null"));
  for (std::string line; std::getline(lines, line);) {
    const size_t frames = line.find(" frames:");
    if (frames == std::string::npos) continue;
    const size_t indent = line.find_first_not_of(' ');
    std::string name = line.substr(indent, line.find(' ', indent) - indent);
    open.resize(indent / 2);
    open.push_back(std::move(name));
    std::string path;
    for (const std::string& each : open) {
      if (!known.contains(each)) {
        path.clear();
        break;
      }
      path += (path.empty() ? "" : "/") + each;
    }
    if (!path.empty()) hierarchy[path] += std::stoull(line.substr(frames + 8));
  }
  return hierarchy;
}

Hierarchy hierarchy_of_ours(const std::vector<Bytes>& frames, uint16_t link_type) {
  Hierarchy hierarchy;
  for (const Bytes& frame : frames) {
    Layers layers;
    parse(packet_over(frame, link_type), {}, layers);
    std::string path;
    for (size_t i = 0; i < layers.depth && layers.protocols[i] != Protocol::Data; ++i) {
      path += (path.empty() ? "" : "/") + std::string(name(layers.protocols[i]));
      ++hierarchy[path];
    }
  }
  return hierarchy;
}

TEST(ParseAgainstTshark, GivesTheSameHierarchyForEveryBuiltFrame) {
  if (!tshark_is_here()) GTEST_SKIP() << "tshark is not installed";
  std::map<uint16_t, std::vector<Bytes>> by_link_type;
  for (const ParseCase& each : good_frames()) by_link_type[each.frame.link_type()].push_back(each.frame.bytes());
  for (const auto& [link_type, frames] : by_link_type) {
    SCOPED_TRACE("link type " + std::to_string(link_type));
    PcapBuilder pcap({.link_type = link_type});
    for (const Bytes& frame : frames) pcap.record(1, 0, frame);
    const TemporaryFile file(pcap.bytes());
    EXPECT_EQ(to_text(hierarchy_of_ours(frames, link_type)), to_text(hierarchy_of_tshark(file.path())));
  }
}

}  // namespace
}  // namespace wirewatch::testing
