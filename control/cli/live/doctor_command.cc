// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/live/doctor_command.h"

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "control/cli/standard_streams.h"
#include "control/cli/terminal.h"
#include "control/doctor/doctor.h"
#include "control/doctor/findings_page.h"

namespace wirewatch {
namespace {

namespace fs = std::filesystem;

struct DoctorRequest {
  bool json = false;
  std::vector<std::string> interfaces;
  std::string dataplane;
};

/// Beside this program, where both are built, or on the path; empty when it is nowhere.
std::string find_dataplane() {
  const std::string name = "wirewatch-dataplane";
  std::error_code fault;
  const fs::path here = fs::read_symlink("/proc/self/exe", fault).parent_path();
  std::vector<fs::path> folders{here, here.parent_path().parent_path() / "dataplane" / "app"};
  if (const char* path = std::getenv("PATH"); path != nullptr) {
    for (std::string_view rest = path; !rest.empty();) {
      const size_t end = std::min(rest.find(':'), rest.size());
      if (end > 0) folders.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
  }
  for (const fs::path& folder : folders) {
    if (fs::is_regular_file(folder / name, fault)) return fs::canonical(folder / name, fault).string();
  }
  return {};
}

ExitStatus run_doctor(const DoctorRequest& request) {
  const KernelEthtool ethtool;
  const Machine machine("/", ethtool);
  Examination examination{request.dataplane, request.interfaces};
  if (examination.dataplane.empty()) examination.dataplane = find_dataplane();
  const Findings findings = examine(machine, examination);
  const ExitStatus printed =
      print(request.json ? findings_json(findings) : findings_text(findings, page_style({})));
  if (printed != ExitStatus::Done) return printed;
  return overall(findings) == Health::Fail ? ExitStatus::No : ExitStatus::Done;
}

}  // namespace

CommandRun declare_doctor(Options options) {
  const auto request = std::make_shared<DoctorRequest>();
  options.flag("--json", request->json, "One JSON document, schema wirewatch/doctor/1, instead of the page");
  options.value("--interface", request->interfaces,
                 "Interface to look at, may be repeated; all with a device behind them unless given")
      .value_name("NAME")
      .once_each();
  options.value("--dataplane", request->dataplane,
                 "The data plane's program, when it is not beside this one")
      .value_name("FILE");
  options.footer("Exit status: 0 live capture works, perhaps with warnings; 1 something keeps it from working.");
  return [request] { return run_doctor(*request); };
}

}  // namespace wirewatch
