// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/standard_streams.h"

#include <unistd.h>

#include <cstdio>
#include <string>

#include "control/report/output.h"

namespace wirewatch {

void say(std::string_view line) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
}

ExitStatus complain(std::string_view command, std::string_view message, ExitStatus status) {
  say("wirewatch " + std::string(command) + ": " + std::string(message));
  return status;
}

ExitStatus print(std::string_view text) {
  Output out(STDOUT_FILENO);
  out.put(text);
  return after_writing(out.finish(), ExitStatus::Done);
}

ExitStatus after_writing(std::error_code written, ExitStatus status) {
  if (!written || written == std::errc::broken_pipe) return status;
  say("wirewatch: cannot write to standard output: " + written.message());
  return ExitStatus::Unusable;
}

}  // namespace wirewatch
