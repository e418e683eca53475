// SPDX-License-Identifier: BSD-3-Clause
#include "control/report/csv.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "control/report/output.h"
#include "control/report/printable.h"
#include "control/report/view.h"

namespace wirewatch {
namespace {

/// One row at a time: cells are separated as they come, an absent value is an empty cell.
class CsvWriter {
 public:
  explicit CsvWriter(Output& out) noexcept : out_(out) {}

  template <typename... Values>
  void row(const Values&... values) {
    (cell(values), ...);
    out_.put("\r\n");
    first_ = true;
  }

 private:
  void separate() noexcept {
    if (!first_) out_.put(',');
    first_ = false;
  }
  void cell(std::string_view text) {
    separate();
    out_.put(csv_cell(text));
  }
  void cell(const char* text) { cell(std::string_view(text)); }
  void cell(const std::string& text) { cell(std::string_view(text)); }
  void cell(bool truth) { cell(truth ? std::string_view("true") : std::string_view("false")); }
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) void cell(Integer number) noexcept {
    separate();
    out_.put(number);
  }
  void cell(const IpAddress& address) noexcept {
    separate();
    out_.put(address);
  }
  void cell(const Endpoint& endpoint) noexcept {
    cell(endpoint.address);
    cell(endpoint.port);
  }
  void cell(Timestamp time) noexcept {
    separate();
    if (time != kNoTimestamp) out_.put(time);
  }
  void cell(const Traffic& traffic) noexcept {
    cell(traffic.packets);
    cell(traffic.bytes);
  }
  void cell(const RttSummary& rtt) noexcept {
    cell(rtt.count);
    cell(rtt.p50_ns);
    cell(rtt.p90_ns);
    cell(rtt.p99_ns);
    cell(rtt.max_ns);
  }
  void cell(const std::optional<Traffic>& traffic) noexcept {
    if (traffic) return cell(*traffic);
    separate();
    separate();
  }
  template <typename Value>
  void cell(const std::optional<Value>& value) noexcept {
    if (value) return cell(*value);
    separate();
  }

  Output& out_;
  bool first_ = true;
};

void write_capture(const Report& report, CsvWriter& csv) {
  const CaptureSection& capture = report.capture;
  csv.row("path", "format", "link_type", "packets", "bytes", "first_timestamp", "last_timestamp",
          "timestamp_source", "timestamp_resolution_ns", "truncated", "damage");
  csv.row(capture.path, capture.format, capture.link_type, capture.traffic, capture.first_timestamp,
          capture.last_timestamp, capture.timestamp_source, capture.timestamp_resolution_ns,
          capture.truncated, capture.damage);
}

void write_handshakes(const Report& report, CsvWriter& csv) {
  csv.row("client_address", "client_port", "server_address", "server_port", "outcome", "syn_timestamp",
          "syn_ack_timestamp", "syn_ack_rtt_ns", "ack_rtt_ns", "initial_rtt_ns", "syn_retransmissions",
          "syn_ack_retransmissions", "ambiguous");
  for (const HandshakeRecord& row : report.handshakes) {
    csv.row(row.client, row.server, to_string(row.outcome), row.syn_time, row.syn_ack_time,
            row.syn_ack_rtt_ns, row.ack_rtt_ns, row.initial_rtt_ns, row.syn_retransmissions,
            row.syn_ack_retransmissions, row.ambiguous());
  }
}

void write_handshake_summary(const Report& report, CsvWriter& csv) {
  csv.row("server_address", "server_port", "count", "p50_ns", "p90_ns", "p99_ns", "max_ns", "attempts",
          "established", "refused", "unanswered", "half_open", "ambiguous");
  for (const HandshakeGroup& row : report.handshakes_by_server) {
    csv.row(row.server, row.rtt, row.attempts, row.established, row.refused, row.unanswered, row.half_open,
            row.ambiguous);
  }
}

void write_handshake_ports(const Report& report, CsvWriter& csv) {
  csv.row("server_port", "count", "p50_ns", "p90_ns", "p99_ns", "max_ns", "attempts", "established",
          "refused", "unanswered", "half_open", "ambiguous");
  for (const HandshakeGroup& row : report.handshakes_by_port) {
    csv.row(row.server.port, row.rtt, row.attempts, row.established, row.refused, row.unanswered,
            row.half_open, row.ambiguous);
  }
}

void write_nodes(const std::vector<HierarchyNode>& nodes, const std::string& above, CsvWriter& csv) {
  for (const HierarchyNode& node : nodes) {
    const std::string path = above + std::string(node.protocol);
    csv.row(path, node.traffic, node.sent, node.received);
    write_nodes(node.children, path + "/", csv);
  }
}

void write_hierarchy(const Report& report, CsvWriter& csv) {
  csv.row("path", "packets", "bytes", "sent_packets", "sent_bytes", "received_packets", "received_bytes");
  write_nodes(report.protocol_hierarchy, "", csv);
}

void write_destinations(const Report& report, CsvWriter& csv) {
  csv.row("address", "transport", "port", "packets", "bytes");
  for (const Destination& row : report.destinations) {
    csv.row(row.address, "", "", row.traffic);  // the sum over the address
    for (const DestinationPort& port : row.ports) {
      csv.row(row.address, transport_name(port.ip_protocol), port.port, port.traffic);
    }
  }
}

void write_endpoints(const Report& report, CsvWriter& csv) {
  csv.row("address", "sent_packets", "sent_bytes", "received_packets", "received_bytes", "connections_opened",
          "connections_accepted");
  for (const EndpointRow& row : report.endpoints) {
    csv.row(row.address, row.sent, row.received, row.connections_opened, row.connections_accepted);
  }
}

void write_conversations(const Report& report, CsvWriter& csv) {
  csv.row("client_address", "server_address", "server_port", "transport", "application", "connections",
          "to_server_packets", "to_server_bytes", "to_client_packets", "to_client_bytes");
  for (const Conversation& row : report.conversations) {
    const std::string_view application =
        row.application == kUnknownName ? std::string_view() : row.application;
    csv.row(row.client, row.server, transport_name(row.ip_protocol), application, row.connections,
            row.to_server, row.to_client);
  }
}

void write_flows(const Report& report, CsvWriter& csv) {
  csv.row("transport", "client_address", "client_port", "server_address", "server_port", "application",
          "category", "evidence", "host", "packets", "bytes", "to_server_packets", "to_server_bytes",
          "to_client_packets", "to_client_bytes", "first_timestamp", "last_timestamp", "host_source",
          "service", "service_category", "alpn", "ja4", "user_agent", "encrypted_hello");
  for (const FlowRecord& row : report.flows) {
    const std::string_view evidence =
        row.evidence == Evidence::None ? std::string_view() : to_string(row.evidence);
    const std::string_view source =
        row.host_source == HostSource::None ? std::string_view() : to_string(row.host_source);
    const HostService* const service = service_of(report, row);
    csv.row(transport_name(row.ip_protocol), row.client, row.server, application_name(report, row),
            application_category(report, row), evidence, row.host, row.total(), row.to_server, row.to_client,
            row.first_time, row.last_time, source, service == nullptr ? std::string_view() : service->name,
            service == nullptr ? std::string_view() : service->category, row.names.alpn(), row.names.ja4(),
            row.names.user_agent(), row.names.encrypted_hello());
  }
}

void write_services(const Report& report, CsvWriter& csv) {
  csv.row("client_address", "service", "category", "flows", "to_server_packets", "to_server_bytes", "to_client_packets",
          "to_client_bytes");
  for (const ServiceRow& row : report.services) {
    csv.row(row.client, row.service, row.category, row.flows, row.to_server, row.to_client);
  }
}

void write_applications(const Report& report, CsvWriter& csv) {
  csv.row("name", "category", "evidence", "flows", "packets", "bytes", "sent_packets", "sent_bytes",
          "received_packets", "received_bytes");
  for (const ApplicationRow& row : report.applications) {
    csv.row(row.name, row.category, to_string(row.evidence), row.flows, row.traffic, row.sent, row.received);
  }
}

void write_unwanted(const Report& report, CsvWriter& csv) {
  csv.row("application", "category", "transport", "client_address", "client_port", "server_address",
          "server_port", "evidence", "host", "packets", "bytes", "first_timestamp", "last_timestamp");
  for (const UnwantedRow& row : report.unwanted) {
    csv.row(row.application, row.category, transport_name(row.ip_protocol), row.client, row.server,
            to_string(row.evidence), row.host, row.traffic, row.first_time, row.last_time);
  }
}

void write_accounting(const Report& report, CsvWriter& csv) {
  const AccountingSection& accounting = report.accounting;
  csv.row("kind", "name", "count");
  csv.row("total", "read", accounting.read);
  csv.row("total", "processed", accounting.processed);
  csv.row("total", "understood", accounting.understood);
  for (const auto& [name, count] : report.capture.unread) csv.row("unread", name, count);
  for (const auto& [name, count] : accounting.malformed) csv.row("malformed", name, count);
  for (const auto& [name, count] : accounting.evicted) csv.row("evicted", name, count);
  csv.row("flows", "classified", accounting.classified);
  csv.row("flows", "guessed", accounting.guessed);
  csv.row("flows", "unclassified", accounting.unclassified);
  csv.row("flows", "without_payload", accounting.without_payload);
}

struct CsvTable {
  std::string_view name;
  void (*write)(const Report&, CsvWriter&);
};

constexpr std::array kTables{CsvTable{"capture", write_capture},
                             CsvTable{"handshakes", write_handshakes},
                             CsvTable{"handshake_summary", write_handshake_summary},
                             CsvTable{"handshake_ports", write_handshake_ports},
                             CsvTable{"protocol_hierarchy", write_hierarchy},
                             CsvTable{"destinations", write_destinations},
                             CsvTable{"endpoints", write_endpoints},
                             CsvTable{"conversations", write_conversations},
                             CsvTable{"flows", write_flows},
                             CsvTable{"applications", write_applications},
                             CsvTable{"services", write_services},
                             CsvTable{"unwanted", write_unwanted},
                             CsvTable{"accounting", write_accounting}};

tl::unexpected<Error> cannot(std::string_view verb, const std::filesystem::path& path, std::error_code why) {
  return fail("cannot " + std::string(verb) + " '" + path.string() + "': " + why.message());
}

Result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code why;
  if (std::filesystem::is_directory(directory, why)) return {};
  if (::mkdir(directory.c_str(), 0700) == 0) return {};  // captures are private; so is what they say
  if (errno == EEXIST)
    return fail("cannot write tables into '" + directory.string() + "': it is a file, not a directory");
  return cannot("make the directory", directory, {errno, std::generic_category()});
}

Result<void> write_table(const Report& report, const CsvTable& table, const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return cannot("write", path, {errno, std::generic_category()});
  Output out(fd);
  CsvWriter csv(out);
  table.write(report, csv);
  std::error_code why = out.finish();
  if (::close(fd) != 0 && !why) why = {errno, std::generic_category()};
  if (why) return cannot("write", path, why);
  return {};
}

bool spreadsheet_would_evaluate(std::string_view text) noexcept {
  return !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
}

}  // namespace

std::string csv_cell(std::string_view text) {
  std::string shown = printable(text, true);
  if (spreadsheet_would_evaluate(text)) shown.insert(0, 1, '\'');
  if (shown.find_first_of(",\"\r\n") == std::string::npos) return shown;
  std::string quoted = "\"";
  for (const char c : shown) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted += '"';
}

Result<size_t> write_csv(const Report& report, const std::filesystem::path& directory) {
  if (auto made = make_directory(directory); !made) return tl::unexpected(made.error());
  for (const CsvTable& table : kTables) {
    const auto written = write_table(report, table, directory / (std::string(table.name) + ".csv"));
    if (!written) return tl::unexpected(written.error());
  }
  return kTables.size();
}

}  // namespace wirewatch
