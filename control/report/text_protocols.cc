// SPDX-License-Identifier: BSD-3-Clause
// Question 2: which protocols run here, and which should not?
#include <algorithm>
#include <functional>

#include "control/report/human.h"
#include "control/report/table.h"
#include "control/report/text_sections.h"

namespace wirewatch {
namespace {

/// A tree has as many rows as this many ordinary tables.
constexpr size_t kTreeTables = 4;

void collect_packets(const std::vector<HierarchyNode>& nodes, std::vector<uint64_t>& packets) {
  for (const HierarchyNode& node : nodes) {
    packets.push_back(node.traffic.packets);
    collect_packets(node.children, packets);
  }
}

/// The packets a protocol needs to have its row when not all of them can have one. A node never has more
/// packets than the one above it, so what is left out are always whole branches.
uint64_t fewest_shown(const std::vector<HierarchyNode>& nodes, size_t rows) {
  std::vector<uint64_t> packets;
  collect_packets(nodes, packets);
  if (packets.size() <= rows) return 0;
  const auto last_shown = packets.begin() + static_cast<ptrdiff_t>(rows - 1);
  std::nth_element(packets.begin(), last_shown, packets.end(), std::greater<>());
  return *last_shown;
}

/// Rows of the tree in the order in which they are read, with the guides of their ancestors before the name.
class TreeRows {
 public:
  TreeRows(const Report& report, size_t rows, bool utf8)
      : all_packets_(report.capture.traffic.packets),
        fewest_(fewest_shown(report.protocol_hierarchy, rows)),
        room_(2 * rows),  // nodes with as many packets as the last one come along, within reason
        utf8_(utf8) {}

  void add(const std::vector<HierarchyNode>& nodes, const std::string& guides, bool root, Table& table) {
    std::vector<const HierarchyNode*> shown;
    for (const HierarchyNode& node : nodes) {
      if (node.traffic.packets >= fewest_) shown.push_back(&node);
    }
    for (const HierarchyNode* node : shown) {
      if (room_ == 0) return;
      --room_;
      ++count_;
      const bool last = node == shown.back();
      add_row(guides + branch(root, last), *node, table);
      add(node->children, guides + continuation(root, last), false, table);
    }
  }
  size_t count() const noexcept { return count_; }

 private:
  std::string branch(bool root, bool last) const {
    if (root) return {};
    if (!utf8_) return "  ";
    return last ? "└ " : "├ ";
  }
  std::string continuation(bool root, bool last) const {
    if (root) return {};
    return last || !utf8_ ? "  " : "│ ";
  }
  void add_row(const std::string& guides, const HierarchyNode& node, Table& table) const {
    const auto bytes = [](const std::optional<Traffic>& part) {
      return part ? human_bytes(part->bytes) : std::string();
    };
    table.add({guides + std::string(node.protocol), human_count(node.traffic.packets),
               human_percent(node.traffic.packets, all_packets_), human_bytes(node.traffic.bytes),
               bytes(node.sent), bytes(node.received), Cell::bar(node.traffic.packets, all_packets_)});
  }

  uint64_t all_packets_;
  uint64_t fewest_;
  size_t room_;
  bool utf8_;
  size_t count_ = 0;
};

void write_tree(const Report& report, const TextOptions& options, Page& page) {
  Table table({{"Protocol", Align::Left, Weight::Essential, 16, Shorten::Middle},
               {"Packets"},
               {"Share", Align::Right, Weight::Useful},
               {"Bytes"},
               {"Sent", Align::Right, Weight::Useful},
               {"Received", Align::Right, Weight::Useful},
               TableColumn::bars()});
  const auto& roots = report.protocol_hierarchy;
  TreeRows rows(report, kTreeTables * options.top, page.utf8());
  rows.add(roots, "", true, table);
  table.print(page);
  std::vector<uint64_t> all;
  collect_packets(roots, all);
  write_rest(rows.count(), all.size(), page);
  if (std::none_of(roots.begin(), roots.end(),
                   [](const HierarchyNode& root) { return root.sent || root.received; })) {
    return;
  }
  page.sentence(options.local_given
                    ? "Sent and received are bytes out of and into the networks given with --local."
                    : "Sent and received are bytes as the flows' clients see them.",
                Style::Faint);
}

void write_applications(const Report& report, const TextOptions& options, bool guesses, Page& page) {
  std::vector<ApplicationRow> rows;
  for (const ApplicationRow& row : report.applications) {
    if ((row.evidence == Evidence::Port) == guesses) rows.push_back(row);
  }
  if (rows.empty()) return;
  page.subheading(guesses ? "Guessed from the port alone" : "Applications",
                  guesses ? "no payload confirms these" : "known from what the packets hold");
  Table table({{"Application", Align::Left, Weight::Essential, 12},
               {"Category", Align::Left, Weight::Useful, 8},
               {"Evidence", Align::Left, Weight::Extra},
               {"Flows"},
               {"Packets"},
               {"Bytes"},
               {"Sent", Align::Right, Weight::Useful},
               {"Received", Align::Right, Weight::Useful},
               TableColumn::bars()});
  const auto shown = top_rows(rows, options.top, [&](const ApplicationRow& row) {
    return options.sort == SortKey::Connections ? row.flows
           : options.sort == SortKey::Bytes     ? row.traffic.bytes
                                                : row.traffic.packets;
  });
  uint64_t most = 0;  // guesses have no bars: they are not to be compared with what was detected
  for (const ApplicationRow* row : shown) most = std::max(most, row->traffic.packets);
  for (const ApplicationRow* row : shown) {
    table.add({row->name, row->category, guesses ? std::string_view() : to_string(row->evidence),
               human_count(row->flows), human_count(row->traffic.packets), human_bytes(row->traffic.bytes),
               human_bytes(row->sent.bytes), human_bytes(row->received.bytes),
               Cell::bar(guesses ? 0 : row->traffic.packets, most)});
  }
  table.print(page);
  write_rest(shown.size(), rows.size(), page);
}

}  // namespace

void write_protocols(const Report& report, const TextOptions& options, Page& page) {
  page.heading("2  Which protocols run here, and which should not?");
  if (report.protocol_hierarchy.empty()) {
    page.sentence("No protocol could be told: the link type is not one that is taken apart.");
  } else {
    write_tree(report, options, page);
  }
  write_applications(report, options, false, page);
  write_applications(report, options, true, page);
  write_unwanted(report, options, page);
}

}  // namespace wirewatch
