// SPDX-License-Identifier: BSD-3-Clause
// The work of `wirewatch packets` once its arguments are understood.
#include <sys/stat.h>
#include <unistd.h>

#include <functional>

#include "control/cli/build_info.h"
#include "control/cli/chosen_packets.h"
#include "control/cli/packets_command.h"
#include "control/cli/process_heap.h"
#include "control/cli/standard_streams.h"
#include "control/packets/capture_saver.h"
#include "control/packets/field_columns.h"
#include "control/packets/json_printer.h"
#include "control/packets/line_printer.h"
#include "control/report/human.h"

namespace wirewatch {
namespace {

constexpr std::string_view kPackets = "packets";

/// Combinations that would silently drop one half of what was asked for.
std::string contradiction(const PacketsRequest& request) {
  const bool json = request.json || request.format == "json";
  if (request.format == "fields" && request.fields.empty()) return "-T fields needs fields to print, each with -e FIELD";
  if (request.format == "fields" && request.json) return "-T fields and --json are two different outputs";
  if (!request.fields.empty() && request.format != "fields" && !json) return "-e needs -T fields or -T json";
  if (!request.style.empty() && request.format != "fields") return "-E needs -T fields";
  if (request.bytes && (json || request.format == "fields")) return "-x adds bytes to the list only, not to -T fields or json";
  if (!request.write.empty() && (json || request.format == "fields" || request.bytes)) {
    return "-w writes a capture instead of printing: leave out -T, --json and -x";
  }
  if (request.write == "-" && request.count) return "-w - and --count would share standard output";
  return {};
}

/// Writing over what is being read would destroy it.
bool is_among(const std::string& path, const std::vector<std::string>& files) {
  struct stat out {}, in {};
  if (path == "-" || ::stat(path.c_str(), &out) != 0 || !S_ISREG(out.st_mode)) return false;
  for (const std::string& file : files) {
    const int found = file == "-" ? ::fstat(STDIN_FILENO, &in) : ::stat(file.c_str(), &in);
    if (found == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino) return true;
  }
  return false;
}

class Run {
 public:
  explicit Run(const PacketsRequest& request) : request_(request) {}

  ExitStatus operator()() {
    if (const std::string wrong = contradiction(request_); !wrong.empty()) return complain(kPackets, wrong);
    if (is_among(request_.write, request_.files)) {
      return complain(kPackets, request_.write + ": is also what is read; write to another file");
    }
    if (const auto ready = prepare(); !ready) return complain(kPackets, ready.error().message);
    if (!request_.write.empty()) return save();
    if (request_.count) return count();
    return request_.format == "fields" ? print_fields() : json() ? print_json() : print_lines();
  }

 private:
  bool json() const { return request_.json || request_.format == "json"; }

  Result<void> prepare() {
    for (const std::string& assignment : request_.style) {
      if (const auto set = style_.set(assignment); !set) return set;
    }
    Needs needs;
    if (!request_.fields.empty()) {
      auto columns = FieldColumns::compile(request_.fields);
      if (!columns) return tl::unexpected(columns.error());
      columns_.emplace(std::move(*columns));
      needs = columns_->needs();
    } else if (request_.write.empty() && !request_.count) {
      needs = {.times = true, .streams = true, .flow = true, .whole_flow = true};
    }
    if (request_.one_pass) needs.flow = needs.whole_flow = false;
    auto chosen = ChosenPackets::open({.files = request_.files,
                                       .filter = request_.filter,
                                       .bpf = request_.bpf,
                                       .needs = needs,
                                       .rules = request_.rules,
                                       .max_flows = request_.max_flows});
    if (!chosen) return tl::unexpected(chosen.error());
    chosen_.emplace(std::move(*chosen));
    return {};
  }

  ScanTotals scan_with(FrameVisitor* visitor, bool layers = true) {
    const bool lines = layers && visitor != nullptr && (!columns_ || columns_->shows_lines());
    return chosen_->scan(visitor, request_.most.value_or(UINT64_MAX), layers, lines);
  }

  /// What is wrong with the files is said after what could be read of them.
  ExitStatus verdict(const ScanTotals& totals) {
    if (const std::string fault = chosen_->bpf_fault(totals); !fault.empty()) return complain(kPackets, fault);
    ExitStatus status = ExitStatus::Done;
    for (const std::string& fault : chosen_->files().faults()) status = complain(kPackets, fault, ExitStatus::No);
    return status;
  }

  ExitStatus print_lines() {
    Output out(STDOUT_FILENO);
    LinePrinter printer(chosen_->files(), out, request_.bytes);
    const ScanTotals totals = scan_with(&printer);
    return after_writing(out.finish(), verdict(totals));
  }

  ExitStatus print_fields() {
    Output out(STDOUT_FILENO);
    FieldPrinter printer(chosen_->files(), *columns_, style_, out);
    const ScanTotals totals = scan_with(&printer);
    return after_writing(out.finish(), verdict(totals));
  }

  ExitStatus print_json() {
    Output out(STDOUT_FILENO);
    ScanTotals totals;
    if (columns_) {
      FieldJsonPrinter printer(chosen_->files(), *columns_, out);
      totals = scan_with(&printer);
      printer.finish();
    } else {
      JsonPrinter printer(out);
      totals = scan_with(&printer);
      printer.finish(totals);
    }
    return after_writing(out.finish(), verdict(totals));
  }

  ExitStatus count() {
    const ScanTotals totals = scan_with(nullptr);
    const ExitStatus status = verdict(totals);
    if (status == ExitStatus::Unusable) return status;
    const std::string matched = std::to_string(totals.matched);
    const ExitStatus printed = print(json() ? "{\"schema\":\"wirewatch/packet-count/1\",\"read\":" + std::to_string(totals.read) +
                                                  ",\"matched\":" + matched + "}\n"
                                            : matched + "\n");
    return printed == ExitStatus::Done ? status : printed;
  }

  ExitStatus save() {
    CaptureSaver saver(chosen_->files(), {.path = request_.write,
                                          .application = "Wirewatch " + std::string(kVersion),
                                          .bpf = request_.bpf,
                                          .display_filter = request_.filter});
    const ScanTotals totals = scan_with(&saver, false);
    const ExitStatus status = verdict(totals);
    if (status == ExitStatus::Unusable) return status;
    if (const auto saved = saver.finish(); !saved) return complain(kPackets, saved.error().message);
    if (request_.count) {
      if (const ExitStatus printed = print(std::to_string(totals.matched) + "\n"); printed != ExitStatus::Done) return printed;
    } else if (request_.write != "-") {
      say("wirewatch packets: wrote " + human_count(saver.packets()) + " of " + counted(totals.read, "packet", "packets") +
          " to " + request_.write);
    }
    return status;
  }

  const PacketsRequest& request_;
  FieldStyle style_;
  std::optional<FieldColumns> columns_;
  std::optional<ChosenPackets> chosen_;
};

}  // namespace

ExitStatus run_packets(const PacketsRequest& request) {
  keep_heap_in_huge_pages();
  return Run(request)();
}

}  // namespace wirewatch
