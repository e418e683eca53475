// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/filter_command.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "control/cli/chosen_packets.h"
#include "control/cli/standard_streams.h"
#include "control/report/json_writer.h"
#include "dataplane/capture/bpf_filter.h"
#include "dataplane/filter/field_reader.h"

namespace wirewatch {
namespace {

struct FilterRequest {
  std::vector<std::string> prefixes;
  bool json = false;
  std::string expression;
  bool bpf = false;
  std::vector<std::string> rules;
};

constexpr uint16_t kLinkTypeOfCheck = 1;

bool is_chosen(std::string_view name, const std::vector<std::string>& prefixes) {
  const auto fits = [&](const std::string& prefix) {
    return name.starts_with(prefix) && (name.size() == prefix.size() || name[prefix.size()] == '.' || prefix.ends_with('.'));
  };
  return prefixes.empty() || std::ranges::any_of(prefixes, fits);
}

ExitStatus print_fields_json(const std::vector<FieldDescription>& fields) {
  Output out(STDOUT_FILENO);
  JsonWriter json(out);
  json.begin_object();
  json.field("schema", std::string_view("wirewatch/filter-fields/1"));
  json.new_line();
  json.key("fields");
  json.begin_array();
  for (const FieldDescription& field : fields) {
    json.new_line();
    json.begin_object();
    json.field("name", field.name);
    json.field("type", field.type);
    json.field("description", field.description);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out.put('\n');
  return after_writing(out.finish(), ExitStatus::Done);
}

ExitStatus list_the_fields(const FilterRequest& request) {
  std::vector<FieldDescription> fields;
  for (const FieldDescription& field : list_fields()) {
    if (is_chosen(field.name, request.prefixes)) fields.push_back(field);
  }
  if (fields.empty()) {
    return complain("filter fields", "no field begins with '" + request.prefixes.front() + "'", ExitStatus::No);
  }
  if (request.json) return print_fields_json(fields);
  size_t name_width = 0, type_width = 0;
  for (const FieldDescription& field : fields) {
    name_width = std::max(name_width, field.name.size());
    type_width = std::max(type_width, field.type.size());
  }
  std::string text;  // wider than a page on purpose: it is for grep
  const auto put = [&](std::string_view cell, size_t width) { text.append(cell).append(width - cell.size() + 2, ' '); };
  for (const FieldDescription& field : fields) {
    put(field.name, name_width);
    put(field.type, type_width);
    text.append(field.description).append("\n");
  }
  return print(text);
}

ExitStatus check_filter(const FilterRequest& request) {
  std::string fault;
  if (request.bpf) {
    BpfFilter filter(request.expression);
    if (const auto fits = filter.prepare(kLinkTypeOfCheck); !fits) fault = fits.error().message;
  } else if (const auto compiled = compile_filter(request.expression, request.rules); !compiled) {
    fault = compiled.error().message;
  }
  if (!fault.empty()) return complain("filter check", fault, ExitStatus::No);
  return print("the filter is right\n");
}

}  // namespace

CommandRun declare_filter(Options options) {
  const auto request = std::make_shared<FilterRequest>();
  options.needs_a_command();
  const Options fields = options.command("fields", "List the fields that filters and -e know, with their types");
  fields.value("PROTOCOL", request->prefixes, "Only the fields of these protocols, such as tcp").value_name("");
  fields.flag("--json", request->json, "One JSON document, schema wirewatch/filter-fields/1");
  const Options check = options.command("check", "Say whether a filter is right, or where it is wrong");
  check.value("FILTER", request->expression, "A display filter, in Wireshark's syntax").required().value_name("");
  check.flag("--bpf", request->bpf, "It is a BPF expression, in tcpdump's syntax, for Ethernet");
  check.value("--rules", request->rules, "Rules whose applications are names in filters, in place of the shipped ones")
      .once_each()
      .value_name("DIR");
  check.footer("Example:\n  wirewatch filter check 'tcp.port == 111 and not bittorrent'\n\nExit status: 0 right; 1 wrong, with "
                "the column; 2 wrong usage.");
  return [request, fields] { return fields.chosen() ? list_the_fields(*request) : check_filter(*request); };
}

}  // namespace wirewatch
