// SPDX-License-Identifier: BSD-3-Clause
// What every command that asks the daemon has in common: --json, --socket, the request, and what is said when
// there is no answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/cli/exit_status.h"
#include "control/cli/options/options.h"
#include "control/client/api_client.h"
#include "control/client/json_access.h"
#include "control/report/page.h"

namespace wirewatch {

struct ApiOptions {
  std::string socket;  // as given, or empty
  bool json = false;
};

/// Declares --socket.
void declare_socket_option(Options options, ApiOptions& request);
/// Declares --json and --socket.
void declare_api_options(Options options, ApiOptions& request);

using Document = std::shared_ptr<const Json>;

/// Asks for each target, and prints the first answer as it is (--json) or the page that `show` makes of all
/// of them. `command` is named in complaints.
ExitStatus ask_and_print(
    std::string_view command, const ApiOptions& request, const std::vector<std::string>& targets,
    const std::function<std::string(const std::vector<Document>&, const PageStyle&)>& show);

/// Says why there is no answer: 1 when the daemon said no, 2 when there is none, or the request was wrong.
ExitStatus complain(std::string_view command, const ApiError& error);

/// A target put together, with what needs it escaped.
class TargetText {
 public:
  explicit TargetText(std::string_view path) : target_(path) {}
  /// Goes on in the path: behind "/api/v1/captures", "/NAME".
  TargetText& segment(std::string_view name);
  /// A parameter of the query.
  TargetText& add(std::string_view name, std::string_view value);
  TargetText& add(std::string_view name, uint64_t value) { return add(name, std::to_string(value)); }
  const std::string& target() const noexcept { return target_; }

 private:
  void escape(std::string_view text);

  std::string target_;
  bool first_ = true;
};

}  // namespace wirewatch
