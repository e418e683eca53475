// SPDX-License-Identifier: BSD-3-Clause
// The work of `wirewatch inspect` once its arguments are understood: rules, analysis, output, exit status.
#include <sched.h>
#include <unistd.h>

#include <future>
#include <optional>

#include "control/cli/chosen_packets.h"
#include "control/cli/inspect_request.h"
#include "control/cli/policy_file.h"
#include "control/cli/process_heap.h"
#include "control/cli/progress.h"
#include "control/cli/rules_location.h"
#include "control/cli/standard_streams.h"
#include "control/cli/terminal.h"
#include "control/replay/inspect.h"
#include "control/report/csv.h"
#include "control/report/human.h"
#include "control/report/json.h"
#include "control/report/printable.h"
#include "control/report/text.h"
#include "control/rules/host_list_file.h"
#include "control/rules/rule_cache.h"

namespace wirewatch {
namespace {

constexpr std::string_view kInspect = "inspect";

unsigned usable_cores() noexcept {
  cpu_set_t cores;
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&cores)));
}

Result<std::vector<IpPrefix>> local_networks(const std::vector<std::string>& texts) {
  std::vector<IpPrefix> networks;
  for (const std::string& text : texts) {
    const auto network = IpPrefix::parse(text);
    if (!network) return fail("--local: " + network.error().message);
    networks.push_back(*network);
  }
  return networks;
}

Result<std::vector<std::string>> unwanted_names(const InspectRequest& request) {
  std::vector<std::string> names = request.unwanted;
  if (request.policy.empty()) return names;
  const auto from_file = read_policy_file(request.policy);
  if (!from_file) return tl::unexpected(from_file.error());
  names.insert(names.end(), from_file->begin(), from_file->end());
  return names;
}

Result<InspectOptions> analysis_options(const InspectRequest& request) {
  InspectOptions options;
  options.paths = request.files;
  options.jobs = request.jobs == 0 ? usable_cores() : request.jobs;
  options.inner_destinations = request.inner;
  options.max_flows = request.max_flows;
  options.keep_flows = options.keep_handshakes = request.json || !request.csv_directory.empty();
  const bool only_the_top_is_shown = !options.keep_flows && request.sort == SortKey::Packets && !request.port;
  if (only_the_top_is_shown) options.most_rows = request.top;

  auto networks = local_networks(request.local);
  if (!networks) return tl::unexpected(networks.error());
  options.local_networks = std::move(*networks);
  auto unwanted = unwanted_names(request);
  if (!unwanted) return tl::unexpected(unwanted.error());
  options.unwanted = std::move(*unwanted);

  const auto location = locate_rules(request.rules);
  if (!location) return tl::unexpected(location.error());
  // Beside the rules where there is another core for it, which has nothing else to do yet.
  auto loading = std::async(options.jobs > 1 ? std::launch::async : std::launch::deferred,
                            [&] { return load_host_list(location->shipped, location->operators); });
  auto rules = load_or_compile(location->shipped, default_rule_cache(), location->operators);
  if (!rules) return tl::unexpected(rules.error());
  options.rules = std::move(*rules);
  auto hosts = loading.get();
  if (!hosts) return tl::unexpected(hosts.error());
  options.hosts = std::make_shared<const HostList>(std::move(*hosts));
  return options;
}

/// Notes the numbers of the frames that match.
class FrameNotes final : public FrameVisitor {
 public:
  explicit FrameNotes(ChosenFrames& frames) : frames_(frames) {}
  bool on_frame(const Frame& frame) override {
    frames_.add(frame.packet.number);
    return true;
  }

 private:
  ChosenFrames& frames_;
};

/// Chooses the frames to report on. What comes back keeps standard input readable a second time.
Result<std::optional<ChosenPackets>> choose(const InspectRequest& request, InspectOptions& options) {
  if (request.filter.empty() && request.bpf.empty()) return std::optional<ChosenPackets>();
  auto packets = ChosenPackets::open({.files = request.files,
                                      .filter = request.filter,
                                      .bpf = request.bpf,
                                      .loaded = options.rules,
                                      .max_flows = request.max_flows,
                                      .keep_input = true});
  if (!packets) return tl::unexpected(packets.error());
  const auto chosen = std::make_shared<ChosenFrames>();
  FrameNotes notes(*chosen);
  const ScanTotals totals = packets->scan(&notes, UINT64_MAX, false);
  if (std::string fault = packets->bpf_fault(totals); !fault.empty()) return fail(std::move(fault));
  options.chosen = chosen;
  options.paths = packets->files().reopenable();
  return std::optional(std::move(*packets));
}

Result<Report> analyse(InspectOptions& options) {
  std::optional<ProgressLine> progress;
  if (standard_error_is_terminal()) {
    progress.emplace();
    options.on_progress = [&progress](const InspectProgress& reached) { progress->show(reached); };
  }
  return inspect(options);
}

/// ", only tcp.port == 111", to be said behind the name of the capture.
std::string restriction(const InspectRequest& request) {
  std::string text;
  for (const std::string* filter : {&request.filter, &request.bpf}) {
    if (!filter->empty()) text += ", only " + printable(*filter, false);
  }
  return text;
}

std::error_code print_report(Report& report, const InspectRequest& request) {
  Output out(STDOUT_FILENO);
  if (request.json) {
    write_json(report, {request.files, request.port, request.filter, request.bpf}, out);
  } else {
    TextOptions options;
    options.page = page_style(request.width);
    options.top = request.top;
    options.sort = request.sort;
    options.only_port = request.port;
    std::vector<std::string> files = request.files;
    files.back() += restriction(request);
    options.files = files;
    options.local_given = !request.local.empty();
    report.capture.path = files.back();
    out.put(text_report(report, options));
    report.capture.path = request.files.front();
  }
  return out.finish();
}

/// What makes the answer "no" or partial, said after the report.
ExitStatus verdict(const Report& report, size_t files) {
  ExitStatus status = ExitStatus::Done;
  if (report.capture.truncated || !report.capture.damage.empty()) {
    const std::string& damage = report.capture.damage;
    const std::string what = damage.empty() ? "the file breaks off before its end" : damage;
    status = complain(kInspect, files == 1 ? report.capture.path + ": " + what : what,
                      ExitStatus::No);  // else it names the file
  }
  if (!report.unwanted.empty()) {
    status = complain(kInspect, "unwanted traffic: " + counted(report.unwanted.size(), "flow", "flows"),
                      ExitStatus::No);
  }
  return status;
}

/// What a report of a large capture consists of is given back sooner by the end of the process than piece by piece.
void leave_to_the_end(Report&& report) {
  static auto& left = *new std::vector<Report>;
  left.push_back(std::move(report));
}

}  // namespace

ExitStatus run_inspect(const InspectRequest& request) {
  keep_heap_in_huge_pages();
  auto options = analysis_options(request);
  if (!options) return complain(kInspect, options.error().message);
  const auto chosen = choose(request, *options);
  if (!chosen) return complain(kInspect, chosen.error().message);
  auto report = analyse(*options);
  if (!report) return complain(kInspect, report.error().message);
  if (*chosen) report->capture.path = request.files.front();
  if (request.port) restrict_to_port(*report, *request.port);

  std::error_code written;
  if (!request.csv_directory.empty()) {
    const auto files = write_csv(*report, request.csv_directory);
    if (!files) return complain(kInspect, files.error().message);
    say("wirewatch inspect: wrote " + counted(*files, "table", "tables") + " into " + request.csv_directory);
  }
  if (request.json || request.csv_directory.empty()) written = print_report(*report, request);
  const ExitStatus status = after_writing(written, verdict(*report, request.files.size()));
  leave_to_the_end(std::move(*report));
  return status;
}

}  // namespace wirewatch
