// SPDX-License-Identifier: BSD-3-Clause
// Question 2: which protocols run here, and which should not?
#include <algorithm>

#include "control/report/human.h"
#include "control/report/table.h"
#include "control/report/text_sections.h"

namespace wirewatch {
namespace {

/// Rows of the tree in the order in which they are read, with the guides of their ancestors before the name.
class TreeRows {
 public:
  TreeRows(Table& table, uint64_t all_packets, size_t top, bool utf8)
      : table_(table), all_packets_(all_packets), top_(top), utf8_(utf8) {}

  void add(const std::vector<HierarchyNode>& nodes, const std::string& guides, bool root) {
    const size_t shown =
        nodes.size() > top_ + 1 ? top_ : nodes.size();  // "1 more" would take the room of the row itself
    for (size_t i = 0; i < shown; ++i) {
      const bool last = i + 1 == nodes.size();
      add_row(guides + branch(root, last) + std::string(nodes[i].protocol), nodes[i].traffic, nodes[i].sent,
              nodes[i].received);
      add(nodes[i].children, guides + continuation(root, last), false);
    }
    if (shown == nodes.size()) return;
    Traffic rest;
    for (size_t i = shown; i < nodes.size(); ++i) rest += nodes[i].traffic;
    add_row(guides + branch(root, true) + human_count(nodes.size() - shown) + " more", rest, {}, {});
  }

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
  void add_row(std::string name, const Traffic& traffic, const std::optional<Traffic>& sent,
               const std::optional<Traffic>& received) {
    table_.add({std::move(name), human_count(traffic.packets), human_percent(traffic.packets, all_packets_),
                human_bytes(traffic.bytes), sent ? human_bytes(sent->bytes) : std::string(),
                received ? human_bytes(received->bytes) : std::string(),
                Cell::bar(traffic.packets, all_packets_)});
  }

  Table& table_;
  uint64_t all_packets_;
  size_t top_;
  bool utf8_;
};

void write_tree(const Report& report, const TextOptions& options, Page& page) {
  Table table({{"Protocol", Align::Left, Weight::Essential, 16, Shorten::Middle},
               {"Packets"},
               {"Share", Align::Right, Weight::Useful},
               {"Bytes"},
               {"Sent", Align::Right, Weight::Useful},
               {"Received", Align::Right, Weight::Useful},
               Column::bars()});
  TreeRows(table, report.capture.traffic.packets, options.top, page.utf8())
      .add(report.protocol_hierarchy, "", true);
  table.print(page);
  const auto& roots = report.protocol_hierarchy;
  if (std::none_of(roots.begin(), roots.end(),
                   [](const HierarchyNode& root) { return root.sent || root.received; }))
    return;
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
               Column::bars()});
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
