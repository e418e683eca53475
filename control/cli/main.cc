// SPDX-License-Identifier: BSD-3-Clause
// The `wirewatch` program. The only place that ends the process.
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <system_error>

#include "control/cli/command_line.h"
#include "control/cli/standard_streams.h"

namespace {

/// Faults of input are values. What is thrown, in whichever thread, is that the machine gives no more memory, threads or
/// files; anything else is a fault of ours.
[[noreturn]] void end_for_want_of_resources() noexcept {
  try {
    if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::bad_alloc&) {
    wirewatch::say("wirewatch: out of memory: a limit of this machine or shell ('ulimit -a') leaves too little for this");
    std::_Exit(static_cast<int>(wirewatch::ExitStatus::Unusable));
  } catch (const std::system_error& fault) {
    wirewatch::say("wirewatch: the machine refuses what this needs: " + std::string(fault.what()));
    std::_Exit(static_cast<int>(wirewatch::ExitStatus::Unusable));
  } catch (...) {
  }
  std::abort();
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");   // which characters the terminal can show; numbers stay as in C
  std::signal(SIGPIPE, SIG_IGN);  // a reader that leaves early (| head) is seen where we write
  std::set_terminate(end_for_want_of_resources);
  return static_cast<int>(wirewatch::run_command_line(argc, argv));
}
