// SPDX-License-Identifier: BSD-3-Clause
#include "control/aggregate/hierarchy_tree.h"

#include <algorithm>
#include <map>
#include <memory>

namespace wirewatch {
namespace {

struct Node {
  SidedTraffic traffic;
  std::map<std::string_view, std::unique_ptr<Node>> children;

  Node& child(std::string_view name) {
    auto& place = children[name];
    if (!place) place = std::make_unique<Node>();
    return *place;
  }
};

std::string_view node_name(Protocol protocol, std::string_view unsupported_link_type) noexcept {
  return protocol == Protocol::Unsupported ? unsupported_link_type : name(protocol);
}

/// Walks to the end of `path`, adding `traffic` to every node on the way.
Node& walk(Node& root, const ProtocolPath& path, const SidedTraffic& traffic, std::string_view unsupported) {
  Node* at = &root;
  at->traffic += traffic;
  if (path.front() == Protocol::None) {  // PathTable::kOverflow
    at = &at->child("too_many_paths");
    at->traffic += traffic;
  }
  for (const Protocol protocol : path) {
    if (protocol == Protocol::None) break;
    at = &at->child(node_name(protocol, unsupported));
    at->traffic += traffic;
  }
  return *at;
}

std::vector<HierarchyNode> finish(const Node& node) {
  std::vector<HierarchyNode> rows;
  rows.reserve(node.children.size());
  for (const auto& [name, child] : node.children) {
    HierarchyNode row{.protocol = name,
                      .traffic = child->traffic.total(),
                      .sent = {},
                      .received = {},
                      .children = finish(*child)};
    if (child->traffic.sides_known()) {
      row.sent = child->traffic.sent();
      row.received = child->traffic.received();
    }
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const HierarchyNode& a, const HierarchyNode& b) {
    return a.traffic.packets > b.traffic.packets;  // the map has put equal ones in the order of their names
  });
  return rows;
}

}  // namespace

std::vector<HierarchyNode> build_hierarchy(std::span<const Tables* const> workers, const ApplicationNames& applications,
                                           std::string_view unsupported_link_type) {
  Node root;
  for (const Tables* tables : workers) {
    std::vector<Node*> ends(tables->paths.size());
    for (uint16_t path = 0; path < tables->paths.size(); ++path) {
      const SidedTraffic& traffic = tables->by_path[path];
      if (traffic.total().packets == 0) continue;
      ends[path] = &walk(root, tables->paths[path], traffic, unsupported_link_type);
    }
    tables->by_application.for_each([&](const PathApplication& key, const SidedTraffic& traffic) {
      if (ends[key.path] == nullptr) return;
      const bool known = key.application != kUnknownApplication;
      ends[key.path]->child(known ? applications.name(key.application) : name(Protocol::Data)).traffic += traffic;
    });
  }
  return finish(root);
}

}  // namespace wirewatch
